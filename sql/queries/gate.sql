-- name: RegisterGate :exec
-- Registers a gate, or updates it. If bound_parameters is nil, all parameters are bound; if exclusive is nil, it is
-- unchanged.
select postern.register_gate(@gate_id, @description, @message, coalesce(sqlc.narg('parameters')::text[], '{}'), @active, sqlc.narg('bound_parameters')::text[], sqlc.narg('exclusive'));

-- name: RegisterGateMessage :exec
-- Registers a gate, or updates it, from an IFS Message.
select sec_checkpoint_gate_api.register(@gate_id, @info_msg);

-- name: SetGateActive :exec
-- Switches a gate on or off. A later registration does not change it back.
select postern.set_gate_active(@gate_id, @active);

-- name: SetGateSchemes :exec
-- Says with which schemes people approve at a gate; nil: with all that are enabled. A later registration does not change
-- it back.
select postern.set_gate_schemes(@gate_id, sqlc.narg('schemes')::text[]);

-- name: SetGateMessage :exec
-- Changes what the log says when the gate is passed. A later registration does not change it back.
select postern.set_gate_message(@gate_id, @message);
