-- Who waits for a lock has everybody behind it wait too. So this waits for a moment only, lets the others pass, and tries
-- again: no business transaction stands behind one that waits for somebody who is idle in transaction.

create or replace function postern_internal.lock_log(
  mode text,
  timeout interval,
  variadic tables regclass[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  one regclass;
  gives_up_at constant timestamptz := clock_timestamp() + timeout;
begin
  loop
    begin
      foreach one in array tables loop
        case mode
          when 'share' then
            execute format('lock table only %s in share mode', one);
          when 'share update exclusive' then
            execute format('lock table only %s in share update exclusive mode', one);
          when 'access exclusive' then
            execute format('lock table only %s in access exclusive mode', one);
        end case;
      end loop;
      return;
    exception when lock_not_available or deadlock_detected then
      if clock_timestamp() >= gives_up_at then
        raise exception using
          errcode = '55P03',
          message = 'The log is in use',
          detail = format('Another transaction has had a lock on one of these for %s: %s.', timeout, array_to_string(tables, ', ')),
          hint = 'Nothing was changed; try again. Who has it: select a.pid, a.usename, a.state, a.xact_start, a.query from pg_stat_activity as a join pg_locks as l on l.pid = a.pid join pg_partition_tree(''postern_internal.checkpoint_entry'') as p on p.relid = l.relation where a.datname = current_database() order by a.xact_start;';
      end if;
    end;
    perform pg_sleep(0.2);
  end loop;
end
$$;
revoke execute on function postern_internal.lock_log(text, interval, regclass[]) from public;
comment on function postern_internal.lock_log(text, interval, regclass[]) is
'Locks tables of the log without those under them, all or none. mode: as in LOCK TABLE. timeout: for how long to try. Errors: 55P03 others have them locked.';
