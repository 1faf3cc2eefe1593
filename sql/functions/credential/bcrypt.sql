-- pgcrypto may live in any schema of the database, so the functions that Postern needs from it get fixed names here.
-- That needs dynamic SQL. The calls are bound at creation: if the extension moves to another schema, they move
-- with it.

do $do$
declare
  extension_schema name;
begin
  select n.nspname into strict extension_schema
    from pg_catalog.pg_extension as e
    join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
   where e.extname = 'pgcrypto';

  execute pg_catalog.format($sql$
    create or replace function postern_internal.bcrypt(secret text, hash text)
    returns text
    language sql
    immutable
    strict
    return %1$I.crypt(secret, hash)
  $sql$, extension_schema);

  execute pg_catalog.format($sql$
    create or replace function postern_internal.bcrypt_salt()
    returns text
    language sql
    volatile
    return %1$I.gen_salt('bf', 10)
  $sql$, extension_schema);

  execute pg_catalog.format($sql$
    create or replace function postern_internal.hmac_sha1(data bytea, key bytea)
    returns bytea
    language sql
    immutable
    strict
    return %1$I.hmac(data, key, 'sha1')
  $sql$, extension_schema);

  execute pg_catalog.format($sql$
    create or replace function postern_internal.random_bytes(length integer)
    returns bytea
    language sql
    volatile
    strict
    return %1$I.gen_random_bytes(length)
  $sql$, extension_schema);
end
$do$;
revoke execute on function postern_internal.bcrypt(text, text) from public;
revoke execute on function postern_internal.bcrypt_salt() from public;
revoke execute on function postern_internal.hmac_sha1(bytea, bytea) from public;
revoke execute on function postern_internal.random_bytes(integer) from public;
comment on function postern_internal.bcrypt(text, text) is 'crypt of pgcrypto: the bcrypt hash of secret with the salt that hash begins with.';
comment on function postern_internal.bcrypt_salt() is 'A new bcrypt salt with cost 10, the same cost for everybody: with a different one, the response time would tell a known user from an unknown one.';
comment on function postern_internal.hmac_sha1(bytea, bytea) is 'hmac of pgcrypto with SHA-1, for codes of authenticator apps.';
comment on function postern_internal.random_bytes(integer) is 'gen_random_bytes of pgcrypto, for secrets that people''s devices share with this database.';
