create or replace function postern.confirm_event_timeline(timeline bigint default null)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  here postern_internal.place;
  waiting bigint;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  if pg_is_in_recovery() then
    return;  -- nothing can be claimed on a standby; PostgreSQL raises its own error
  end if;
  here := postern_internal.current_place();
  select min((a.place).timeline) into waiting
    from postern_internal.event_action as a
   where (a.place).timeline <> here.timeline
     and not postern_internal.is_moved(a.place);
  perform postern_internal.require_timeline(waiting, here.timeline, timeline, 'postern event run', 'docs/events.md, Copies and failover');
  if waiting is not null then
    update postern_internal.event_action as a
       set place = here
     where (a.place).timeline <> here.timeline
       and not postern_internal.is_moved(a.place);
  end if;
end
$$;
revoke execute on function postern.confirm_event_timeline(bigint) from public;
grant execute on function postern.confirm_event_timeline(bigint) to postern_event_worker;
comment on function postern.confirm_event_timeline(bigint) is
'For the worker of events: makes events continue after a failover, with everything that waits. Is called regularly. timeline: from the worker''s own configuration; NULL: not set. Does nothing if events are delivered on this timeline already. Errors: 55000 they are delivered on another timeline and the argument does not name this one, or it names a later one.';
