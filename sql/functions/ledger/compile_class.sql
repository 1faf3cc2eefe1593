create or replace function postern_internal.compile_class(class_id bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  company text;
begin
  select c.company into strict company from postern_internal.authority_class as c where c.class_id = compile_class.class_id;
  -- One statement, and so one snapshot, for the combinations and for how many of them are compiled: what others are
  -- adding meanwhile is left to readers.
  insert into postern_internal.authority_map as m (class_id, block_no, compiled_offset, bits)
  select compile_class.class_id, b.block_no, b.ids, postern_internal.chunk(b.bits)
    from postern_internal.compile_blocks(compile_class.class_id, company, 0, 9223372036854775807) as b
  on conflict on constraint authority_map_pkey do update
     set compiled_offset = excluded.compiled_offset, bits = excluded.bits
   where (m.compiled_offset, m.bits) <> (excluded.compiled_offset, excluded.bits);
end
$$;
revoke execute on function postern_internal.compile_class(bigint) from public;
comment on function postern_internal.compile_class(bigint) is
'Makes the map of one class anew, in the transaction that has changed its rules, after begin_class_change; writes the chunks that differ.';
