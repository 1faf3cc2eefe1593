create or replace view postern.event_action as
  select a.name, a.event, a.kind::text as kind, a.target, a.condition, a.template, a.allow_internal, a.created_at, a.created_by,
         (u.entries + q.pending)::bigint as pending, q.dead, least(u.oldest, q.oldest_pending_at) as oldest_pending_at,
         a.disabled_at, a.disabled_reason
    from postern_internal.event_action as a
   cross join lateral postern.unqueued_events(a.name) as u
    left join lateral (
     select pg_catalog.count(*) filter (where d.state = 'pending') as pending,
            pg_catalog.count(*) filter (where d.state = 'dead') as dead,
            pg_catalog.min(d.due_at) filter (where d.state = 'pending') as oldest_pending_at
       from postern_internal.event_delivery as d
      where d.event_action_id = a.event_action_id
        and d.state in ('pending', 'dead')) as q on true;
revoke all on postern.event_action from public;
grant select on postern.event_action to postern_admin, postern_event_worker;
comment on view postern.event_action is 'Which receiver is notified of which event, and how; never the secret of a webhook. pending: deliveries that wait, and entries of the log that no worker has queued yet (counted among the 10000 oldest new ones). dead: deliveries that were given up. oldest_pending_at: when the first pending one was due, or logged. disabled_at, disabled_reason: since when and why nothing is delivered, until postern.enable_event_action.';
