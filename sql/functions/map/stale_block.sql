create or replace function postern_internal.stale_block(
  class_id bigint,
  company text,
  out first_id bigint,
  out size integer,
  out ids integer,
  out compiled_offset integer,
  out bits bytea
)
returns setof record
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select k.first_id, k.size, n.ids, m.compiled_offset, m.bits
    from postern_internal.combination_block as k
    left join postern_internal.authority_map as m on m.class_id = stale_block.class_id and m.first_id = k.first_id
   cross join lateral postern_internal.block_ids(k.company, k.first_id, k.size, k.given, k.counted) as n (ids)
   where k.company = stale_block.company
     and n.ids > coalesce(m.compiled_offset, 0)
$$;
revoke execute on function postern_internal.stale_block(bigint, text) from public;
comment on function postern_internal.stale_block(bigint, text) is 'The blocks of a company with ids that are not yet compiled into a class''s map, and what is compiled of them.';
