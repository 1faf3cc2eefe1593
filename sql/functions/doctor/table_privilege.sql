-- With TRIGGER a role may replace the triggers of a guard by its own.

create or replace view postern_internal.table_privilege as
  with watched as materialized (
    select p.relation, p.identity, array['TRUNCATE', 'REFERENCES', 'TRIGGER'] as privileges from postern_internal.protected_relation as p
     union all
    select g.relation, g.identity, array['TRIGGER'] from postern_internal.guarded_relation as g where g.place <> 'above'
  ),
  held as materialized (
    select w.relation, w.identity, x.privilege_type, case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end as grantee
      from (select distinct w.relation, w.identity, k.privilege from watched as w cross join lateral unnest(w.privileges) as k (privilege)) as w
      join pg_class as c on c.oid = w.relation
     cross join lateral (
       select c.relacl as acl
        union all
       select a.attacl from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null
     ) as s
     cross join lateral aclexplode(s.acl) as x
     where x.privilege_type = w.privilege and x.grantee <> c.relowner
  )
  select case when t.guarded then 'error' else 'warn' end as level, 'table_privilege' as code, 'table ' || h.identity as object,
         case when t.guarded then 'Roles other than the owner may take the guard of a table away'
              else 'Roles other than the owner have rights that bypass row security' end as title,
         string_agg(distinct h.privilege_type || ' to ' || h.grantee, ', ') || ': '
           || case when t.protected then 'REFERENCES reveals which rows exist, TRUNCATE removes all of them, TRIGGER runs code in transactions of others'
                                         || case when t.guarded then ' and can replace the guard' else '' end
                   else 'TRIGGER can replace the triggers of the guard' end || '.' as detail,
         format('revoke %s on %s from %s cascade;', case when t.protected then 'truncate, references, trigger' else 'trigger' end, h.identity, string_agg(distinct h.grantee, ', ')) as fix
    from held as h
   cross join lateral (
     select exists (select from watched as w where w.relation = h.relation and cardinality(w.privileges) > 1) as protected,
            bool_or(o.privilege_type = 'TRIGGER') and exists (select from watched as w where w.relation = h.relation and cardinality(w.privileges) = 1) as guarded
       from held as o
      where o.relation = h.relation
   ) as t
   group by h.relation, h.identity, t.protected, t.guarded;
comment on view postern_internal.table_privilege is 'Check of postern.doctor: TRUNCATE, REFERENCES and TRIGGER on protected tables, and TRIGGER on guarded ones, granted to roles other than their owner.';
