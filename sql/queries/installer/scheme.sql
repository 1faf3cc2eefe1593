-- name: ListSchemes :many
-- The ways to authenticate. PIN is built in and has no verify function.
select s.scheme, s.verify_function, s.enabled
  from postern.scheme as s
 order by s.scheme;
