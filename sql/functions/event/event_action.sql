create or replace view postern.event_action as
  select a.name, a.event, a.kind::text as kind, a.target, a.condition, a.template, a.allow_internal, a.created_at, a.created_by,
         q.pending, q.dead, q.oldest_pending_at
    from postern_internal.event_action as a
    left join lateral (
     select pg_catalog.count(*) filter (where d.state = 'pending') as pending,
            pg_catalog.count(*) filter (where d.state = 'dead') as dead,
            pg_catalog.min(d.due_at) filter (where d.state = 'pending') as oldest_pending_at
       from postern_internal.event_delivery as d
      where d.event_action_id = a.event_action_id
        and d.state in ('pending', 'dead')) as q on true;
revoke all on postern.event_action from public;
grant select on postern.event_action to postern_admin, postern_event_worker;
comment on view postern.event_action is 'Who is told of which event, and how; never the secret that a webhook is signed with. pending: deliveries that wait; dead: those that were given up.';
