-- The names of the server's own functions.
select distinct p.proname as name
  from pg_catalog.pg_proc as p
 where p.pronamespace = 'pg_catalog'::regnamespace
