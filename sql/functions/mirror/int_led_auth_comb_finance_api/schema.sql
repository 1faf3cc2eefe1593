grant usage on schema int_led_auth_comb_finance_api to postern_user, postern_admin;
comment on schema int_led_auth_comb_finance_api is 'Mirror of Int_Led_Auth_Comb_Finance_API: what a user may see in internal ledgers.';
