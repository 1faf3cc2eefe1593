-- name: ListUsers :many
-- The end users, with the state of their PINs (none, must_change, set) and of their authenticator apps (none,
-- not_confirmed, set).
select u.userid, u.description, u.db_role, u.active, u.pin, u.pin_changed_at, u.failures, u.locked_until, u.created_at, u.totp
  from postern.user_account as u
 order by u.userid;
