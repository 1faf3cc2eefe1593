create or replace function postern.unlock_user(userid text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update postern_internal.credential as c
     set failures = 0, locked_until = '-infinity'
   where c.userid = unlock_user.userid;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such user',
      detail = format('userid is %s.', coalesce(to_jsonb(left(userid, 128))::text, 'NULL')),
      hint = 'See postern.user_account for the users there are.';
  end if;
end
$$;
revoke execute on function postern.unlock_user(text) from public;
grant execute on function postern.unlock_user(text) to postern_admin;
comment on function postern.unlock_user(text) is
'Ends a lock-out before its time and forgets the failed attempts. Errors: PS107 no such user.';
