-- Starts a session on the word of a trusted application, which has authenticated the person itself.

create or replace function postern.assume_user(userid text)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Assignments, because PL/pgSQL evaluates an expression faster than a PERFORM.
  setting text := case when postern_internal.require_allowed_login('postern_trusted_app') then postern_internal.session_setting(userid) end;
begin
  if setting is null then
    userid := postern.resolve_userid(userid);
    setting := postern_internal.session_setting(userid);
  end if;
  if setting is null then
    raise exception using
      errcode = 'PS402',
      message = 'The session cannot be started',
      detail = format('%s is no active end user.', coalesce(to_jsonb(left(userid, 128))::text, 'NULL')),
      hint = 'Pass the user id of an active end user; an administrator creates one with postern.create_user.';
  end if;
  setting := set_config('postern.session', setting, true);
  return userid;
end
$$;
revoke execute on function postern.assume_user(text) from public;
grant execute on function postern.assume_user(text) to postern_trusted_app;
comment on function postern.assume_user(text) is
'Asserts the end user of this transaction by name, without a signature. Returns the user id in its original spelling. Errors: PS402 no such active user, 42501 this database does not allow the login.';
