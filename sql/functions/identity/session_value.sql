-- The one place that says how postern.session proves a user: by a keyed digest over the user, the database role and
-- transaction_timestamp(). The role is included because two busy connections will sooner or later begin in the same
-- microsecond; without it, one role could copy what another role may assert. The backend's process id is left out,
-- because it differs in parallel workers. A copy of the database has the same secret: the name tells a copy in the same
-- cluster apart, and the number of the table usually one that was restored from a dump. timestamptz_send is used because
-- a cast to text depends on the caller's settings.
--
-- One pass of SHA-256 is a sound keyed digest if no message is a prefix of another (Bellare, Canetti, Krawczyk:
-- "Pseudorandom functions revisited", 1996; Coron, Dodis, Malinaud, Puniya: "Merkle-Damgaard revisited", 2005). That
-- holds here: the secret fills the first block, a zero byte, which no text can contain, ends user and role and another
-- one the database, and what follows has always twelve bytes. HMAC works for all messages but costs a second pass.
--
-- A tab ends the user in the setting, because no user id contains a tab. Cutting at a number of characters would mean
-- counting them one by one.
--
-- Called only by functions that pin their search_path. It has no SET clause, so that it is inlined.

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
                           || '\x00'::bytea
                           || pg_catalog.convert_to(pg_catalog.current_database()::text, 'UTF8')
                           || '\x00'::bytea
                           || pg_catalog.oidsend('postern_internal.session_secret'::pg_catalog.regclass)
                           || pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp())),
         'hex')
       || E'\t'
       || userid;
revoke execute on function postern_internal.session_value(bytea, text) from public;
comment on function postern_internal.session_value(bytea, text) is
'The value of the setting postern.session for a user in the current transaction of the current session role in this database: 64 hexadecimal digits, a tab, the user. secret: from session_secret.';
