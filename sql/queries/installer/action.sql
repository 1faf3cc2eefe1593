-- name: ListActions :many
-- The registered actions.
select a.action, a.checkpoint, a.legacy_checkpoints, a.registered_at
  from postern.action as a
 order by a.action;
