create or replace view postern_internal.disabled_event_action as
  select 'warn' as level, 'disabled_event_action' as code, 'event action ' || quote_ident(a.name) as object,
         'A receiver wants no more events' as title,
         format('Disabled since %s: %s.', to_char(a.disabled_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), a.disabled_reason) as detail,
         format('If the receiver is back: select postern.enable_event_action(%L); if nobody is to be notified any more: select postern.remove_event_action(%L);', a.name, a.name) as fix
    from postern_internal.event_action as a
   where a.disabled_at is not null;
comment on view postern_internal.disabled_event_action is 'Check of postern.doctor: event actions whose receiver answered that it is gone (410), so that their deliveries wait.';
