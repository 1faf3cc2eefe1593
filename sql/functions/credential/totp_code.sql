create or replace function postern_internal.totp_code(
  secret bytea,
  step bigint
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  digest bytea := postern_internal.hmac_sha1(int8send(step), secret);
  at integer := get_byte(digest, 19) & 15;
begin
  return lpad((((get_byte(digest, at) & 127) << 24
                | (get_byte(digest, at + 1) << 16)
                | (get_byte(digest, at + 2) << 8)
                | get_byte(digest, at + 3)) % 1000000)::text, 6, '0');
end
$$;
revoke execute on function postern_internal.totp_code(bytea, bigint) from public;
comment on function postern_internal.totp_code(bytea, bigint) is
'The six digits that an authenticator app shows (RFC 4226 and 6238, HMAC-SHA-1). step: how many times 30 seconds have passed since the Unix epoch.';
