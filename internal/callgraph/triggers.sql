-- Triggers. kind is pg_trigger.tgtype, a bit field. watched are the columns of a
-- guard; none if it has no list of columns, or watches a generated one, which changes with others.
with guard as materialized (
  select n.oid as namespace, postern.guard_name(g.gate_id, left(md5(g.table_name), 8)) as function,
         case when not exists (select
                                 from pg_catalog.pg_class as c
                                 join pg_catalog.pg_attribute as a on a.attrelid = c.oid
                                where c.relnamespace = n.oid and c.relname = g.table_name and a.attname = any (g.columns) and a.attgenerated <> '')
              then g.columns end as watched
    from postern.protected_table as g
    join pg_catalog.pg_namespace as n on n.nspname = g.schema_name
   where g.protection = 'gate'
)
select t.tgrelid as relation,
       t.tgname as name,
       t.tgfoid as function,
       t.tgtype as kind,
       case when t.tgqual is null then '' else pg_catalog.pg_get_triggerdef(t.oid) end as definition,
       coalesce(g.watched, '{}')::text[] as watched
  from pg_catalog.pg_trigger as t
  join pg_catalog.pg_proc as p on p.oid = t.tgfoid
  left join guard as g on g.namespace = p.pronamespace and g.function = p.proname
 where not t.tgisinternal
   and t.tgenabled <> 'D'
 order by t.tgrelid, t.tgname
