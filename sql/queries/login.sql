-- name: AllowLogin :exec
-- Lets a login use its memberships of Postern's roles in this database.
select postern.allow_login(@db_role);

-- name: DisallowLogin :exec
-- Undoes AllowLogin.
select postern.disallow_login(@db_role);
