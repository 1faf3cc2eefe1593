create or replace view postern_internal.unlisted_protection as
  with guarded as materialized (
    select p.relation from postern_internal.protected_relation as p
  ),
  gated as materialized (
    select r.relation, r.gate_id from postern_internal.guarded_relation as r
  )
  select 'warn' as level, 'unlisted_protection' as code, 'table ' || i.identity as object,
         'The table has a policy of Postern but is not listed' as title,
         format('It was renamed, moved or restored since it was protected: it has the policy %I, but postern.protected_table does not list it. Partitions added later are not watched.', y.polname) as detail,
         case
           when y.polname = 'postern_company' and cardinality(k.columns) = 1
             then format('select postern.protect_company(%L, %L);', i.identity, k.columns[1])
           else format('Protect %s again, with the columns that its policy names: select postern.protect_ledger(table, company_column, combination_column, ledger_column);', i.identity)
         end as fix
    from pg_policy as y
    join pg_class as c on c.oid = y.polrelid
   cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as i
   cross join lateral (
     select array_agg(distinct a.attname) as columns
       from pg_depend as d
       join pg_attribute as a on a.attrelid = y.polrelid and a.attnum = d.refobjsubid
      where d.classid = 'pg_policy'::regclass and d.objid = y.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = y.polrelid
   ) as k
   where y.polname in ('postern_company', 'postern_ledger')
     and c.relowner is distinct from to_regrole('postern_owner')
     and not exists (select from pg_inherits as h where h.inhrelid = c.oid)
     and not exists (select from guarded as p where p.relation = c.oid)
     -- A renamed column is reported by stale_protection.
     and not exists (select
                       from postern_internal.protected_table as p
                       join pg_namespace as n on n.nspname = p.schema_name
                      where n.oid = c.relnamespace and p.table_name = c.relname and p.protection <> 'gate')
   union all
  -- The condition of each trigger of a guard names the gate. The name of the guard's function has a digest of the name
  -- that the table had.
  select distinct 'warn', 'unlisted_protection', format('guard %s of table %s', g.gate_id, i.identity),
         'The table has a guard of Postern but is not listed',
         'It was renamed, moved, detached or restored since it was guarded: it has triggers of the guard, but postern.protected_table does not list it. Nobody watches them.',
         coalesce(l.guard_it,
                  format('Guard %s again, with the arguments of its guard: select postern.protect_gate(table, gate_id, operations, columns, parameters, condition);', i.identity))
    from pg_depend as d
    join pg_trigger as t on t.oid = d.objid
    join pg_class as c on c.oid = t.tgrelid
    join pg_proc as f on f.oid = t.tgfoid
   cross join lateral (select substring(pg_get_triggerdef(t.oid) from 'guard_stops"?[(]''([A-Za-z0-9_]+)''') as gate_id) as g
   cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as i
    left join lateral (
     select min(postern.guard_statement(i.identity, p.gate_id, p.operations, p.columns, p.parameters, p.condition, p.exclusive)) as guard_it
       from postern_internal.protected_table as p
      where p.gate_id = g.gate_id and f.proname = postern.guard_name(p.gate_id, left(md5(p.table_name), 8))
     having count(*) = 1
   ) as l on true
   where d.classid = 'pg_trigger'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = 'postern.guard_stops(text)'::regprocedure
     and t.tgname like 'postern\_guard\_%' and g.gate_id is not null and f.pronamespace <> 'postern'::regnamespace
     and not exists (select from pg_inherits as h where h.inhrelid = c.oid)
     and (c.oid, g.gate_id) not in (select r.relation, r.gate_id from gated as r)
     -- A renamed column is reported by stale_protection.
     and not exists (select
                       from postern_internal.protected_table as p
                       join pg_namespace as n on n.nspname = p.schema_name
                      where n.oid = c.relnamespace and p.table_name = c.relname and p.gate_id = g.gate_id);
comment on view postern_internal.unlisted_protection is 'Check of postern.doctor: tables with a policy or a guard of Postern that are not in postern.protected_table.';
