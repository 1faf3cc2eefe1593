-- Building an index, checking a constraint, computing a column and gathering statistics run their functions on all
-- rows, whoever may see them. Later those functions run in the session of whoever writes a row. A policy's function may
-- run before Postern's own condition. PostgreSQL applies row security to none of this.

create or replace view postern_internal.row_function as
  with
  guarded as materialized (
    select p.relation, p.identity, p.relowner from postern_internal.protected_relation as p
  ),
  -- Materialized: a database that has just been restored has no statistics, and the planner would look everything up
  -- again for each table.
  expression (relation, classid, objid, place) as materialized (
    select x.indrelid, 'pg_class'::regclass::oid, x.indexrelid, 'index ' || quote_ident(c.relname)
      from pg_index as x join pg_class as c on c.oid = x.indexrelid
     where x.indexprs is not null or x.indpred is not null
     union all
    select k.conrelid, 'pg_constraint'::regclass, k.oid, 'constraint ' || quote_ident(k.conname)
      from pg_constraint as k where k.contype in ('c', 'x') and k.conrelid <> 0
     union all
    select a.attrelid, 'pg_constraint'::regclass, k.oid, 'constraint ' || quote_ident(k.conname) || ' of a domain'
      from pg_constraint as k join pg_attribute as a on a.atttypid = k.contypid
     where k.contypid <> 0
     union all
    select f.adrelid, 'pg_attrdef'::regclass, f.oid, 'column ' || quote_ident(a.attname)
      from pg_attrdef as f join pg_attribute as a on a.attrelid = f.adrelid and a.attnum = f.adnum
     where a.attgenerated <> ''
     union all
    select s.stxrelid, 'pg_statistic_ext'::regclass, s.oid, 'statistics ' || quote_ident(s.stxname)
      from pg_statistic_ext as s where s.stxexprs is not null
     union all
    select t.partrelid, 'pg_class'::regclass, t.partrelid, 'partition key' as place
      from pg_partitioned_table as t where t.partexprs is not null
  ),
  -- Built-in functions are not in pg_depend.
  used (function, relation, place) as (
    select case when d.refclassid = 'pg_proc'::regclass then d.refobjid else o.oprcode::oid end, e.relation, e.place
      from guarded as g
      join expression as e on e.relation = g.relation
      join pg_depend as d on d.classid = e.classid and d.objid = e.objid and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
      left join pg_operator as o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
     union
    select d.refobjid, y.polrelid, 'policy ' || quote_ident(y.polname)
      from guarded as g
      join pg_policy as y on y.polrelid = g.relation and y.polname not in ('postern_company', 'postern_ledger', 'postern_permit')
      join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = y.oid and d.refclassid = 'pg_proc'::regclass
     where exists (select from postern.functions_per_row(y.oid) as r where r.function = d.refobjid and r.takes_column)
     union
    -- The owner's triggers are the table's own business; those of a role that once had the right to create one are not.
    select p.oid, t.tgrelid, 'trigger ' || quote_ident(t.tgname)
      from guarded as g
      join pg_trigger as t on t.tgrelid = g.relation and not t.tgisinternal
      join pg_proc as p on p.oid = t.tgfoid and p.proowner <> g.relowner
  ),
  suspect as (
    select p.oid, p.proowner, p.prosecdef, string_agg(u.place || ' of ' || g.identity, ', ' order by g.identity, u.place) as places
      from used as u
      join guarded as g on g.relation = u.relation
      join pg_proc as p on p.oid = u.function
      join pg_roles as o on o.oid = p.proowner and not o.rolsuper
     where p.proowner is distinct from to_regrole('postern_owner')
       -- Bound to built-in functions, so it can do nothing else.
       and (p.prosqlbody is null
            or exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)))
       and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
     group by p.oid, p.proowner, p.prosecdef
  )
  select 'warn' as level, 'row_function' as code, 'function ' || i.identity as object,
         'A function gets rows that row security hides' as title,
         format('It belongs to %s and is used by %s: it may store or reveal the rows that it gets, of any company, in transactions of others.',
                quote_ident(pg_get_userbyid(f.proowner)), f.places) as detail,
         format('Read it. If it only computes, give it to a role that nobody can use to change it: %salter function %s owner to %I;',
                case when f.prosecdef then format('alter function %s security invoker; ', i.identity) else '' end, i.identity, pg_get_userbyid(10)) as fix
    from suspect as f
   cross join lateral pg_identify_object('pg_proc'::regclass, f.oid, 0) as i;
comment on view postern_internal.row_function is 'Check of postern.doctor: functions of non-superusers in indexes, constraints, generated columns, statistics, partition keys and policies of protected tables, and triggers with functions of strangers.';
