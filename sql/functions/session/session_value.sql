-- The one place that says how postern.session proves a user: by a keyed digest over transaction_timestamp(), the user and
-- the database role. Over the role, because two connections that begin often enough will begin in the same microsecond:
-- what one role may assert would be there for another one to copy. Not over the backend's process id, which differs in
-- parallel workers. timestamptz_send, because a cast to text depends on the caller's settings.
--
-- One pass of SHA-256 is a sound keyed digest where no message is the beginning of another (Bellare, Canetti, Krawczyk:
-- "Pseudorandom functions revisited", 1996; Coron, Dodis, Malinaud, Puniya: "Merkle-Damgaard revisited", 2005). Here none
-- is: the secret fills the first block, the timestamp has eight bytes, and a zero byte, which no text can hold, ends the
-- user and the role. HMAC, which works for all messages, costs a second pass.
--
-- Called only by functions that pin their search_path, and without a SET clause, so that it is inlined.

create or replace function postern_internal.session_value(
  secret bytea,
  userid bytea
)
returns bytea
language sql
stable
parallel safe
return pg_catalog.convert_to(
         pg_catalog.encode(
           pg_catalog.sha256(secret || pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp()) || userid || '\x00'::bytea
                             || pg_catalog.convert_to(session_user::text, 'UTF8') || '\x00'::bytea),
           'hex'),
         'UTF8')
       || userid;
revoke execute on function postern_internal.session_value(bytea, bytea) from public;
comment on function postern_internal.session_value(bytea, bytea) is
'The bytes of the setting postern.session for a user, as UTF-8, in the current transaction of the current session role: 64 hexadecimal digits, then the user. secret: of session_secret.';
