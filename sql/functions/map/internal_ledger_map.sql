-- Contains only blocks of companies to whose ledgers the user is connected, once per class that the user has there. One
-- map per ledger, built like ledger_map, would be far longer, because it would cover the IDs of all companies.

create or replace function postern.internal_ledger_map()
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
  select string_agg(c.bits, ''::bytea)
    into map
    from (select p.class_id, b.company, b.first_id, b.size, b.given, b.counted
            from postern_internal.internal_ledger_part(current_user_id) as p
            join postern_internal.combination_block as b on b.company = p.company
           order by p.part_no, b.first_id) as b
   cross join lateral (select c
                         from postern_internal.block_bits(b.company, b.class_id, b.first_id, b.size, b.given, b.counted) as c
                       offset 0) as c (bits);
  return map;
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.internal_ledger_map() to public;
comment on function postern.internal_ledger_map() is
'For the policies of protect_ledger: which posting combinations the current user may see in internal ledgers, one bit each, in parts: see internal_ledger_offsets and ledger_shifts. Errors: PS401, PS402.';
