-- name: RegisterGate :exec
-- Registers a gate, or brings it up to date. Without bound_parameters all parameters are bound; without exclusive that stays as it is.
select postern.register_gate(@gate_id, @description, @message, coalesce(sqlc.narg('parameters')::text[], '{}'), @active, sqlc.narg('bound_parameters')::text[], sqlc.narg('exclusive'));

-- name: RegisterGateMessage :exec
-- Registers a gate, or brings it up to date, from an IFS Message.
select sec_checkpoint_gate_api.register(@gate_id, @info_msg);

-- name: SetGateActive :exec
-- Switches a gate on or off; a later registration keeps it so.
select postern.set_gate_active(@gate_id, @active);

-- name: SetGateMessage :exec
-- Changes what the log says when the gate is passed; a later registration keeps it.
select postern.set_gate_message(@gate_id, @message);
