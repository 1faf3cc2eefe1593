create or replace function postern_internal.full_chunk(ids integer)
returns bytea
language sql
immutable
parallel safe
return postern_internal.chunk(decode(
  repeat('ff', ids / 8) || case when ids % 8 = 0 then '' else lpad(to_hex((1 << ids % 8) - 1), 2, '0') end,
  'hex'));
revoke execute on function postern_internal.full_chunk(integer) from public;
comment on function postern_internal.full_chunk(integer) is 'A block''s part of a map that shows the first so many ids of the block.';
