create or replace function postern_internal.compile_class(class_id bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  company text;
begin
  select c.company into strict company from postern_internal.authority_class as c where c.class_id = compile_class.class_id;
  -- One statement, and so one snapshot, reads the combinations and how many of them are compiled. Readers evaluate what
  -- others add meanwhile.
  insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
  select compile_class.class_id, b.first_id, b.ids, b.bits[1] || postern_internal.zeros(k.size / 8 - octet_length(b.bits[1]))
    from postern_internal.class_rules(compile_class.class_id) as r
   cross join lateral postern_internal.compile_blocks(company, 1, r.class_nos, r.allowed, r.patterns, 0, 9223372036854775807) as b
    join postern_internal.combination_block as k on k.first_id = b.first_id
  on conflict on constraint authority_map_pkey do update
     set compiled_offset = excluded.compiled_offset, bits = excluded.bits
   where (m.compiled_offset, m.bits) <> (excluded.compiled_offset, excluded.bits);
end
$$;
revoke execute on function postern_internal.compile_class(bigint) from public;
comment on function postern_internal.compile_class(bigint) is
'Compiles the map of one class again, in the transaction that has changed its rules, after begin_class_change. Writes only the chunks that differ.';
