grant usage on schema authorize_comb_finance_api to postern_user, postern_admin;
comment on schema authorize_comb_finance_api is 'Mirror of Authorize_Comb_Finance_API: what a user may see in the general ledger.';
