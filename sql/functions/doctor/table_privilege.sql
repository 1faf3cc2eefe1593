create or replace view postern_internal.table_privilege as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'warn' as level, 'table_privilege' as code, 'table ' || p.identity as object,
         'Roles other than the owner have rights that bypass row security' as title,
         format('%s: REFERENCES reveals which rows exist, TRUNCATE removes all of them, TRIGGER runs code in transactions of others.', g.held) as detail,
         format('revoke truncate, references, trigger on %s from %s cascade;', p.identity, g.grantees) as fix
    from guarded as p
    join pg_class as c on c.oid = p.relation
   cross join lateral (
     select string_agg(distinct e.privilege_type || ' to ' || e.name, ', ') as held, string_agg(distinct e.name, ', ') as grantees
       from (select x.privilege_type, case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end as name
               from (select c.relacl as acl
                      union all
                     select a.attacl from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null) as s
              cross join lateral aclexplode(s.acl) as x
              where x.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER') and x.grantee <> c.relowner) as e
   ) as g
   where g.held is not null;
comment on view postern_internal.table_privilege is 'Check of postern.doctor: TRUNCATE, REFERENCES and TRIGGER on protected tables, granted to roles other than their owner.';
