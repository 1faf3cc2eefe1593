create or replace function postern_internal.encode_base64url(bytes bytea)
returns text
language sql
immutable
strict
parallel safe
return pg_catalog.translate(pg_catalog.encode(bytes, 'base64'), E'+/=\n', '-_');
revoke execute on function postern_internal.encode_base64url(bytea) from public;
comment on function postern_internal.encode_base64url(bytea) is 'Base64url of RFC 4648 without padding.';
