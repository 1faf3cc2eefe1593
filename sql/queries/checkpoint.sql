-- name: Checkpoint :exec
-- Stops the transaction unless the gate is inactive or open in it.
select postern.checkpoint(@gate_id, coalesce(sqlc.narg('parameters')::jsonb, '{}'));

-- name: Challenge :one
-- The challenge that Checkpoint would raise, without reaching the gate.
select postern.challenge(@gate_id, coalesce(sqlc.narg('parameters')::jsonb, '{}'));

-- name: Authenticate :one
-- Answers a challenge and returns a ticket. Commit the transaction: only a later one learns the verdict. An empty
-- scheme means PIN.
select postern.authenticate(@challenge, @username, @response::varchar, sqlc.narg('comment'), coalesce(nullif(@scheme::text, ''), 'PIN'));

-- name: OpenGates :exec
-- Opens the gates for this transaction.
select postern.open_gates(@ticket::uuid);

-- name: TicketStatus :one
-- The outcome of an authentication: accepted, denied, locked, expired or used.
select postern.ticket_status(@ticket::uuid);

-- name: Cancel :exec
-- Logs that the user refused to approve.
select postern.cancel(@challenge, sqlc.narg('comment'));

-- name: SetPIN :exec
-- Changes the PIN of the current user. Reaches the gate POSTERN_PIN_CHANGE.
select postern.set_pin(@new_pin::varchar);

-- name: EnrolTOTP :one
-- Begins to enrol an authenticator app of the current user, and returns its secret as an otpauth:// URI, once. Reaches
-- the gate POSTERN_TOTP_ENROL.
select postern.enrol_totp()::varchar as uri;

-- name: ConfirmTOTP :exec
-- Confirms the authenticator app that EnrolTOTP has begun to enrol. Reaches the gate POSTERN_TOTP_CONFIRM, which only a
-- code of that app opens.
select postern.confirm_totp();

-- name: AddPasskey :exec
-- Enrols a passkey of the current user: the browser's rawId, and what getPublicKey() gives. Reaches the gate
-- POSTERN_PASSKEY_FIRST, which only the PIN opens, or POSTERN_PASSKEY_ADD, which only an earlier passkey opens.
select postern.add_passkey(@passkey_id, @public_key, @name);

-- name: SecurityCheckpoint :exec
-- Security_SYS.Security_Checkpoint: Checkpoint with the parameters as an IFS Message; nil for none.
select security_sys.security_checkpoint(@gate_id, sqlc.narg('msg'));
