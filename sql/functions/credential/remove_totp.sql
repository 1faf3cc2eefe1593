create or replace function postern.remove_totp(userid text)
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
     set totp_secret = null, totp_pending = null
   where c.userid = remove_totp.userid;
  perform postern_internal.expire_tickets(userid);
end
$$;
revoke execute on function postern.remove_totp(text) from public;
grant execute on function postern.remove_totp(text) to postern_admin;
comment on function postern.remove_totp(text) is
'Removes the authenticator app of a user, who has lost it or gets another one. Ends the unused tickets that the user has approved, and those that somebody else approved in a session of the user. With the PIN, the user can then enrol a new app. Errors: PS107 no such user.';
