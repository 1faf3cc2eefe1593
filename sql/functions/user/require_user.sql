create or replace function postern_internal.require_user(
  userid text,
  code text default 'PS107'
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from postern_internal.end_user as e where e.userid = require_user.userid) then
    raise exception using
      errcode = code,
      message = 'There is no such user',
      detail = format('userid is %s.', coalesce(to_jsonb(left(userid, 128))::text, 'NULL')),
      hint = 'Choose one of the users in postern.user_account.';
  end if;
end
$$;
revoke execute on function postern_internal.require_user(text, text) from public;
comment on function postern_internal.require_user(text, text) is 'Errors: the SQLSTATE code, if there is no such user.';
