-- If the key is valid, the id tells the company. So the policy reads no other column, and a query may need only an
-- index on the id. STABLE, and cheap for the planner, for the reasons given in is_new_combination_allowed.

create or replace function postern.is_new_keyed_combination_allowed(posting_combination_id numeric)
returns boolean
language plpgsql
stable
cost 1
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern.is_combination_allowed(postern_internal.new_combination_company(postern_internal.combination_id(posting_combination_id)),
                                        posting_combination_id);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.is_new_keyed_combination_allowed(numeric) to public;
comment on function postern.is_new_keyed_combination_allowed(numeric) is
'For the policies of protect_ledger if a foreign key ties the company of a row to its posting combination: is_new_combination_allowed in the combination''s company. Errors: PS401, PS402.';
