-- name: AvoidCompilation :exec
-- To be called first in the transaction that lists findings: in a large database the planner would have machine code made
-- of thousands of expressions, which takes longer than all checks together.
select set_config('jit', 'off', true);

-- name: ListFindings :many
-- What is left unprotected, the worst first.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from postern.doctor as d
 order by d.level <> 'error', d.code, d.title, d.object, d.fix;
