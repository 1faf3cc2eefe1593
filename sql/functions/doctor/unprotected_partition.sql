create or replace view postern_internal.unprotected_partition as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'error' as level, 'unprotected_partition' as code, 'table ' || p.identity as object,
         'Everybody with a grant on this table reads the rows of all companies' as title,
         format('The table was added below %s, which is protected, and has no policy %I itself.', t.identity, p.policy) as detail,
         p.protect_again as fix
    from guarded as p
    join pg_class as c on c.oid = p.relation
   cross join lateral pg_identify_object('pg_class'::regclass, p.recorded, 0) as t
   where p.place = 'below'
     -- No foreign table can have a policy; foreign_table reports those that others may read.
     and c.relkind <> 'f'
     and not exists (select from pg_policy as y where y.polrelid = p.relation and y.polname = p.policy);
comment on view postern_internal.unprotected_partition is 'Check of postern.doctor: partitions and inheriting tables of protected tables that lack the policy.';
