create or replace function postern_internal.session_setting(userid text)
returns text
language sql
stable
parallel safe
begin atomic
  select pg_catalog.convert_from(
           postern_internal.session_value(s.secret, pg_catalog.convert_to(session_setting.userid, 'UTF8')),
           'UTF8')
    from postern_internal.session_secret as s;
end;
revoke execute on function postern_internal.session_setting(text) from public;
comment on function postern_internal.session_setting(text) is
'The value of postern.session that proves userid in the current transaction of the current session role.';
