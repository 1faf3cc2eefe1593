-- See is_new_combination_allowed.

create or replace function postern.is_new_ledger_combination_allowed(
  company text,
  ledger_id text,
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
  return postern.is_ledger_combination_allowed(company, ledger_id, posting_combination_id);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.is_new_ledger_combination_allowed(text, text, numeric) to public;
comment on function postern.is_new_ledger_combination_allowed(text, text, numeric) is
'For the policies of protect_ledger: is_ledger_combination_allowed, where has_new_combinations. Errors: PS401, PS402.';
