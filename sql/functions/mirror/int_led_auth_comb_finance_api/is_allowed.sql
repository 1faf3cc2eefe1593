create or replace function int_led_auth_comb_finance_api.is_allowed(
  company text,
  ledger_id text,
  posting_combination_id numeric
)
returns text
language sql
stable
parallel safe
return case when postern.is_ledger_combination_allowed(company, ledger_id, posting_combination_id) then 'TRUE' else 'FALSE' end;
revoke execute on function int_led_auth_comb_finance_api.is_allowed(text, text, numeric) from public;
grant execute on function int_led_auth_comb_finance_api.is_allowed(text, text, numeric) to postern_user, postern_admin;
comment on function int_led_auth_comb_finance_api.is_allowed(text, text, numeric) is
'Int_Led_Auth_Comb_Finance_API.Is_Allowed: whether the current user may see rows of an internal ledger with this posting combination, as TRUE or FALSE. The id may also be a bigint. Errors: PS401, PS402.';
