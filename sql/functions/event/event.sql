create or replace view postern.event as
  select e.event, e.description, e.enabled,
         (select pg_catalog.count(*) from postern_internal.event_action as a where a.event = e.event) as actions,
         q.pending, q.dead
    from postern_internal.event as e
    left join lateral (
     select pg_catalog.count(*) filter (where d.state = 'pending') as pending,
            pg_catalog.count(*) filter (where d.state = 'dead') as dead
       from postern_internal.event_action as a
       join postern_internal.event_delivery as d on d.event_action_id = a.event_action_id
      where a.event = e.event) as q on true;
revoke all on postern.event from public;
grant select on postern.event to postern_admin, postern_auditor;
comment on view postern.event is 'Events, how many actions each has, and how many deliveries wait or are dead letters. What has been committed since a worker last looked is not counted yet.';
