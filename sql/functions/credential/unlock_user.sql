create or replace function postern.unlock_user(userid text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  update postern_internal.credential as c
     set failures = 0, lockouts = 0, locked_until = '-infinity', denials = 0, cancels = 0, unlocked_at = clock_timestamp()
   where c.userid = unlock_user.userid;
end
$$;
revoke execute on function postern.unlock_user(text) from public;
grant execute on function postern.unlock_user(text) to postern_admin;
comment on function postern.unlock_user(text) is
'Ends a lock-out early. Resets the failed attempts, the earlier lock-outs, and the counts for denials_per_hour and cancels_per_hour. Errors: PS107 no such user.';
