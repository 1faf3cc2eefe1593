-- name: CreateUser :exec
-- Adds an end user, who has no PIN yet.
select postern.create_user(@userid, @description, sqlc.narg('db_role'));

-- name: SetUserActive :exec
-- Lets a user work, or shuts the user out.
select postern.set_user_active(@userid, @active);

-- name: ResetPIN :exec
-- Gives a user a PIN that has to be changed, and unlocks the user.
select postern.reset_pin(@userid, @new_pin::varchar);

-- name: UnlockUser :exec
-- Ends a lock-out before its time.
select postern.unlock_user(@userid);

-- name: ListUsers :many
-- The end users, with the state of their PINs (none, must change, set).
select u.userid, u.description, u.db_role, u.active, u.pin, u.pin_changed_at, u.failures, u.locked_until, u.created_at
  from postern.user_account as u
 order by u.userid;
