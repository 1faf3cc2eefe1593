create or replace view postern.company_user as
  select u.company, u.userid, u.is_default, c.class
    from postern_internal.company_user as u
    left join postern_internal.authority_class as c on c.class_id = u.class_id;
revoke all on postern.company_user from public;
grant select on postern.company_user to postern_admin, postern_auditor;
comment on view postern.company_user is 'The users of each company with their authority class, for administrators. Users see their own rows in postern.user_finance_auth_pub.';
