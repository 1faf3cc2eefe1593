create or replace function fnd_session_api.get_fnd_user()
returns text
language sql
stable
parallel safe
return postern.current_userid();
revoke execute on function fnd_session_api.get_fnd_user() from public;
grant execute on function fnd_session_api.get_fnd_user() to postern_user, postern_admin;
comment on function fnd_session_api.get_fnd_user() is
'Fnd_Session_API.Get_Fnd_User: the end user of this transaction, see postern.current_userid(). Errors: PS401, PS402.';
