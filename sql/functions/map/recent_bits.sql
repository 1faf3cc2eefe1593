create or replace function postern_internal.recent_bits(
  company text,
  class_id bigint,
  first_id bigint,
  size integer,
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
  ids constant integer := (select n from postern_internal.block_ids(company, first_id, size, given, counted) as n);
begin
  if class_id is null then
    return postern_internal.ones(ids, size);
  elsif compiled_offset = ids then
    return bits;
  end if;
  return postern_internal.merge_tail(class_id, company, first_id, size, compiled_offset, bits);
end
$$;
revoke execute on function postern_internal.recent_bits(text, bigint, bigint, integer, integer, boolean, integer, bytea) from public;
comment on function postern_internal.recent_bits(text, bigint, bigint, integer, integer, boolean, integer, bytea) is
'The result of block_bits for a block that is not full, or not compiled to its end.';
