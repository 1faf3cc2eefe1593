-- Pages, so that neither the server nor a client holds more than a page. A caller who wants one state of the database
-- reads all pages in a transaction at REPEATABLE READ, as "postern access report" does.

create or replace function postern.access_report(
  after_userid text default null,
  users integer default 1000
)
returns table (
  userid text,
  access jsonb
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  userids text[];
begin
  if users is null or users not between 1 and 10000 then
    raise exception using
      errcode = 'PS107',
      message = 'The size of the page is not usable',
      detail = format('users is %s.', coalesce(users::text, 'NULL')),
      hint = 'Pass 1 to 10000, and the last userid of a page as after_userid of the next one.';
  end if;
  userids := array(select e.userid
                     from postern_internal.end_user as e
                    where after_userid is null or e.userid > after_userid
                    order by e.userid
                    limit users);
  perform postern_internal.require_accounts(userids);
  return query
  select a.userid, a.access
    from postern_internal.users_access(userids) as a
   order by a.userid;
end
$$;
revoke execute on function postern.access_report(text, integer) from public;
grant execute on function postern.access_report(text, integer) to postern_admin, postern_auditor;
comment on function postern.access_report(text, integer) is
'What all users may see and do, one row a user, in the order of their ids. after_userid: the last userid of the page before; NULL: the first page. users: at most so many rows, 1 to 10000. access has: active, pin (none, must_change, set), locked_until (NULL: not locked), db_role with its roles and login (allowed, not_allowed, no_such_role or other_role), schemes (with which the user can approve), approves_for_others (with all_users_valid), companies (each with is_default, class, combinations: how many posting combinations the user may see, of_combinations: of how many, and ledgers), gates (ids of those that stop and that the user may approve), actions (names of those that the user can perform). Errors: PS107 users is out of range, or this transaction has answered a challenge.';
