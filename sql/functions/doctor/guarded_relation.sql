-- A statement fires the triggers of the table that it names, and not those of its partitions. So a guard needs its
-- triggers on the guarded table, on all tables below it, and also on all tables above it: attaching a guarded table to
-- another one lets rows be written through that one.
--
-- A guarded table that became a part of another one with a guard by the same gate is guarded by that one's function.

create or replace view postern_internal.guarded_relation as
  with recursive
  listed as materialized (
    select c.oid, c.relnamespace, c.relname, p.gate_id, p.operations, p.columns, p.parameters, p.condition, p.exclusive
      from postern_internal.protected_table as p
      join pg_namespace as n on n.nspname = p.schema_name
      join pg_class as c on c.relnamespace = n.oid and c.relname = p.table_name
     where p.protection = 'gate'
       and c.relkind in ('r', 'p')
       and not exists (select
                         from unnest(postern.guard_columns(p.columns, p.parameters)) as k (name)
                        where not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and a.attname = k.name and not a.attisdropped))
  ),
  above (listed, relation) as (
    select l.oid, l.oid from listed as l
    union
    select a.listed, i.inhparent from above as a join pg_inherits as i on i.inhrelid = a.relation
  ),
  below (listed, relation) as (
    select l.oid, l.oid from listed as l
    union
    select b.listed, i.inhrelid from below as b join pg_inherits as i on i.inhparent = b.relation
  ),
  covered as materialized (
    select l.oid, l.gate_id
      from above as a
      join listed as l on l.oid = a.listed
      join listed as o on o.oid = a.relation and o.gate_id = l.gate_id
     where a.relation <> a.listed
  ),
  -- Not NOT EXISTS: without statistics the planner would compare each guard with each other one.
  recorded as materialized (
    select l.* from listed as l where (l.oid, l.gate_id) not in (select c.oid, c.gate_id from covered as c)
  ),
  family as materialized (
    select distinct on (f.relation, r.gate_id) f.relation, f.place, r.*
      from (select a.listed, a.relation, case when a.relation = a.listed then 'itself' else 'above' end as place from above as a
             union all
            select b.listed, b.relation, 'below' as place from below as b where b.relation <> b.listed) as f
      join recorded as r on r.oid = f.listed
     order by f.relation, r.gate_id, f.place = 'itself' desc, f.place = 'below' desc, r.oid
  )
  select f.relation, f.place, f.oid as recorded, f.gate_id, f.operations, f.columns, f.parameters, f.condition, f.exclusive,
         c.relkind, c.relowner, i.identity,
         format('guard %s of table %s', f.gate_id, i.identity) as object,
         (select g.oid
            from pg_proc as g
           where g.pronamespace = f.relnamespace and g.proname = postern.guard_name(f.gate_id, left(md5(f.relname), 8)) and g.pronargs = 0) as guard,
         t.identity as recorded_identity,
         postern.guard_statement(t.identity, f.gate_id, f.operations, f.columns, f.parameters, f.condition, f.exclusive) as guard_again
    from family as f
    join pg_class as c on c.oid = f.relation
   cross join lateral pg_identify_object('pg_class'::regclass, f.relation, 0) as i
   cross join lateral pg_identify_object('pg_class'::regclass, f.oid, 0) as t;
comment on view postern_internal.guarded_relation is 'For postern.doctor: the tables that gates guard, the tables below and above them by partitioning or inheritance, the function of each guard, and the statement that repairs it. One row for each table and gate.';
