-- Base64url of RFC 4648 without padding, for JWTs and for Postern's own signed texts.

create or replace function postern_internal.decode_base64url(encoded text)
returns bytea
language sql
immutable
strict
parallel safe
return pg_catalog.decode(
  pg_catalog.rpad(pg_catalog.translate(encoded, '-_', '+/'), (pg_catalog.length(encoded) + 3) / 4 * 4, '='),
  'base64');
revoke execute on function postern_internal.decode_base64url(text) from public;
comment on function postern_internal.decode_base64url(text) is
'The bytes of a base64url text without padding. Errors: 22023 if it is not one.';
