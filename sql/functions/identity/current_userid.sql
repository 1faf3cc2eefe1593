-- The one place that says who the end user is. Everything that guards something asks here, some for each row. Hence a
-- search_path that is the same as everywhere, pg_catalog and then pg_temp, but spelled shorter: pg_catalog comes first
-- where it is not named, and naming it takes a look-up more in each call.

create or replace function postern.current_userid()
returns text
language plpgsql
stable
parallel safe
security definer
set search_path = pg_temp
as $$
declare
  setting text := current_setting('postern.session', true);
  secret bytea;
  known text;
begin
  -- This is the path that counts, and so it comes first: one read that fetches nothing else, one comparison.
  select s.secret into secret from postern_internal.session_secret as s;
  if postern_internal.is_proven(setting, secret) then
    return split_part(setting, E'\t', 2);
  end if;
  -- After a transaction the setting reads back as '', not NULL: both mean that nobody was asserted.
  if setting <> '' then
    raise exception using
      errcode = 'PS402',
      message = 'The session is not valid in this transaction',
      detail = 'The setting postern.session was made up, or copied from another transaction or database role.',
      hint = 'Clear what an earlier client of the connection has left (reset postern.session; or: discard all), and call postern.begin_session(token) in this transaction.';
  end if;

  select e.userid into known from postern_internal.end_user as e where e.db_role = session_user and e.active;
  if not found then
    raise exception using
      errcode = 'PS401',
      message = 'No end user is known for this session',
      detail = format('Nobody was asserted in this transaction, and the database role %I is mapped to no active end user.', session_user),
      hint = 'Call postern.begin_session(token) at the start of each transaction, or have an administrator map the role with postern.create_user(userid, description, db_role).';
  end if;
  return known;
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.current_userid() to public;
comment on function postern.current_userid() is
'The end user of this transaction: the one asserted by begin_session or assume_user, else the one whose db_role is session_user. Not affected by SET ROLE. Errors: PS401 nobody is known, PS402 the session setting is forged, or from another transaction or database role.';
