-- A partition is created separately and then attached. That locks the default partition for a moment; PARTITION OF
-- would lock the whole log. Entries of a month without a partition are in the default one, and must leave it first.

create or replace function postern_internal.add_log_partitions(
  maximum_moved bigint,
  timeout interval
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO'
as $$
declare
  month timestamptz;
  next_month timestamptz;
  name text;
  made integer := 0;
begin
  -- Takes the exclusive lock first: two transactions that had both read the default partition would block each other.
  perform postern_internal.lock_log('share update exclusive', timeout, 'postern_internal.checkpoint_entry');
  foreach month in array array(select m from postern_internal.missing_log_months(maximum_moved) as m)
  loop
    if made = 0 then
      perform postern_internal.lock_log('access exclusive', timeout, 'postern_internal.checkpoint_entry_default');
    end if;
    next_month := month + interval '1 month';
    name := 'checkpoint_entry_' || to_char(month, 'YYYY_MM');
    if to_regclass('postern_internal.' || name) is not null then
      raise exception using
        errcode = '55000',
        message = format('postern_internal.%s is not the log''s partition of its month', name),
        detail = 'It was detached, or made by somebody else.',
        hint = 'Find out with "postern log verify" whether entries are missing; then attach it again, or rename it.';
    end if;
    execute format('create table postern_internal.%I (like postern_internal.checkpoint_entry including defaults)', name);
    execute format('comment on table postern_internal.%I is %L', name, 'The log of a month (UTC).');
    if exists (select from postern_internal.checkpoint_entry_default as e where e.logged_at >= month and e.logged_at < next_month) then
      alter table postern_internal.checkpoint_entry_default disable trigger refuse_change;
      execute format(
        'with moved as (delete from postern_internal.checkpoint_entry_default as e where e.logged_at >= $1 and e.logged_at < $2 returning e.*)
         insert into postern_internal.%I select m.* from moved as m', name)
        using month, next_month;
      alter table postern_internal.checkpoint_entry_default enable trigger refuse_change;
    end if;
    execute format('alter table postern_internal.checkpoint_entry attach partition postern_internal.%I for values from (%L) to (%L)',
                   name, month, next_month);
    perform postern_internal.guard_log_partition(format('postern_internal.%I', name)::regclass);
    made := made + 1;
  end loop;
  return made;
end
$$;
revoke execute on function postern_internal.add_log_partitions(bigint, interval) from public;
comment on function postern_internal.add_log_partitions(bigint, interval) is
'Does the work of postern.create_log_partitions. timeout: for how long to try if the log is in use; 0: one attempt of at most 100 ms for each lock.';
