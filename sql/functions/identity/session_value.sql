-- The one place that says how postern.session proves a user: by a keyed digest over the user, the database role and
-- transaction_timestamp(). Over the role, because two connections that begin often enough will begin in the same
-- microsecond: what one role may assert would be there for another one to copy. Not over the backend's process id, which
-- differs in parallel workers. timestamptz_send, because a cast to text depends on the caller's settings.
--
-- One pass of SHA-256 is a sound keyed digest where no message is the beginning of another (Bellare, Canetti, Krawczyk:
-- "Pseudorandom functions revisited", 1996; Coron, Dodis, Malinaud, Puniya: "Merkle-Damgaard revisited", 2005). Here none
-- is: the secret fills the first block, and behind user and role comes a zero byte, which no text can hold, as the first
-- of the timestamp's eight (until the year 4283). HMAC, which works for all messages, costs a second pass.
--
-- A tab, which no user id holds, ends the user wherever something follows: cutting text at a number of characters would
-- mean walking there.
--
-- Called only by functions that pin their search_path, and without a SET clause, so that it is inlined.

create or replace function postern_internal.session_value(
  secret bytea,
  userid text
)
returns text
language sql
stable
parallel safe
return pg_catalog.encode(
         pg_catalog.sha256(secret
                           || pg_catalog.convert_to(userid || E'\t' || session_user::text, 'UTF8')
                           || pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp())),
         'hex')
       || E'\t'
       || userid;
revoke execute on function postern_internal.session_value(bytea, text) from public;
comment on function postern_internal.session_value(bytea, text) is
'The setting postern.session for a user in the current transaction of the current session role: 64 hexadecimal digits, a tab, the user. secret: of session_secret.';
