-- PL/pgSQL without a SET clause, for speed in a new transaction: an SQL function that is not inlined is parsed and
-- planned again in each transaction. Called only by functions that pin their search_path.

create or replace function postern_internal.session_setting(userid text)
returns text
language plpgsql
stable
parallel safe
as $$
declare
  setting text;
begin
  select postern_internal.session_value(s.secret, e.userid)
    into setting
    from postern_internal.end_user as e
   cross join postern_internal.session_secret as s
   where e.userid = session_setting.userid
     and e.active;
  return setting;
end
$$;
revoke execute on function postern_internal.session_setting(text) from public;
comment on function postern_internal.session_setting(text) is
'The value of postern.session that proves userid in the current transaction of the current session role. NULL if userid is not an active end user.';
