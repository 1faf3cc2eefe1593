create or replace function postern.ledger_shifts()
returns bigint[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return array(select b.shift from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_shifts() to public;
comment on function postern.ledger_shifts() is
'For the policies of protect_ledger: for each of ledger_bounds, what to add to an id from there on to get its place in the company''s part of internal_ledger_map. Errors: PS401, PS402.';
