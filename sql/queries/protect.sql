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
