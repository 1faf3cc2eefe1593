create or replace view postern_internal.unprotected_company as
  with
  guarded as materialized (
    select p.relation from postern_internal.protected_relation as p
  ),
  open as (
    select k.relation as oid, k.attname as company_column,
           (select l.attname from pg_attribute as l
             where l.attrelid = k.relation and l.attname = 'posting_combination_id' and not l.attisdropped
               and l.atttypid = any (postern.protectable_types('combination_column')::oid[])) as combination_column,
           (select l.attname from pg_attribute as l join pg_type as lt on lt.oid = l.atttypid
             where l.attrelid = k.relation and l.attname = 'ledger_id' and not l.attisdropped
               and lt.typoutput = any (array(select b.typoutput from pg_type as b where b.oid = any (postern.protectable_types('ledger_column')::oid[])))) as ledger_column,
           coalesce(l.collisdeterministic, true) as comparable
      from postern_internal.company_column as k
      left join pg_collation as l on l.oid = k.attcollation
     where k.relkind in ('r', 'p')
       and not k.relrowsecurity
       and k.is_protectable
       -- A table with a parent is protected through that parent.
       and not exists (select from pg_inherits as i where i.inhrelid = k.relation)
       and not exists (select from guarded as p where p.relation = k.relation)
  )
  select 'warn' as level, 'unprotected_company' as code, 'table ' || i.identity as object,
         'Everybody with a grant reads the rows of all companies' as title,
         format('The table has the column %I and no row security.', o.company_column) as detail,
         case
           when not o.comparable then format('Give the column a deterministic collation, for example: alter table %s alter column %I type text collate "default"; then call postern.protect_company(%L, %L).', i.identity, o.company_column, i.identity, o.company_column)
           when o.combination_column is null then format('select postern.protect_company(%L, %L);', i.identity, o.company_column)
           else format('select postern.protect_ledger(%L, %L, %L%s);', i.identity, o.company_column, o.combination_column, ', ' || quote_literal(o.ledger_column))
         end as fix
    from open as o
   cross join lateral pg_identify_object('pg_class'::regclass, o.oid, 0) as i;
comment on view postern_internal.unprotected_company is 'Check of postern.doctor: tables with a company column and without row security.';
