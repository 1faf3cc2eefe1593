create or replace function postern_internal.block_size()
returns integer
language sql
immutable
parallel safe
return 32768;
revoke execute on function postern_internal.block_size() from public;
comment on function postern_internal.block_size() is 'How many ids a block has: a multiple of 64. What is stored depends on it, so it never changes.';
