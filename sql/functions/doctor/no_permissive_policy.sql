-- Restrictive policies limit what permissive ones allow. Without a permissive one, nobody sees a row, and nobody gets
-- an error.

create or replace view postern_internal.no_permissive_policy as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  ),
  closed as (
    select c.oid from pg_class as c
     where c.relrowsecurity and not exists (select from pg_policy as y where y.polrelid = c.oid and y.polpermissive)
  )
  select 'warn' as level, 'no_permissive_policy' as code, 'table ' || p.identity as object,
         'A protected table shows no rows to anybody' as title,
         case when b.permitted then 'The policy postern_permit is missing.'
              else 'None of the permissive policies is left that the application had before the table was protected.' end as detail,
         case when b.permitted then p.protect_again
              else format('Create a policy that says who may read which rows, for example: create policy ... on %s using (...);', p.identity) end as fix
    from guarded as p
    join closed as c on c.oid = p.relation
   cross join lateral postern.before_protection(p.relation) as b
   -- If Postern's policy is missing too, changed_protection and its siblings say so, and their fix is the same.
   where exists (select from pg_policy as y where y.polrelid = p.relation and y.polname = p.policy)
   union all
  select 'warn', 'no_permissive_policy', 'table ' || i.identity,
         'Row security is on, but no policy lets anybody read',
         format('The table has the column %I and is not protected; %s.', k.attname,
                case when t.relforcerowsecurity then 'not even its owner sees a row' else 'only its owner sees rows' end),
         format('If rows should be readable, create a policy that says by whom, or switch row security off and protect the table: alter table %s disable row level security; select postern.protect_company(%L, %L);',
                i.identity, i.identity, k.attname)
    from closed as c
    join pg_class as t on t.oid = c.oid
    join postern_internal.company_column as k on k.relation = c.oid
   cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as i
   where not exists (select from guarded as p where p.relation = c.oid)
     and not exists (select from pg_inherits as h where h.inhrelid = c.oid);
comment on view postern_internal.no_permissive_policy is 'Check of postern.doctor: protected tables, and tables with a company column, that have row security but no permissive policy.';
