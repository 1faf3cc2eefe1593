create or replace view postern_internal.unprotected_parent as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'error' as level, 'unprotected_parent' as code, 'table ' || p.identity as object,
         'A protected table is read through this one, past its policy' as title,
         format('%s is protected and became a part of this table, which has no policy %I itself.', t.identity, p.policy) as detail,
         p.protect_again as fix
    from guarded as p
   cross join lateral pg_identify_object('pg_class'::regclass, p.recorded, 0) as t
   where p.place = 'above'
     and not exists (select from pg_policy as y where y.polrelid = p.relation and y.polname = p.policy);
comment on view postern_internal.unprotected_parent is 'Check of postern.doctor: tables that a protected one was attached to, without its policy.';
