-- bcrypt reads at most 72 bytes and stops at a NUL, so it hashes a keyed digest of the PIN instead: a PIN may then have
-- any length, and the hashes alone are not enough to guess it.

create or replace function postern_internal.hash_pin(
  pin text,
  hash text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  k record;
begin
  select s.inner_pad, s.outer_pad into strict k from postern_internal.server_key as s where s.purpose = 'pin';
  return postern_internal.bcrypt(
    encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(pin, 'UTF8'))), 'base64'),
    hash);
end
$$;
revoke execute on function postern_internal.hash_pin(text, text) from public;
comment on function postern_internal.hash_pin(text, text) is
'The hash of pin, with the salt that hash begins with. NULL if pin is NULL.';
