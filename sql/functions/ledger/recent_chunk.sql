create or replace function postern_internal.recent_chunk(
  company text,
  block_no bigint,
  class_id bigint,
  given integer,
  counted boolean,
  compiled_offset integer,
  bits bytea
)
returns bytea
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  ids constant integer := (select n from postern_internal.block_ids(company, block_no, given, counted) as n);
begin
  if class_id is null then
    return postern_internal.full_chunk(ids);
  elsif compiled_offset = ids then
    return bits;
  end if;
  return postern_internal.merge_tail(class_id, company, block_no, compiled_offset, bits);
end
$$;
revoke execute on function postern_internal.recent_chunk(text, bigint, bigint, integer, boolean, integer, bytea) from public;
comment on function postern_internal.recent_chunk(text, bigint, bigint, integer, boolean, integer, bytea) is
'The chunk of a block that is not full or not compiled to its end. class_id NULL: nothing restricts. given, counted: of the block, compiled_offset, bits: what is compiled of it, NULL where nothing is.';
