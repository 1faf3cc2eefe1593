-- Hides the users who were authenticated in this transaction. Their count of failures would reveal the verdict of an
-- attempt that can still be rolled back. security_barrier, because a function in the reader's WHERE would otherwise see
-- the rows first. offset 0, because the barrier lets a condition like failures = 0 through, and EXPLAIN ANALYZE would
-- count the rows that met it.

create or replace view postern.user_account
with (security_barrier)
as
  select e.userid, e.description, e.db_role, e.active,
         case when c.hash is null then 'none' when c.must_change then 'must_change' else 'set' end as pin,
         c.changed_at as pin_changed_at,
         c.failures,
         nullif(c.locked_until, '-infinity') as locked_until,
         e.created_at,
         case when c.totp_secret is not null then 'set' when c.totp_pending is not null then 'not_confirmed' else 'none' end as totp
    from postern_internal.end_user as e
    join postern_internal.credential as c on c.userid = e.userid
   where not exists (select
                       from postern_internal.own_entry as l
                      where l.outcome in ('denied', 'locked', 'refused', 'accepted')
                        and e.userid in (l.userid, l.authenticated_by))
  offset 0;
revoke all on postern.user_account from public;
grant select on postern.user_account to postern_admin;
comment on view postern.user_account is 'End users; whether they have a PIN (none, must_change, set) and an authenticator app (none, not_confirmed, set); how many wrong responses followed the last right one; and until when the credential is or was locked.';
