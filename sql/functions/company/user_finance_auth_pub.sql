-- Where every question about companies ends: policies, mirrored functions and the documented WHERE EXISTS all read this
-- view. The user is asked for once a query, in an InitPlan.

create or replace view postern.user_finance_auth_pub
with (security_barrier)
as
  select u.company, u.userid, u.is_default
    from postern_internal.company_user as u
   where u.userid = (select postern.current_userid());
revoke all on postern.user_finance_auth_pub from public;
grant select on postern.user_finance_auth_pub to postern_user, postern_admin;
comment on view postern.user_finance_auth_pub is
'USER_FINANCE_AUTH_PUB: the companies of the current user, and which is the default. Errors: PS401, PS402.';
