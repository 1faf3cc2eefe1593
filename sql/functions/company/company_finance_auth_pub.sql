create or replace view postern.company_finance_auth_pub
with (security_barrier)
as
  select a.company, a.userid, a.is_default
    from postern.user_finance_auth_pub as a;
grant select on postern.company_finance_auth_pub to public;
comment on view postern.company_finance_auth_pub is
'COMPANY_FINANCE_AUTH_PUB, deprecated: use postern.user_finance_auth_pub, which it shows.';
