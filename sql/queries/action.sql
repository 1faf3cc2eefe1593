-- name: BeginAction :exec
-- Begins an action in this transaction, before its business code.
select postern.begin_action(@action, coalesce(sqlc.narg('parameters')::jsonb, '{}'));

-- name: RegisterAction :exec
-- Registers an action, or replaces what was registered.
select postern.register_action(@action, sqlc.narg('checkpoint'), coalesce(sqlc.narg('legacy_checkpoints')::text[], '{}'));

-- name: RemoveAction :exec
-- Removes an action: it can no longer be begun.
select postern.remove_action(@action);
