-- The one place that says who the end user is. Every check asks here, some of them once per row. Its search_path has
-- the same effect as the usual one (pg_catalog, then pg_temp) but is spelled shorter: PostgreSQL searches pg_catalog
-- first when it is not named, and naming it costs one more look-up per call.

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
  -- The common case comes first: one read of one column, one comparison.
  select s.secret into secret from postern_internal.session_secret as s;
  if postern_internal.is_proven(setting, secret) then
    return split_part(setting, E'\t', 2);
  end if;
  -- After a transaction the setting reads back as '' instead of NULL. Both mean that no user was asserted.
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
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.current_userid() to public;
comment on function postern.current_userid() is
'The end user of this transaction: the one asserted by begin_session or assume_user, otherwise the one whose db_role is session_user. SET ROLE does not affect it. Errors: PS401 no user is known; PS402 the session setting is forged, or comes from another transaction or database role.';
