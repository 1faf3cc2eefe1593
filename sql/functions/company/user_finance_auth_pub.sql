-- The documented WHERE EXISTS reads this view. It determines the user once per query, in an InitPlan. Everybody may
-- select from it, so that a policy or view that names it gives strangers the error of require_user_role, which refuses
-- them.

create or replace view postern.user_finance_auth_pub
with (security_barrier)
as
  select u.company, u.userid, u.is_default
    from postern_internal.company_user as u
   where u.userid = (select postern.current_userid() where postern.require_user_role());
grant select on postern.user_finance_auth_pub to public;
comment on view postern.user_finance_auth_pub is
'USER_FINANCE_AUTH_PUB: the companies of the current user, and which is the default. Errors: PS401, PS402.';
