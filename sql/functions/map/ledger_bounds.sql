-- Returns float8 because width_bucket searches float8 bounds without calling a function for each comparison. IDs are
-- exact up to 2^53, and larger ones lie behind all bounds.

create or replace function postern.ledger_bounds()
returns double precision[]
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
  return array(select b.bound::double precision from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_bounds() to public;
comment on function postern.ledger_bounds() is
'For the policies of protect_ledger: the ids at which blocks of the current user''s companies begin or end, ascending. width_bucket(id, bounds) is the position of an id in ledger_companies and ledger_shifts. Errors: PS401, PS402.';
