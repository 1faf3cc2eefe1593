-- name: FindTable :one
-- The table of this name, as PostgreSQL writes it; empty where there is none.
select coalesce(to_regclass(@name)::text, '')::text as table_name;

-- name: ListProtectedTables :many
-- The tables that are protected, and by what columns.
select p.schema_name, p.table_name, p.protection, p.company_column, p.combination_column, p.ledger_column,
       p.protected_by, p.protected_at
  from postern.protected_table as p
 order by p.schema_name, p.table_name;
