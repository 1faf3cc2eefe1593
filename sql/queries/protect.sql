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

-- name: ProtectGate :exec
-- Guards a table with a gate. The caller must own the table. columns, parameters and condition may be NULL: then each
-- column is guarded, each parameter of the gate gets the column of its name, and each row counts.
select postern.protect_gate(sqlc.arg('target')::text::regclass, @gate_id, @operations::text[], sqlc.narg('columns')::text[]::name[],
                            sqlc.narg('parameters'), sqlc.narg('condition'), @exclusive);

-- name: UnprotectGate :exec
-- Removes a guard. The caller must own the table.
select postern.unprotect_gate(sqlc.arg('target')::text::regclass, @gate_id);

-- name: ExplainGuards :many
-- What the guards of a table or partition ask, and whether they ask now; those of all tables without one. error_text:
-- the text of an error, to get only the guards that raised it.
select e.schema_name::text as schema_name, e.table_name::text as table_name, e.gate_id::text as gate_id, e.operation::text as operation,
       e.asks::boolean as asks, e.explanation::text as explanation
  from postern.explain_guards(sqlc.narg('target')::text::regclass, sqlc.narg('error_text'))
    as e (schema_name, table_name, gate_id, operation, asks, explanation);
