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
