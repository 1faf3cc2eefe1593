-- name: AvoidCompilation :exec
-- To be called first in the transaction that lists findings: in a large database the planner would have machine code made
-- of thousands of expressions, which takes longer than all checks together.
select set_config('jit', 'off', true);

-- name: ListFindings :many
-- What is left unprotected, the worst first.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from postern.doctor as d
 order by d.level <> 'error', d.code, d.title, d.object, d.fix;

-- name: GateFingerprint :one
-- To be kept with what is read of gates afterwards.
select postern.gate_fingerprint()::text as fingerprint;

-- name: KeepGateReading :exec
-- Keeps which functions reach which gates, for the view to show.
select postern.keep_gate_reading(@fingerprint, @callers);

-- name: LimitWait :exec
-- Waits for nobody for long in this transaction.
select set_config('lock_timeout', '5s', true);

-- name: ListFindingsOf :many
-- As ListFindings, with what was read of gates given instead of kept.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from (
  select v.level, v.code, v.object, v.title, v.detail, v.fix
    from postern.doctor as v
   where v.code not in ('gates_unread', 'gate_not_registered', 'gate_not_called', 'gate_not_referenced', 'gate_unreadable')
   union all
  select g.level, g.code, g.object, g.title, g.detail, g.fix
    from postern.gate_findings(@callers) as g
  ) as d
 order by d.level <> 'error', d.code, d.title, d.object, d.fix;
