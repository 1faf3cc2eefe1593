-- name: FindTable :one
-- The table of this name, as PostgreSQL writes it; empty where there is none.
select coalesce(to_regclass(@name)::text, '')::text as table_name;

-- name: ProtectCompany :exec
-- Shows rows of a table to the users of their company only. The caller owns the table.
select postern.protect_company(sqlc.arg('target')::text::regclass, @company_column);

-- name: ProtectLedger :exec
-- Shows rows of a ledger to those only whom companies and authority classes allow them. The caller owns the table. With
-- ledger_column it is an internal ledger.
select postern.protect_ledger(sqlc.arg('target')::text::regclass, @company_column, @combination_column, sqlc.narg('ledger_column'));

-- name: Unprotect :exec
-- Takes the protection of a table away. The caller owns it.
select postern.unprotect(sqlc.arg('target')::text::regclass);

-- name: ListProtectedTables :many
-- The tables that are protected, and by what columns.
select p.schema_name, p.table_name, p.protection, p.company_column, p.combination_column, p.ledger_column,
       p.protected_by, p.protected_at
  from postern.protected_table as p
 order by p.schema_name, p.table_name;
