-- name: BeginSession :one
-- Starts the session of an end user for this transaction with a signed token. Returns the user id.
select postern.begin_session(@token::varchar);

-- name: AssumeUser :one
-- Asserts the end user of this transaction by name, without a signature. Returns the user id.
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
-- Adds a key that may sign session tokens.
select postern.create_session_key(@kid, @secret);

-- name: RetireSessionKey :exec
-- Retires a key: from the commit on, tokens signed with it are refused.
select postern.retire_session_key(@kid);

-- name: GetFndUser :one
-- Fnd_Session_API.Get_Fnd_User: the end user of this transaction. Fails if there is none.
select fnd_session_api.get_fnd_user();
