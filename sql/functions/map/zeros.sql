-- A bit string is widened with zeros by one call in C, and as a message it is those bytes behind four for its length:
-- nothing in SQL makes more of them at a time, or faster. Without a SET clause, so that it is inlined: called only by
-- functions that pin their search_path.

create or replace function postern_internal.zeros(bytes bigint)
returns bytea
language sql
immutable
parallel safe
return substr(bit_send(pg_catalog."bit"(B'0', (bytes * 8)::integer, true)), 5, bytes::integer);
revoke execute on function postern_internal.zeros(bigint) from public;
comment on function postern_internal.zeros(bigint) is 'So many bytes of a map, showing nothing.';
