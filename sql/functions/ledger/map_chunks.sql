-- Read once a query, so it is one statement, and calls a function only for blocks that have ids which are not compiled. Ids
-- in a block are dense: where the first one that is not compiled is missing, all are compiled. Of a block that is counted not
-- even that has to be asked.
--
-- Every number has its place, also one that a transaction left out when it was rolled back, and some more follow: a row
-- that an update meets may have a combination that is newer than the map.
--
-- Called only by functions that pin their search_path, and without a SET clause, so that it is inlined.

create or replace function postern_internal.map_chunks(
  companies text[],
  class_ids bigint[]
)
returns setof bytea
language sql
stable
parallel safe
begin atomic
  select case when b.company is null then postern_internal.zero_chunks(1)
              when b.counted and m.compiled_offset = b.given then m.bits
              when b.class_id is null and b.given = postern_internal.block_size() then postern_internal.full_chunk(postern_internal.block_size())
              when not b.counted
                   and m.compiled_offset is not null
                   and not exists (select
                                     from postern.posting_combination as p
                                    where p.company = b.company
                                      and p.posting_combination_id = b.block_no * postern_internal.block_size() + m.compiled_offset)
                then m.bits
              else postern_internal.recent_chunk(b.company, b.block_no, b.class_id, b.given, b.counted, m.compiled_offset, m.bits)
         end
    from (select n.block_no, k.given, k.counted, u.company, u.class_id
            -- In a select list, and not in from, where its rows would be stored first.
            from (select generate_series(0, (select coalesce(max(l.block_no), 0) + 4 from postern_internal.combination_block as l)) as block_no) as n
            left join postern_internal.combination_block as k on k.block_no = n.block_no
            left join unnest(companies, class_ids) as u (company, class_id) on u.company = k.company
           order by n.block_no) as b
    -- Sorted first, and then looked up: so no chunk is copied on its way.
    left join lateral (select m.compiled_offset, m.bits
                         from postern_internal.authority_map as m
                        where m.class_id = b.class_id and m.block_no = b.block_no
                       offset 0) as m on true;
end;
revoke execute on function postern_internal.map_chunks(text[], bigint[]) from public;
comment on function postern_internal.map_chunks(text[], bigint[]) is
'Which posting combinations somebody may see who is in companies, each with its class or with none that restricts (NULL): a chunk a block, from block 0 on. Put together they are a map: get_bit(map, posting_combination_id).';
