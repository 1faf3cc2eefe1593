create or replace view postern.user_account as
  select e.userid, e.description, e.db_role, e.active,
         case when c.hash is null then 'none' when c.must_change then 'must change' else 'set' end as pin,
         c.changed_at as pin_changed_at,
         c.failures,
         nullif(c.locked_until, '-infinity') as locked_until,
         e.created_at
    from postern_internal.end_user as e
    join postern_internal.credential as c on c.userid = e.userid;
revoke all on postern.user_account from public;
grant select on postern.user_account to postern_admin;
comment on view postern.user_account is 'End users, whether they have a PIN (none, must change, set), wrong responses since the last right one, and until when the credential is or was locked.';
