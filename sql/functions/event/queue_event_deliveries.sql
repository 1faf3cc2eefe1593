-- Queues what has been committed since the last run. One branch reads entries of transactions that were in progress
-- then, the other those of transactions that began later. So a transaction that stays open for hours does not make
-- every run read the entries of these hours again. log_id + 0 keeps the planner from reading the whole log by its
-- index.

create or replace function postern_internal.queue_event_deliveries(event_action_id integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  wanted postern_internal.outcome;
  action record;
  queue_to pg_snapshot;
begin
  -- Only one worker queues; meanwhile others go on to deliver.
  select a.event, a.queued_to, a.after_log_id into action
    from postern_internal.event_action as a
   where a.event_action_id = queue_event_deliveries.event_action_id
     for no key update skip locked;
  if not found then
    return;
  end if;
  select e.outcome into wanted from postern_internal.event as e where e.event = action.event and e.enabled;
  if not found then
    return;
  end if;

  queue_to := postern_internal.event_snapshot();
  insert into postern_internal.event_delivery (event_action_id, log_id)
  select queue_event_deliveries.event_action_id, e.log_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = any (array(select pg_snapshot_xip(action.queued_to)))
     and pg_visible_in_snapshot(e.transaction_id, queue_to)
     and e.log_id + 0 > action.after_log_id
     and e.outcome = wanted
  union all
  select queue_event_deliveries.event_action_id, e.log_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id >= pg_snapshot_xmax(action.queued_to)
     and e.transaction_id < pg_snapshot_xmax(queue_to)
     and pg_visible_in_snapshot(e.transaction_id, queue_to)
     and e.log_id + 0 > action.after_log_id
     and e.outcome = wanted
  on conflict do nothing;

  update postern_internal.event_action as a
     set queued_to = queue_to, queued_at = clock_timestamp()
   where a.event_action_id = queue_event_deliveries.event_action_id;
end
$$;
revoke execute on function postern_internal.queue_event_deliveries(integer) from public;
comment on function postern_internal.queue_event_deliveries(integer) is
'Queues the entries of the log that have been committed since the last time and are of the action''s event. Does nothing if another session is doing the same, or if the event is disabled.';
