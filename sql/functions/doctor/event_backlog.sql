-- A running worker looks every minute.

create or replace view postern_internal.event_backlog as
  select 'warn' as level, 'event_backlog' as code, 'event action ' || quote_ident(a.name) as object,
         'Nobody delivers events' as title,
         concat_ws('; ',
           case when w.oldest is not null then format('Entries of the log wait to be queued, the oldest since %s', to_char(w.oldest at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) end,
           case when d.deliveries > 0 then format('%s deliveries are due since %s', d.deliveries, to_char(d.oldest at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) end) || '.' as detail,
         format('Have a worker run: postern run, or postern event run. If nobody is to be notified any more: select postern.remove_event_action(%L);', a.name) as fix
    from postern_internal.event_action as a
    join postern_internal.event as v on v.event = a.event and v.enabled
    left join lateral (
     select u.oldest
       from postern.unqueued_events(a.name) as u
      where a.queued_at < now() - interval '15 minutes' and u.oldest < now() - interval '15 minutes'
   ) as w on true
   cross join lateral (
     select count(*) as deliveries, min(p.due_at) as oldest
       from postern_internal.event_delivery as p
      where p.event_action_id = a.event_action_id and p.state = 'pending'
        and p.due_at < now() - interval '15 minutes' and p.leased_until < now() - interval '15 minutes'
   ) as d
   -- A copy of the database delivers nothing, by design. What waits on a new timeline is reported: it may be a
   -- failover.
   where not exists (select from postern_internal.moved_event_action as m where m.event_action_id = a.event_action_id)
     and a.disabled_at is null
     and (w.oldest is not null or d.deliveries > 0);
comment on view postern_internal.event_backlog is 'Check of postern.doctor: event actions for which entries of the log, or deliveries, have waited for more than 15 minutes.';
