create or replace function postern.set_user_active(
  userid text,
  active boolean
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  if active is null then
    raise exception using
      errcode = 'PS107',
      message = 'active is missing',
      detail = 'active is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.end_user as e set active = set_user_active.active where e.userid = set_user_active.userid;
  if not active then
    perform postern_internal.expire_tickets(userid);
  end if;
end
$$;
revoke execute on function postern.set_user_active(text, boolean) from public;
grant execute on function postern.set_user_active(text, boolean) to postern_admin;
comment on function postern.set_user_active(text, boolean) is
'Activates or deactivates a user. An inactive user gets no new session, approves nothing, and can use no earlier approval; nor can an approval that somebody else gave in a session of the user be used. Transactions that have begun continue. Users are never deleted, because the log names them. Errors: PS107 no such user.';
