-- A function and not a procedure. A procedure may commit only if it has neither SECURITY DEFINER nor SET clauses, and
-- then its caller would need rights in postern_internal. So a call is one transaction, which is kept short instead: no
-- step begins when the time is over, and each step is bounded. Whoever wants more calls again. psql, pg_cron and
-- programs do that alike, and nobody has to leave a transaction block.
--
-- No step waits for a transaction: rows that somebody has locked are left to the next call, and so is a table whose
-- lock is not free within 100 ms. Hence any number of callers may work at once. Nobody who approves, passes a gate or
-- creates a posting combination waits for a row that is locked here. The partitions come last, because approvals wait
-- for their locks on the log until the transaction ends: some milliseconds, once a month.

create or replace function postern.maintain(maximum_time interval default '1 second')
returns table (
  duty text,
  work text,
  done bigint,
  remaining bigint,
  note text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  ends_at timestamptz;
  most constant integer := 5000;  -- rows of a step
  duties constant text[] := array['posting combinations', 'expired tickets', 'event deliveries', 'log partitions'];
  works constant text[] := array[
    'blocks compiled into the maps of their classes',
    'tickets deleted, with the gates that they opened',
    'deliveries deleted that finished more than event_days ago',
    'months of the log given a partition'];
  counts bigint[] := array[0, 0, 0, 0]::bigint[];
  notes text[] := array[null, null, null, null]::text[];
  waiting bigint[];
  step bigint;
  block bigint;
  is_folded boolean;
begin
  -- Three roles may call this, but require_allowed_login takes only two.
  perform postern_internal.require_allowed_login(
    case when pg_has_role(session_user, 'postern_sealer', 'member') then 'postern_sealer'::name else 'postern_event_worker' end,
    'postern_admin');
  if maximum_time is null or maximum_time < interval '0' or maximum_time > interval '1 hour' then
    raise exception using
      errcode = 'PS107',
      message = 'The time for upkeep is not usable',
      detail = format('maximum_time is %s.', coalesce(maximum_time::text, 'NULL')),
      hint = 'Pass up to 1 hour, such as ''10 seconds'', and call it again while something remains.';
  end if;
  perform postern_internal.refuse_read_only();
  ends_at := postern_internal.deadline(maximum_time);
  for n in 1 .. cardinality(duties) loop
    begin
      case duties[n]
        when 'posting combinations' then
          if current_setting('transaction_isolation') <> 'read committed' then
            notes[n] := 'The transaction is not at READ COMMITTED.';
          end if;
          loop
            select f.first_id, f.is_folded into block, is_folded from postern_internal.fold_posting_combinations(block) as f;
            exit when block is null;
            counts[n] := counts[n] + is_folded::integer;
            -- Blocks whose classes are locked are skipped, for at most a second longer.
            exit when clock_timestamp() >= ends_at + case when counts[n] > 0 then interval '0' else interval '1 second' end;
          end loop;
        when 'expired tickets' then
          loop
            step := postern_internal.delete_expired_tickets(most);
            counts[n] := counts[n] + step;
            exit when step < most or clock_timestamp() >= ends_at;
          end loop;
        when 'event deliveries' then
          loop
            step := postern_internal.prune_event_deliveries(most);
            counts[n] := counts[n] + step;
            exit when step < most or clock_timestamp() >= ends_at;
          end loop;
        when 'log partitions' then
          if exists (select from postern_internal.missing_log_months(10000)) then
            counts[n] := postern_internal.add_log_partitions(10000, interval '0')::bigint;
          end if;
      end case;
    exception
      -- A duty that fails must not stop the others.
      when lock_not_available or object_not_in_prerequisite_state then
        counts[n] := 0::bigint;
        notes[n] := sqlerrm;
    end;
  end loop;
  begin
    select array_agg(w.waiting order by array_position(duties, w.duty)) into waiting from postern.waiting_upkeep() as w;
  exception
    -- Another call adds partitions just now. What this one did must stay done.
    when lock_not_available then
      waiting := null;
  end;
  return query
    select duties[n], works[n], counts[n], waiting[n], notes[n]
      from generate_subscripts(duties, 1) as n
     order by n;
end
$$;
revoke execute on function postern.maintain(interval) from public;
grant execute on function postern.maintain(interval) to postern_admin, postern_sealer, postern_event_worker;
comment on function postern.maintain(interval) is
'Does one round of upkeep in one short transaction: compiles new posting combinations into maps, deletes expired tickets and finished deliveries, and creates the log''s partitions for the coming months. maximum_time: up to 1 hour; after this no further step begins; ''0'': one step of each duty. "postern run", "log seal --every" and "event run" call it each minute; without them, let pg_cron do so. Returns a row for each duty: how much was done, how much remains (see postern.waiting_upkeep; NULL if a locked table hides it), and in note why something could not be done. Call it in a transaction of its own. Several sessions may call it at once; it waits for no transaction. Errors: PS107 maximum_time, 25006 nothing can be written, 42501 this login may not call it.';
