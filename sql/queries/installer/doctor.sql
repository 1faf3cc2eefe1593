-- name: AvoidCompilation :exec
-- Call this first in the transaction that lists findings. In a large database PostgreSQL would otherwise compile
-- thousands of expressions to machine code, which takes longer than all checks together.
select set_config('jit', 'off', true);

-- name: ListCatalogFindings :many
-- All findings except those about calls of gates.
select f.level, f.code, f.object, f.title, f.detail, f.fix
  from postern.catalog_findings as f;

-- name: ListGateFindings :many
-- The findings about calls of gates, from what was read of functions.
select g.level, g.code, g.object, g.title, g.detail, g.fix
  from postern.gate_findings(@callers) as g;

-- name: GateFingerprint :one
-- The fingerprint to store with the reading of functions that follows.
select postern.gate_fingerprint()::text as fingerprint;

-- name: KeepGateReading :exec
-- Stores which functions reach which gates, so that the view can show it.
select postern.keep_gate_reading(@fingerprint, @callers);

-- name: LimitWait :exec
-- Limits how long this transaction waits for locks.
select set_config('lock_timeout', '5s', true);
