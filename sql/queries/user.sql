-- name: CreateUser :exec
-- Adds an end user, who has no PIN yet.
select postern.create_user(@userid, @description, sqlc.narg('db_role'));

-- name: SetUserActive :exec
-- Activates or deactivates a user.
select postern.set_user_active(@userid, @active);

-- name: ResetPIN :exec
-- Gives a user a new PIN, which the user must change, and unlocks the user.
select postern.reset_pin(@userid, @new_pin::varchar);

-- name: UnlockUser :exec
-- Ends a lock-out early.
select postern.unlock_user(@userid);

-- name: RemoveTOTP :exec
-- Removes the authenticator app of a user, who can then enrol a new one.
select postern.remove_totp(@userid);
