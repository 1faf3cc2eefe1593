-- A query through a parent applies only that parent's policies. So each table above a protected one must be protected,
-- even if the protected one is protected through another parent. The recursion carries relations instead of pairs: a
-- table may have a thousand partitions.

create or replace view postern_internal.unprotected_parent as
  with recursive guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  ),
  carrier as materialized (
    select distinct y.polrelid as relation
      from pg_policy as y
      join pg_class as c on c.oid = y.polrelid
     where y.polname in ('postern_company', 'postern_ledger')
       and c.relowner is distinct from to_regrole('postern_owner')
  ),
  above (relation) as (
    select i.inhparent from pg_inherits as i join carrier as c on c.relation = i.inhrelid
     union
    select i.inhparent from pg_inherits as i join above as a on a.relation = i.inhrelid
  )
  select 'error' as level, 'unprotected_parent' as code, 'table ' || p.identity as object,
         'A protected table is read through this one, without its policy' as title,
         format('%s is protected and became a part of this table, which has no policy %I itself.', t.identity, p.policy) as detail,
         p.protect_again as fix
    from guarded as p
   cross join lateral pg_identify_object('pg_class'::regclass, p.recorded, 0) as t
   where p.place = 'above'
     and not exists (select from pg_policy as y where y.polrelid = p.relation and y.polname = p.policy)
   union all
  select 'error', 'unprotected_parent', 'table ' || t.identity,
         'A protected table is read through this one, without its policy',
         format('It has no policy from Postern itself, and is a parent of %s, which is protected through another table. If it has the columns, protect it as well instead.', e.first_part),
         e.leave
    from (select a.relation from above as a
          except select c.relation from carrier as c
          except select p.relation from guarded as p where p.place = 'above') as o
    join pg_class as c on c.oid = o.relation
   cross join lateral pg_identify_object('pg_class'::regclass, o.relation, 0) as t
   cross join lateral (
     select min(i.identity) as first_part,
            string_agg(case when c.relkind = 'p' then format('alter table %s detach partition %s;', t.identity, i.identity)
                            else format('alter table %s no inherit %s;', i.identity, t.identity) end, ' ' order by i.identity) as leave
       from (select r.inhrelid
               from pg_inherits as r
              where r.inhparent = o.relation
                and (r.inhrelid in (select k.relation from carrier as k) or r.inhrelid in (select k.relation from above as k))) as r
      cross join lateral pg_identify_object('pg_class'::regclass, r.inhrelid, 0) as i) as e;
comment on view postern_internal.unprotected_parent is 'Check of postern.doctor: tables without a policy above a table that is protected in any way.';
