create or replace function postern_internal.zero_chunks(blocks integer)
returns bytea
language sql
immutable
parallel safe
return decode(repeat('00', blocks * postern_internal.block_size() / 8), 'hex');
revoke execute on function postern_internal.zero_chunks(integer) from public;
comment on function postern_internal.zero_chunks(integer) is 'So many blocks'' part of a map, showing nothing.';
