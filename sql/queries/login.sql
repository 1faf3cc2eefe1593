-- name: AllowLogin :exec
-- Lets a login use its memberships of Postern's roles in this database.
select postern.allow_login(@db_role);

-- name: DisallowLogin :exec
-- Takes back what AllowLogin gave.
select postern.disallow_login(@db_role);

-- name: ListAllowedLogins :many
-- The logins that may use their memberships in this database.
select a.db_role, a.state, a.allowed_at, a.allowed_by
  from postern.allowed_login as a
 order by a.db_role;
