-- Workers queue events from the log: without a worker, nothing is queued and nobody is notified. Reads only the oldest
-- waiting entries, because years may be waiting. Runs with its owner's rights, because its callers need not see the
-- log.

create or replace function postern.unqueued_events(
  name text,
  out entries bigint,
  out oldest timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select case when bool_and(w.outcome = 'administered') then count(distinct w.transaction_id) else count(*) end, min(w.logged_at)
    from postern_internal.event_action as a
    join postern_internal.event as v on v.event = a.event and v.enabled
   cross join lateral (
     select e.log_id, e.outcome, e.logged_at, e.transaction_id
       from postern_internal.checkpoint_entry as e
      where e.transaction_id = any (array(select pg_snapshot_xip(a.queued_to)))
      union all
    (select e.log_id, e.outcome, e.logged_at, e.transaction_id
       from postern_internal.checkpoint_entry as e
      where e.transaction_id >= pg_snapshot_xmax(a.queued_to)
      order by e.transaction_id
      limit 10000)
   ) as w
   where a.name = unqueued_events.name
     -- A copy of the database queues nothing, by design.
     and not postern_internal.is_moved(a.place)
     and w.outcome = v.outcome
     and w.log_id > a.after_log_id
$$;
revoke execute on function postern.unqueued_events(text) from public;
grant execute on function postern.unqueued_events(text) to postern_admin, postern_auditor, postern_event_worker;
comment on function postern.unqueued_events(text) is
'For postern.event_action and postern.doctor: how many entries of the log, or for the administration transactions, an action has to deliver that no worker has queued yet, among the 10000 oldest new ones, and when the first of them was logged. name: of the action. postern.event_action counts them as pending.';
