-- STABLE, like everything that a policy calls, so that it does not change plans. It reads the rules with the
-- statement's snapshot, and only the new code string with a newer one. Its declared cost is that of a built-in
-- function, because hardly any row gets here.

create or replace function postern.is_new_combination_allowed(
  company text,
  posting_combination_id numeric
)
returns boolean
language plpgsql
stable
cost 1
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern.is_combination_allowed(company, posting_combination_id);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.is_new_combination_allowed(text, numeric) to public;
comment on function postern.is_new_combination_allowed(text, numeric) is
'For the policies of protect_ledger: is_combination_allowed, where has_new_combinations. Errors: PS401, PS402.';
