create or replace view postern.event as
  select e.event, e.description, e.enabled,
         (select pg_catalog.count(*) from postern_internal.event_action as a where a.event = e.event) as actions,
         q.pending, q.dead, q.disabled_actions
    from postern_internal.event as e
    left join lateral (
     select coalesce(pg_catalog.sum(a.pending), 0)::bigint as pending,
            coalesce(pg_catalog.sum(a.dead), 0)::bigint as dead,
            pg_catalog.count(a.disabled_at) as disabled_actions
       from postern.event_action as a
      where a.event = e.event) as q on true;
revoke all on postern.event from public;
grant select on postern.event to postern_admin, postern_auditor;
comment on view postern.event is 'Events, the number of actions of each, and the number of deliveries that are pending or dead letters, counted as in postern.event_action. disabled_actions: those whose receiver wanted no more events.';
