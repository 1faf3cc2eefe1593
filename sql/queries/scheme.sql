-- name: RegisterScheme :exec
-- Adds a way to authenticate, or replaces its function: schema.name(text, text, jsonb).
select postern.register_scheme(@scheme, sqlc.arg('verify_function')::text::regprocedure);

-- name: SetSchemeEnabled :exec
-- Allows a way to authenticate, or forbids it.
select postern.set_scheme_enabled(@scheme, @enabled);
