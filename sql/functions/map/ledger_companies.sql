-- Uses the type name, because PostgreSQL reaches any element of an array in one step if all elements have the same
-- length. The array has no NULL, because with a NULL in it PostgreSQL would go through the elements one by one.

create or replace function postern.ledger_companies()
returns name[]
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
  return array(select b.company::name from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_companies() to public;
comment on function postern.ledger_companies() is
'For the policies of protect_ledger: for each of ledger_bounds, the company that owns the ids from there on; empty if it is none of the current user''s. Errors: PS401, PS402.';
