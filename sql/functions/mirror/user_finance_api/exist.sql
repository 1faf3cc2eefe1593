create or replace function user_finance_api.exist(
  company text,
  userid text
)
returns void
language sql
stable
return postern.require_company_user(company, userid);
revoke execute on function user_finance_api.exist(text, text) from public;
grant execute on function user_finance_api.exist(text, text) to postern_user, postern_admin;
comment on function user_finance_api.exist(text, text) is
'User_Finance_API.Exist: raises an error unless userid is a user of company. It also raises it if the current user asks about somebody else in a company of which they are not a user themselves. Errors: PS201, PS401, PS402.';
