create or replace function postern_internal.deliveries_kept_since()
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select clock_timestamp() - make_interval(days => postern_internal.setting_integer('event_days'))
$$;
revoke execute on function postern_internal.deliveries_kept_since() from public;
comment on function postern_internal.deliveries_kept_since() is 'Deliveries that finished before this moment are deleted, except dead letters.';
