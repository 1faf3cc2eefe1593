-- What a scan of millions of rows waits for is bytes that were put together once, as one flat value: get_bit on a stored
-- one would unpack it for each row. Put together from the blocks of the user's own companies, in the order of their ids, each
-- behind the zeros that stand for what is not the user's: so it costs what one's own companies are, and of all others
-- a run of zeros. The first row and the last one are no blocks, and give the map its beginning and its end.
--
-- One plan serves all users. With a plan for each, whoever is in fewer companies than others would have one made for each query.
--
-- It goes on behind the last block that a company has taken: a row that an update meets, or that the statement itself writes,
-- may have a combination that is newer than the map. Who creates combinations gets more of that.

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
  -- By a variable, since return (select ...) copies the map once more than this.
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
    -- Sorted first, and then looked up: so no chunk is copied on its way.
    left join lateral (select c
                         from postern_internal.block_bits(b.company, b.class_id, b.first_id, b.size, b.given, b.counted) as c
                        where b.size > 0
                       offset 0) as c (bits) on true;
  return map;
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.ledger_map() to public;
comment on function postern.ledger_map() is
'For the policies of protect_ledger: which posting combinations the current user may see, one bit each: get_bit(map, posting_combination_id). Errors: PS401, PS402.';
