create or replace function postern_internal.challenge_expiry()
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select clock_timestamp() + make_interval(secs => postern_internal.setting_integer('challenge_seconds'))
$$;
revoke execute on function postern_internal.challenge_expiry() from public;
comment on function postern_internal.challenge_expiry() is 'When a challenge made now expires. Uses the clock, because now() stands still within a transaction.';
