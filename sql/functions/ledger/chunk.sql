create or replace function postern_internal.chunk(bits bytea)
returns bytea
language sql
immutable
parallel safe
return bits || substr(postern_internal.zero_chunks(1), octet_length(bits) + 1);
revoke execute on function postern_internal.chunk(bytea) from public;
comment on function postern_internal.chunk(bytea) is 'A block''s part of a map: bits, and zeros up to its length.';
