create or replace function postern.set_user_db_role(
  userid text,
  db_role name
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
  perform postern_internal.require_db_role(db_role);
  update postern_internal.end_user as e
     set db_role = set_user_db_role.db_role
   where e.userid = set_user_db_role.userid;
exception when unique_violation then
  raise exception using
    errcode = 'PS107',
    message = 'The database role belongs to another user',
    detail = format('userid is %s, db_role is %s.', to_jsonb(userid), quote_ident(db_role)),
    hint = 'Choose a role that postern.user_account does not list; a role can be only one user.';
end
$$;
revoke execute on function postern.set_user_db_role(text, name) from public;
grant execute on function postern.set_user_db_role(text, name) to postern_admin;
comment on function postern.set_user_db_role(text, name) is
'Sets the login role that is a user when no session is begun; NULL: none. Errors: PS107 no such user, role unknown or another user''s.';
