create or replace function postern_internal.merge_tail(
  class_id bigint,
  company text,
  block_no bigint,
  compiled_offset integer,
  bits bytea
)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  first_word constant integer := coalesce(compiled_offset, 0) / 64;
  tail bytea;
begin
  select t.bits
    into tail
    from postern_internal.compile_blocks(
           class_id, company,
           block_no * postern_internal.block_size() + first_word * 64,
           (block_no + 1) * postern_internal.block_size() - 1) as t;
  return postern_internal.chunk(coalesce(substr(bits, 1, first_word * 8), '') || coalesce(tail, ''));
end
$$;
revoke execute on function postern_internal.merge_tail(bigint, text, bigint, integer, bytea) from public;
comment on function postern_internal.merge_tail(bigint, text, bigint, integer, bytea) is
'The chunk of a block whose combinations from compiled_offset on (NULL: all) are not compiled: they are evaluated here, from the last whole 64 on.';
