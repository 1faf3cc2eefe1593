-- The map is one flat value, built once per query, because a scan of millions of rows calls get_bit for each row.
-- get_bit on a stored value would unpack it for each row. The map is built from the blocks of the user's own companies,
-- in the order of their IDs. Zeros fill the gaps between them. The cost therefore depends on the user's own companies;
-- all others cost only a run of zeros. The first and the last row are not blocks: they mark the beginning and the end
-- of the map.
--
-- One generic plan serves all users. With custom plans, a user of fewer companies than others would be planned anew for
-- each query.
--
-- The map extends beyond the last block that a company has taken. An update may meet a row whose combination is newer
-- than the map, and a statement may write such a row itself. The extension is longer for a session that creates
-- combinations.

create or replace function postern.ledger_map()
returns bytea
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id constant text := postern.current_userid();
  map bytea;
begin
  -- Uses a variable, because return (select ...) would copy the map once more.
  select string_agg(coalesce(c.bits, ''), postern_internal.zeros((b.first_id - b.end_before) / 8))
    into map
    from (select k.company, k.class_id, k.first_id, k.size, k.given, k.counted,
                 lag(k.first_id + k.size) over (order by k.first_id, k.size) as end_before
            from (select b.company, case when c.row_level_security then u.class_id end as class_id, b.first_id, b.size, b.given, b.counted
                    from postern_internal.company_user as u
                    join postern_internal.company as c on c.company = u.company
                    join postern_internal.combination_block as b on b.company = u.company
                   where u.userid = current_user_id
                     and (u.class_id is not null or not c.row_level_security)
                   union all
                  select null, null, e.id, 0, 0, false
                    from (values (0), (postern.ledger_map_size() + case when coalesce(current_setting('postern.last_combination', true), '') = '' then 131072 else 16777216 end)) as e (id)) as k) as b
    -- Blocks are sorted before their bits are looked up, so that the sort copies no bits.
    left join lateral (select c
                         from postern_internal.block_bits(b.company, b.class_id, b.first_id, b.size, b.given, b.counted) as c
                        where b.size > 0
                       offset 0) as c (bits) on true;
  return map;
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_map() to public;
comment on function postern.ledger_map() is
'For the policies of protect_ledger: which posting combinations the current user may see, one bit each: get_bit(map, posting_combination_id). Errors: PS401, PS402.';
