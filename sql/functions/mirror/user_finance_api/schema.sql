grant usage on schema user_finance_api to postern_user, postern_admin;
comment on schema user_finance_api is 'Mirror of User_Finance_API: whether a user may work in a company.';
