-- Disabling first queues entries that were committed while the event was enabled. Entries that are committed while it
-- is disabled are never queued.

create or replace function postern.set_event_enabled(
  event text,
  enabled boolean
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event(event);
  if enabled is null then
    raise exception using
      errcode = 'PS107',
      message = 'enabled is missing',
      detail = 'enabled is NULL.',
      hint = 'Pass true or false.';
  end if;
  -- Workers skip the actions that are locked here.
  for action_id in
    select a.event_action_id
      from postern_internal.event_action as a
     where a.event = set_event_enabled.event
     order by a.event_action_id
       for no key update
  loop
    if not enabled and (select a.place = postern_internal.current_place()
                          from postern_internal.event_action as a
                         where a.event_action_id = action_id) then
      perform postern_internal.queue_event_deliveries(action_id);
    end if;
  end loop;
  if enabled then
    perform postern_internal.settle_event_actions(event);
  end if;
  update postern_internal.event as e set enabled = set_event_enabled.enabled where e.event = set_event_enabled.event;
end
$$;
revoke execute on function postern.set_event_enabled(text, boolean) from public;
grant execute on function postern.set_event_enabled(text, boolean) to postern_admin;
comment on function postern.set_event_enabled(text, boolean) is
'Enables or disables the delivery of an event. What is in the queue when it is disabled waits there; what happens meanwhile is never delivered. In a copy of the database, a restored one, or on a new timeline, enabling makes this database deliver from now on: what waits there becomes dead letters, because the original delivers it. After a failover, confirm the timeline instead: "postern event run --confirm-timeline". Errors: PS107 no such event, NULL.';
