create or replace view postern_internal.unforced_row_security as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'error' as level, 'unforced_row_security' as code, 'table ' || p.identity as object,
         'The owner of the table reads the rows of all companies' as title,
         format('Row security is not forced on the owner, %s.', quote_ident(pg_get_userbyid(p.relowner))) as detail,
         format('alter table %s force row level security;', p.identity) as fix
    from guarded as p
   where p.relrowsecurity and not p.relforcerowsecurity
     and exists (select from pg_policy as y where y.polrelid = p.relation and y.polname = p.policy);
comment on view postern_internal.unforced_row_security is 'Check of postern.doctor: protected tables whose policies do not apply to their owner.';
