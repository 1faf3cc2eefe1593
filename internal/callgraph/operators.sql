-- User-written operators.
select o.oprname as name, o.oprcode::oid as function
  from pg_catalog.pg_operator as o
 where o.oprnamespace <> 'pg_catalog'::regnamespace
   and o.oprcode <> 0
