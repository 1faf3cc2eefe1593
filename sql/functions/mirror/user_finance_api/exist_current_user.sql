create or replace function user_finance_api.exist_current_user(company text)
returns void
language sql
stable
return postern.require_company_user(company, postern.current_userid());
revoke execute on function user_finance_api.exist_current_user(text) from public;
grant execute on function user_finance_api.exist_current_user(text) to postern_user, postern_admin;
comment on function user_finance_api.exist_current_user(text) is
'User_Finance_API.Exist_Current_User: raises an error unless the current user is a user of company. Errors: PS201, PS401, PS402.';
