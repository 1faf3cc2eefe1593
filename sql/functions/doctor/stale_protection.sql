create or replace view postern_internal.stale_protection as
  select 'warn' as level, 'stale_protection' as code, format('table %I.%I', p.schema_name, p.table_name) as object,
         'A table or column that is listed as protected does not exist' as title,
         case when c.oid is null then 'There is no such table: it was dropped, renamed or moved. A new table with that name would be listed but open.'
              else format('The table has no column %s: it was renamed or dropped. If it was renamed, the policy uses the new name.', k.missing) end as detail,
         case when c.oid is null then format('delete from postern.protected_table where schema_name = %L and table_name = %L and protection <> ''gate'';', p.schema_name, p.table_name)
              else format('In one transaction: select postern.unprotect(%L); and postern.protect_%s again, with the present names of the columns.', i.identity, p.protection) end as fix
    from postern_internal.protected_table as p
    left join (pg_class as c join pg_namespace as n on n.oid = c.relnamespace)
      on n.nspname = p.schema_name and c.relname = p.table_name and c.relkind in ('r', 'p')
   cross join lateral (
     select string_agg(quote_ident(name), ', ') as missing
       from unnest(array[p.company_column, p.combination_column, p.ledger_column]) as name
      where name is not null
        and not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = name and not a.attisdropped)
   ) as k
    left join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as i on c.oid is not null
   where p.protection <> 'gate' and (c.oid is null or k.missing is not null);
comment on view postern_internal.stale_protection is 'Check of postern.doctor: tables and columns in postern.protected_table that do not exist.';
