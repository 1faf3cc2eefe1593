create or replace function user_finance_api.is_user_authorized(company text)
returns boolean
language sql
stable
return postern.is_current_company_user(company);
revoke execute on function user_finance_api.is_user_authorized(text) from public;
grant execute on function user_finance_api.is_user_authorized(text) to postern_user, postern_admin;
comment on function user_finance_api.is_user_authorized(text) is
'User_Finance_API.Is_User_Authorized: as Is_Authorized. Errors: PS401, PS402.';
