-- One C call widens a bit string with zeros. Its binary form is four bytes for the length, and then the zeros as bytes.
-- Nothing else in SQL makes as many zeros at once, or as fast.
--
-- Has no SET clause, so that the planner inlines it. Called only by functions that pin their search_path.

create or replace function postern_internal.zeros(bytes bigint)
returns bytea
language sql
immutable
parallel safe
return substr(bit_send(pg_catalog."bit"(B'0', (bytes * 8)::integer, true)), 5, bytes::integer);
revoke execute on function postern_internal.zeros(bigint) from public;
comment on function postern_internal.zeros(bigint) is 'A part of a map in which no bit is set. bytes: its length.';
