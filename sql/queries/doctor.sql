-- name: AvoidCompilation :exec
-- To be called first in the transaction that lists findings: in a large database the planner would have machine code made
-- of thousands of expressions, which takes longer than all checks together.
select set_config('jit', 'off', true);

-- name: ListOtherFindings :many
-- What is left unprotected, but for the calls of gates.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from postern.doctor as d
 where d.code not in ('gates_unread', 'gate_not_registered', 'gate_not_called', 'gate_not_referenced', 'gate_unreadable');

-- name: ListGateFindings :many
-- What the calls of gates leave to do, by what was kept of them.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from postern.doctor as d
 where d.code in ('gates_unread', 'gate_not_registered', 'gate_not_called', 'gate_not_referenced', 'gate_unreadable');

-- name: ListGateFindingsOf :many
-- The same by what was read and is not kept.
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
