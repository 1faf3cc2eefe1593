create or replace function user_finance_api.is_allowed(company text)
returns text
language sql
stable
return case when postern.is_current_company_user(company) then 'TRUE' else 'FALSE' end;
revoke execute on function user_finance_api.is_allowed(text) from public;
grant execute on function user_finance_api.is_allowed(text) to postern_user, postern_admin;
comment on function user_finance_api.is_allowed(text) is
'User_Finance_API.Is_Allowed: Is_Authorized as TRUE or FALSE. Errors: PS401, PS402.';
