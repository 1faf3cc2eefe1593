-- PostgreSQL compares intervals as if each month had 30 days, and adds them by the calendar. A caller who may wait for
-- an hour could pass '1 year -360 days', which compares as nothing and is five days.

create or replace function postern_internal.deadline(timeout interval)
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select clock_timestamp() + justify_interval(timeout)
$$;
revoke execute on function postern_internal.deadline(interval) from public;
comment on function postern_internal.deadline(interval) is 'The moment that is timeout after now. timeout: has been compared with a limit, and takes no longer than it compares. Uses the clock, because now() stands still within a transaction.';
