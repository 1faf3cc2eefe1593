-- docs/log-format.md specifies these octets. internal/seal computes them too, so that each side checks the other.
-- Databases are UTF8, so the length of a text is that of its encoding.

create or replace function postern_internal.encode_field(value text)
returns bytea
language sql
stable
begin atomic
  select case when value is null then '\x00'::bytea
              else '\x02'::bytea || int4send(octet_length(value)) || convert_to(value, 'UTF8') end;
end;
revoke execute on function postern_internal.encode_field(text) from public;
comment on function postern_internal.encode_field(text) is 'A text as a field of a leaf: type 2, the length, UTF-8; NULL is type 0.';
