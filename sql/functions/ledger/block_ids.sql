create or replace function postern_internal.block_ids(
  company text,
  block_no bigint
)
returns integer
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select (p.posting_combination_id % postern_internal.block_size())::integer + 1
                     from postern.posting_combination as p
                    where p.company = block_ids.company
                      and p.posting_combination_id >= block_ids.block_no * postern_internal.block_size()
                      and p.posting_combination_id < (block_ids.block_no + 1) * postern_internal.block_size()
                    order by p.posting_combination_id desc
                    limit 1), 0)
$$;
revoke execute on function postern_internal.block_ids(text, bigint) from public;
comment on function postern_internal.block_ids(text, bigint) is 'How many ids of a block are given. They are the first ones.';
