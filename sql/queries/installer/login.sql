-- name: ListAllowedLogins :many
-- The logins that may use their memberships in this database.
select a.db_role, a.state, a.allowed_at, a.allowed_by
  from postern.allowed_login as a
 order by a.db_role;
