-- Tables and views, with the query of a view and the tables that inherit from a table.
select c.oid,
       n.nspname as schema,
       c.relname as name,
       c.oid::regclass::text as qualified_name,
       case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) else '' end as query,
       array(select i.inhrelid from pg_catalog.pg_inherits as i where i.inhparent = c.oid) as children
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_t(oast|emp)'
 order by c.oid
