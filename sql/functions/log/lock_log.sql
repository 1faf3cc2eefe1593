-- Other transactions queue behind one that waits for a lock. So this waits only for a moment, lets the others pass, and
-- tries again. Otherwise business transactions would wait behind it for a session that is idle in transaction.

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
  gives_up_at constant timestamptz := postern_internal.deadline(timeout);
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
          hint = 'Try again: nothing was changed. To see who holds a lock, run: select a.pid, a.usename, a.state, a.xact_start, a.query from pg_stat_activity as a join pg_locks as l on l.pid = a.pid join pg_partition_tree(''postern_internal.checkpoint_entry'') as p on p.relid = l.relation where a.datname = current_database() order by a.xact_start;';
      end if;
    end;
    perform pg_sleep(0.2);
  end loop;
end
$$;
revoke execute on function postern_internal.lock_log(text, interval, regclass[]) from public;
comment on function postern_internal.lock_log(text, interval, regclass[]) is
'Locks tables of the log without their partitions, all of them or none. mode: as in LOCK TABLE. timeout: for how long to try. Errors: 55P03 others have locked them.';
