-- name: BeginSession :one
-- Starts the session of an end user for this transaction, by a signed token. Returns the user id.
select postern.begin_session(@token::varchar);

-- name: AssumeUser :one
-- Asserts the end user of this transaction by name, unsigned. Returns the user id.
select postern.assume_user(@userid);

-- name: BeginSessionWithTicket :one
-- Starts the session of an end user and opens the gates for this transaction. Returns the user id.
select postern.begin_session(@token::varchar, @ticket::uuid);

-- name: AssumeUserWithTicket :one
-- Asserts the end user by name and opens the gates for this transaction. Returns the user id.
select postern.assume_user(@userid, @ticket::uuid);

-- name: CurrentUserid :one
-- The end user of this transaction.
select postern.current_userid();

-- name: CreateSessionKey :exec
-- Adds a key that session tokens may be signed with.
select postern.create_session_key(@kid, @secret);

-- name: RetireSessionKey :exec
-- Has tokens signed with this key refused from now on.
select postern.retire_session_key(@kid);

-- name: GetFndUser :one
-- Fnd_Session_API.Get_Fnd_User: the end user of this transaction. Fails where there is none.
select fnd_session_api.get_fnd_user();
