-- Returns a set of one row and has no SET clause, so that the planner inlines it. It runs once per block, and calls a
-- function only for blocks with IDs that are not compiled. IDs in a block are dense: if the first uncompiled ID does
-- not exist, all IDs are compiled. A counted block does not even need that look-up. Called only by functions that pin
-- their search_path.

create or replace function postern_internal.block_bits(
  company text,
  class_id bigint,
  first_id bigint,
  size integer,
  given integer,
  counted boolean
)
returns setof bytea
language sql
stable
parallel safe
begin atomic
  select case when block_bits.counted and m.compiled_offset = block_bits.given then m.bits
              when block_bits.class_id is null and block_bits.given = block_bits.size
                then substr(postern_internal.ones(32768, 32768), 1, block_bits.size / 8)
              when not block_bits.counted
                   and m.compiled_offset is not null
                   and not exists (select
                                     from postern.posting_combination as p
                                    where p.company = block_bits.company
                                      and p.posting_combination_id = block_bits.first_id + m.compiled_offset)
                then m.bits
              else postern_internal.recent_bits(block_bits.company, block_bits.class_id, block_bits.first_id, block_bits.size,
                                                block_bits.given, block_bits.counted, m.compiled_offset, m.bits)
         end
    from (values (0)) as one
    left join postern_internal.authority_map as m on m.class_id = block_bits.class_id and m.first_id = block_bits.first_id;
end;
revoke execute on function postern_internal.block_bits(text, bigint, bigint, integer, integer, boolean) from public;
comment on function postern_internal.block_bits(text, bigint, bigint, integer, integer, boolean) is
'The bits of one block in a map. class_id NULL: no class limits them. size, given, counted: of the block, as this snapshot sees it.';
