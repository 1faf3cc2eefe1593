create or replace view postern_internal.unlisted_protection as
  with guarded as materialized (
    select p.relation from postern_internal.protected_relation as p
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
                      where n.oid = c.relnamespace and p.table_name = c.relname and p.protection <> 'gate');
comment on view postern_internal.unlisted_protection is 'Check of postern.doctor: tables with a policy of Postern that are not in postern.protected_table.';
