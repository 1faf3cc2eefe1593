create or replace function postern.protecting_tables(relation regclass)
returns table (target regclass, protection text, company_column name, combination_column name, ledger_column name)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with recursive above (oid) as (
      select relation::oid
       union
      select i.inhparent from pg_inherits as i join above as a on a.oid = i.inhrelid
    )
    select c.oid::regclass, p.protection, p.company_column, p.combination_column, p.ledger_column
      from above as a
      join pg_class as c on c.oid = a.oid
      join pg_namespace as n on n.oid = c.relnamespace
      join postern.protected_table as p on p.schema_name = n.nspname and p.table_name = c.relname and p.protection <> 'gate'
     order by c.oid <> relation, c.oid;
end
$$;
revoke execute on function postern.protecting_tables(regclass) from public;
grant execute on function postern.protecting_tables(regclass) to postern_admin;
comment on function postern.protecting_tables(regclass) is
'For protect_... and unprotect: the tables in postern.protected_table that protect relation, with their protection: relation itself, and those that it is a partition of or inherits from.';
