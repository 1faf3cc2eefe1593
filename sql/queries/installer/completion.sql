-- name: CompletableLogins :many
-- The roles that can log in, which the shell offers as arguments.
select r.rolname::text as name
  from pg_catalog.pg_roles as r
 where r.rolcanlogin
 order by r.rolname;

-- name: CompletableTables :many
-- The application's tables, which the shell offers as arguments.
select format('%s.%s', n.nspname, c.relname)::text as name
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p')
   and not c.relispartition
   and n.nspname !~ '^(pg_|information_schema$|postern)'
 order by 1;
