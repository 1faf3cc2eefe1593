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
   where p.protection <> 'gate' and (c.oid is null or k.missing is not null)
   union all
  select 'warn', 'stale_protection', format('guard %s of table %I.%I', p.gate_id, p.schema_name, p.table_name),
         case when c.oid is null or k.missing is not null then 'A table or column that is listed as protected does not exist'
              else 'A guard does not fit its gate' end,
         case when c.oid is null then 'There is no such table: it was dropped, renamed or moved. A new table with that name would be listed but open.'
              when k.missing is not null then format('The table has no column %s: it was renamed or dropped. Each write to the table fails.', k.missing)
              else format('The gate has the parameters %s, and the guard gives %s. Each write that asks fails.', coalesce(nullif(array_to_string(g.parameters, ', '), ''), '(none)'),
                          coalesce((select string_agg(name, ', ' order by name) from jsonb_object_keys(p.parameters) as name), '(none)')) end,
         case when c.oid is null then format('delete from postern.protected_table where schema_name = %L and table_name = %L and gate_id = %L;', p.schema_name, p.table_name, p.gate_id)
              else format('In one transaction: select postern.unprotect_gate(%L, %L); and postern.protect_gate again, with the present names of the columns and of the gate''s parameters.', i.identity, p.gate_id) end
    from postern_internal.protected_table as p
    join postern_internal.gate as g on g.gate_id = p.gate_id
    left join (pg_class as c join pg_namespace as n on n.oid = c.relnamespace)
      on n.nspname = p.schema_name and c.relname = p.table_name and c.relkind in ('r', 'p')
   cross join lateral (
     select string_agg(quote_ident(n.name), ', ') as missing
       from unnest(postern.guard_columns(p.columns, p.parameters)) as n (name)
      where not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and a.attname = n.name and not a.attisdropped)
   ) as k
    left join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as i on c.oid is not null
   where p.protection = 'gate'
     and (c.oid is null or k.missing is not null
          or array(select name from jsonb_object_keys(p.parameters) as name order by 1) <> array(select name from unnest(g.parameters) as name order by 1));
comment on view postern_internal.stale_protection is 'Check of postern.doctor: tables and columns in postern.protected_table that do not exist, and guards whose gate has other parameters.';
