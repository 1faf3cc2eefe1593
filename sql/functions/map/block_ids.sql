-- Returns a set of one row and has no SET clause, so that the planner inlines it. Called only by functions that pin
-- their search_path.

create or replace function postern_internal.block_ids(
  company text,
  first_id bigint,
  size integer,
  given integer,
  counted boolean
)
returns setof integer
language sql
stable
parallel safe
begin atomic
  select coalesce(case when not block_ids.counted
                       then (select (p.posting_combination_id - block_ids.first_id)::integer + 1
                               from postern.posting_combination as p
                              where p.company = block_ids.company
                                and p.posting_combination_id >= block_ids.first_id + block_ids.given
                                and p.posting_combination_id < block_ids.first_id + block_ids.size
                              order by p.posting_combination_id desc
                              limit 1)
                  end,
                  block_ids.given);
end;
revoke execute on function postern_internal.block_ids(text, bigint, integer, integer, boolean) from public;
comment on function postern_internal.block_ids(text, bigint, integer, integer, boolean) is 'How many ids of a block are given out. They are its first ones. size, given, counted: of the block, as this snapshot sees it.';
