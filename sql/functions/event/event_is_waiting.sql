-- Called before queueing, because queueing writes a row, and usually there is nothing new. log_id + 0 keeps the planner
-- from using the index on log_id, whatever the statistics: it would read the whole log each time.

create or replace function postern_internal.event_is_waiting(event_action_id integer)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select exists (
           select
             from postern_internal.checkpoint_entry as e
            where e.transaction_id = any (array(select pg_snapshot_xip(a.queued_to)))
              and e.log_id + 0 > a.after_log_id
              and e.outcome = v.outcome)
      or exists (
           select
             from postern_internal.checkpoint_entry as e
            where e.transaction_id >= pg_snapshot_xmax(a.queued_to)
              and e.log_id + 0 > a.after_log_id
              and e.outcome = v.outcome)
      -- Otherwise entries with other outcomes would be read again and again.
      or a.queued_at < clock_timestamp() - interval '1 minute'
         and pg_snapshot_xmax(a.queued_to) < pg_snapshot_xmax(pg_current_snapshot())
    from postern_internal.event_action as a
    join postern_internal.event as v on v.event = a.event
   where a.event_action_id = event_is_waiting.event_action_id
     and v.enabled
     and a.disabled_at is null
$$;
revoke execute on function postern_internal.event_is_waiting(integer) from public;
comment on function postern_internal.event_is_waiting(integer) is
'Whether queue_event_deliveries may find something to queue, or has not looked for a minute.';
