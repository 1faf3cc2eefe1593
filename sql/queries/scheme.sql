-- name: RegisterScheme :exec
-- Adds a way to authenticate, or replaces its function: schema.name(text, text, jsonb).
select postern.register_scheme(@scheme, sqlc.arg('verify_function')::text::regprocedure);

-- name: SetSchemeEnabled :exec
-- Allows a way to authenticate, or forbids it.
select postern.set_scheme_enabled(@scheme, @enabled);

-- name: ListSchemes :many
-- The ways to authenticate. PIN is built in and has no verify function.
select s.scheme, s.verify_function, s.enabled
  from postern.scheme as s
 order by s.scheme;
