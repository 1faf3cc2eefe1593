-- What a scan of millions of rows waits for is bytes that were put together once, as one flat value: get_bit on a stored
-- one would unpack it for each row.

create or replace function postern.ledger_map()
returns bytea
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
  companies text[];
  class_ids bigint[];
  map bytea;
begin
  select array_agg(u.company), array_agg(case when c.row_level_security then u.class_id end)
    into companies, class_ids
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id
     and (u.class_id is not null or not c.row_level_security);
  -- By a variable, since return (select ...) copies the map once more than this.
  select string_agg(c.bits, ''::bytea) into map from postern_internal.map_chunks(companies, class_ids) as c (bits);
  return map;
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.ledger_map() to public;
comment on function postern.ledger_map() is
'For the policies of protect_ledger: which posting combinations the current user may see, one bit each: get_bit(map, posting_combination_id). Errors: PS401, PS402.';
