create or replace function postern_internal.block_chunk(
  company text,
  block_no bigint,
  is_full boolean,
  class_id bigint,
  compiled_offset integer,
  bits bytea
)
returns bytea
language sql
stable
parallel safe
return case when company is null or block_no is null then postern_internal.zero_chunks(1)
            when is_full and class_id is null then postern_internal.full_chunk(postern_internal.block_size())
            when is_full and compiled_offset = postern_internal.block_size() then bits
            else postern_internal.recent_chunk(company, block_no, class_id, compiled_offset, bits)
       end;
revoke execute on function postern_internal.block_chunk(text, bigint, boolean, bigint, integer, bytea) from public;
comment on function postern_internal.block_chunk(text, bigint, boolean, bigint, integer, bytea) is
'A block''s part of a map. company, class_id: of the user whose map it is, NULL where the block is of another company, or nothing restricts. compiled_offset, bits: what is compiled for the class.';
