-- Compares the target, because an administrator may have changed it while the old receiver was being called.

create or replace function postern.disable_gone_event_action(
  name text,
  target text,
  reason text
)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  perform postern_internal.require_event_action(name);
  update postern_internal.event_action as a
     set disabled_at = clock_timestamp(), disabled_reason = left(reason, 1000)
   where a.name = disable_gone_event_action.name
     and a.target = disable_gone_event_action.target
     and a.disabled_at is null;
  return found;
end
$$;
revoke execute on function postern.disable_gone_event_action(text, text, text) from public;
grant execute on function postern.disable_gone_event_action(text, text, text) to postern_event_worker;
comment on function postern.disable_gone_event_action(text, text, text) is
'For the worker of events: disables an action whose receiver wants no more events, until postern.enable_event_action. What it has to deliver waits. name: of the action. target: the receiver that refused; if the action has another target by now, nothing happens. reason: the receiver''s answer, cut to 1000 characters. Returns whether the action was enabled. Errors: PS107 there is no such action.';
