-- Worth some care: what a scan of millions of rows waits for is bytes that were put together from chunks once, as one
-- flat value; get_bit on a stored one would unpack it for each row. Every block has its place, whoever's it is, and
-- some more follow: a row that an update meets may have a combination that is newer than the map.

create or replace function postern_internal.build_map(
  companies text[],
  class_ids bigint[]
)
returns bytea
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  map bytea;
  blocks bigint;
  last_block bigint;
begin
  select string_agg(postern_internal.block_chunk(u.company, k.block_no, k.is_full, u.class_id, m.compiled_offset, m.bits),
                    ''::bytea order by k.block_no),
         count(*), max(k.block_no)
    into map, blocks, last_block
    from postern_internal.combination_block as k
    left join unnest(companies, class_ids) as u (company, class_id) on u.company = k.company
    left join postern_internal.authority_map as m on m.class_id = u.class_id and m.block_no = k.block_no;
  -- A transaction that was rolled back has left a number out. That is rare, and filling it costs as much as all the rest.
  if blocks <> last_block then
    select string_agg(postern_internal.block_chunk(u.company, k.block_no, k.is_full, u.class_id, m.compiled_offset, m.bits),
                      ''::bytea order by n.block_no)
      into map
      from generate_series(1, last_block) as n (block_no)
      left join postern_internal.combination_block as k on k.block_no = n.block_no
      left join unnest(companies, class_ids) as u (company, class_id) on u.company = k.company
      left join postern_internal.authority_map as m on m.class_id = u.class_id and m.block_no = k.block_no;
  end if;
  -- Blocks are counted from 1, so that no id is 0.
  return postern_internal.zero_chunks(1) || coalesce(map, '') || postern_internal.zero_chunks(16);
end
$$;
revoke execute on function postern_internal.build_map(text[], bigint[]) from public;
comment on function postern_internal.build_map(text[], bigint[]) is
'Which posting combinations somebody may see who is in companies, each with its class or with none that restricts (NULL): get_bit(map, posting_combination_id).';
