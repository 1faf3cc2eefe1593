-- Identity by signed token. No table is written, so this works on a hot standby, and what it sets ends with the
-- transaction, so the next client of a pooled connection inherits nothing.

create or replace function postern.begin_session(token text)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  userid text := postern_internal.token_userid(token);
  setting text := postern_internal.session_setting(userid);
begin
  if setting is null then
    perform postern_internal.raise_token_invalid(format('Its subject %s is no active end user.', to_jsonb(left(userid, 128))));
  end if;
  perform set_config('postern.session', setting, true);
  return userid;
end
$$;
revoke execute on function postern.begin_session(text) from public;
grant execute on function postern.begin_session(text) to postern_app;
comment on function postern.begin_session(text) is
'Starts the session of an end user for this transaction. token: a JWT signed with HS256 by a key of postern.session_key; header kid; claims sub (user id), aud (name of this database), iat, exp, jti; nbf is honoured. Returns the user id. Errors: PS402 the token is forged, expired, not meant for this database, or names no active user.';
