-- Queues what has been committed since the last run. A transaction is queued as a whole, so all its changes of the
-- administration are here together, and the first of them stands for all. Only these are grouped: the other events keep
-- a plan without a sort, and the order of their entries.

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
  if wanted = 'administered' then
    insert into postern_internal.event_delivery (event_action_id, log_id)
    select queue_event_deliveries.event_action_id, min(c.log_id)
      from postern_internal.committed_entries(action.queued_to, queue_to, action.after_log_id, wanted) as c
     group by c.transaction_id
     order by min(c.log_id)
    on conflict do nothing;
  else
    insert into postern_internal.event_delivery (event_action_id, log_id)
    select queue_event_deliveries.event_action_id, c.log_id
      from postern_internal.committed_entries(action.queued_to, queue_to, action.after_log_id, wanted) as c
    on conflict do nothing;
  end if;

  update postern_internal.event_action as a
     set queued_to = queue_to, queued_at = clock_timestamp()
   where a.event_action_id = queue_event_deliveries.event_action_id;
end
$$;
revoke execute on function postern_internal.queue_event_deliveries(integer) from public;
comment on function postern_internal.queue_event_deliveries(integer) is
'Queues the entries of the log that have been committed since the last time and are of the action''s event; of the administration, one for each transaction. Does nothing if another session is doing the same, or if the event is disabled.';
