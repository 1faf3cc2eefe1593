create or replace view postern_internal.unprotected_company as
  with
  guarded as materialized (
    select p.relation from postern_internal.protected_relation as p
  ),
  columns (name) as (
    select 'company'::name
     union
    select p.company_column from postern_internal.protected_table as p where p.company_column ~* 'company'
  ),
  open as (
    select c.oid, a.attname as company_column,
           (select l.attname from pg_attribute as l
             where l.attrelid = c.oid and l.attname = 'posting_combination_id' and not l.attisdropped
               and l.atttypid in ('bigint'::regtype, 'integer'::regtype, 'numeric'::regtype)) as combination_column,
           (select l.attname from pg_attribute as l join pg_type as lt on lt.oid = l.atttypid
             where l.attrelid = c.oid and l.attname = 'ledger_id' and not l.attisdropped
               and lt.typoutput in ('textout'::regproc, 'varcharout'::regproc)) as ledger_column,
           coalesce(l.collisdeterministic, true) as comparable
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join columns as k on k.name = a.attname
      join pg_type as t on t.oid = a.atttypid
      left join pg_collation as l on l.oid = a.attcollation
     where c.relkind in ('r', 'p')
       and c.relpersistence <> 't'
       and not c.relrowsecurity
       -- A domain is written by the function of the type under it, however deep that lies.
       and t.typoutput in ('textout'::regproc, 'varcharout'::regproc)
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and c.relowner is distinct from to_regrole('postern_owner')
       -- What has a parent is protected with it.
       and not exists (select from pg_inherits as i where i.inhrelid = c.oid)
       and not exists (select from guarded as p where p.relation = c.oid)
       and not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  )
  select 'warn' as level, 'unprotected_company' as code, 'table ' || i.identity as object,
         'Everybody with a grant reads the rows of all companies' as title,
         format('The table has the column %I and no row security.', o.company_column) as detail,
         case
           when not o.comparable then format('Give the column a deterministic collation, as with: alter table %s alter column %I type text collate "default"; then call postern.protect_company(%L, %L).', i.identity, o.company_column, i.identity, o.company_column)
           when o.combination_column is null then format('select postern.protect_company(%L, %L);', i.identity, o.company_column)
           else format('select postern.protect_ledger(%L, %L, %L%s);', i.identity, o.company_column, o.combination_column, ', ' || quote_literal(o.ledger_column))
         end as fix
    from open as o
   cross join lateral pg_identify_object('pg_class'::regclass, o.oid, 0) as i;
comment on view postern_internal.unprotected_company is 'Check of postern.doctor: tables with a company column, which no policy guards.';
