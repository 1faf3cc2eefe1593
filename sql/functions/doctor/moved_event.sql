-- A new timeline is none of this: it comes with each failover, and the worker asks about it.

create or replace view postern_internal.moved_event as
  select 'warn' as level, 'moved_event' as code, 'event ' || v.event as object,
         'Events of another database wait' as title,
         format('This database was copied, restored or upgraded, so it delivers nothing for: %s.', string_agg(quote_ident(a.name), ', ' order by a.name)) as detail,
         format('Where this is production now: select postern.set_event_enabled(%L, true); where it is a copy: select postern.set_event_enabled(%L, false);', v.event, v.event) as fix
    from postern_internal.event as v
    join postern_internal.event_action as a on a.event = v.event
    join postern_internal.moved_event_action as m on m.event_action_id = a.event_action_id
   where v.enabled
     and a.disabled_at is null
   group by v.event;
comment on view postern_internal.moved_event is 'Check of postern.doctor: enabled events with actions that were set up in another database, so that nothing is delivered here.';
