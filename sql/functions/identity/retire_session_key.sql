create or replace function postern.retire_session_key(kid text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  update postern_internal.session_key as s
     set retired_at = coalesce(s.retired_at, clock_timestamp())
   where s.kid = retire_session_key.kid;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such session key',
      detail = format('kid is %s.', coalesce(to_jsonb(left(kid, 128))::text, 'NULL')),
      hint = 'Choose one of the keys in postern.session_key.';
  end if;
end
$$;
revoke execute on function postern.retire_session_key(text) from public;
grant execute on function postern.retire_session_key(text) to postern_admin;
comment on function postern.retire_session_key(text) is
'From the commit on, tokens signed with this key are refused. Retiring a key again changes nothing. Errors: PS107 no such key.';
