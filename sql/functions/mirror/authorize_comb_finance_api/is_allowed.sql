create or replace function authorize_comb_finance_api.is_allowed(
  company text,
  posting_combination_id numeric
)
returns text
language sql
stable
parallel safe
return case when postern.is_combination_allowed(company, posting_combination_id) then 'TRUE' else 'FALSE' end;
revoke execute on function authorize_comb_finance_api.is_allowed(text, numeric) from public;
grant execute on function authorize_comb_finance_api.is_allowed(text, numeric) to postern_user, postern_admin;
comment on function authorize_comb_finance_api.is_allowed(text, numeric) is
'Authorize_Comb_Finance_API.Is_Allowed: whether the current user may see rows of a company with this posting combination, as TRUE or FALSE. The id may also be a bigint. Errors: PS401, PS402.';
