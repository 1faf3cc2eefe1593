-- name: ListSessionKeys :many
-- The keys for session tokens, without their secrets.
select k.kid, k.created_at, k.created_by, k.retired_at
  from postern.session_key as k
 order by k.created_at, k.kid;
