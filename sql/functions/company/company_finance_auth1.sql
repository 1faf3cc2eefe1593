create or replace view postern.company_finance_auth1
with (security_barrier)
as
  select a.company, a.userid, a.is_default
    from postern.user_finance_auth_pub as a;
grant select on postern.company_finance_auth1 to public;
comment on view postern.company_finance_auth1 is
'COMPANY_FINANCE_AUTH1, deprecated: use postern.user_finance_auth_pub, which it shows.';
