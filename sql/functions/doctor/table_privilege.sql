-- With TRIGGER a role may replace the triggers of a guard by its own.

create or replace view postern_internal.table_privilege as
  with watched as materialized (
    select w.relation, w.identity, bool_or(w.lock = 'policy') as protected, bool_or(w.lock = 'guard') as guarded
      from (select p.relation, p.identity, 'policy' as lock from postern_internal.protected_relation as p
             union all
            select g.relation, g.identity, 'guard' as lock from postern_internal.guarded_relation as g where g.place <> 'above') as w
     group by w.relation, w.identity
  )
  select case when w.guarded and h.has_trigger then 'error' else 'warn' end as level, 'table_privilege' as code, 'table ' || w.identity as object,
         case when w.guarded and h.has_trigger then 'Roles other than the owner may take the guard of a table away'
              else 'Roles other than the owner have rights that bypass row security' end as title,
         h.held || ': '
           || case when w.protected then 'REFERENCES reveals which rows exist, TRUNCATE removes all of them, TRIGGER runs code in transactions of others'
                                         || case when w.guarded then ' and can replace the guard' else '' end
                   else 'TRIGGER can replace the triggers of the guard' end || '.' as detail,
         format('revoke %s on %s from %s cascade;', case when w.protected then 'truncate, references, trigger' else 'trigger' end, w.identity, h.grantees) as fix
    from watched as w
    join pg_class as c on c.oid = w.relation
   cross join lateral (
     select string_agg(distinct e.privilege_type || ' to ' || e.name, ', ') as held, string_agg(distinct e.name, ', ') as grantees,
            bool_or(e.privilege_type = 'TRIGGER') as has_trigger
       from (select x.privilege_type, case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end as name
               from (select c.relacl as acl
                      union all
                     select a.attacl from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null) as s
              cross join lateral aclexplode(s.acl) as x
              where x.grantee <> c.relowner
                and (x.privilege_type = 'TRIGGER' or w.protected and x.privilege_type in ('TRUNCATE', 'REFERENCES'))) as e
   ) as h
   where h.held is not null;
comment on view postern_internal.table_privilege is 'Check of postern.doctor: TRUNCATE, REFERENCES and TRIGGER on protected tables, and TRIGGER on guarded ones, granted to roles other than their owner.';
