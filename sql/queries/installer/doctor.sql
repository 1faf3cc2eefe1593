-- name: AvoidCompilation :exec
-- To be called first in the transaction that lists findings: in a large database the planner would have machine code made
-- of thousands of expressions, which takes longer than all checks together.
select set_config('jit', 'off', true);

-- name: ListCatalogFindings :many
-- What is left unprotected, but for the calls of gates.
select f.level, f.code, f.object, f.title, f.detail, f.fix
  from postern.catalog_findings as f;

-- name: ListGateFindings :many
-- What the calls of gates leave to do, by what was read of them.
select g.level, g.code, g.object, g.title, g.detail, g.fix
  from postern.gate_findings(@callers) as g;

-- name: GateFingerprint :one
-- To be kept with what is read of gates afterwards.
select postern.gate_fingerprint()::text as fingerprint;

-- name: KeepGateReading :exec
-- Keeps which functions reach which gates, for the view to show.
select postern.keep_gate_reading(@fingerprint, @callers);

-- name: LimitWait :exec
-- Waits for nobody for long in this transaction.
select set_config('lock_timeout', '5s', true);
