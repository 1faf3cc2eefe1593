-- name: ProtectCompany :exec
-- Shows rows of a table only to users of their company. The caller must own the table.
select postern.protect_company(sqlc.arg('target')::text::regclass, @company_column);

-- name: ProtectLedger :exec
-- Shows rows of a ledger only to users whose companies and authority classes allow it. The caller must own the table.
-- ledger_column is for internal ledgers.
select postern.protect_ledger(sqlc.arg('target')::text::regclass, @company_column, @combination_column, sqlc.narg('ledger_column'));

-- name: Unprotect :exec
-- Removes the protection of a table. The caller must own the table.
select postern.unprotect(sqlc.arg('target')::text::regclass);
