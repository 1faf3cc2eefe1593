-- What was queued stays queued, under the event that it was. Of another event, as of a new action, is told what commits
-- after the change. A secret belongs to an action as long as that is a webhook.

create or replace function postern.change_event_action(
  name text,
  event text,
  kind text,
  target text,
  condition text default null,
  template text default null,
  allow_internal boolean default false
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  before record;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event_action(name);
  target := postern_internal.require_event_receiver(event, kind, target, condition, template, allow_internal);

  -- Workers skip the action while it is locked here.
  select a.event_action_id, a.event, a.kind, a.place = postern_internal.current_place() as is_own into before
    from postern_internal.event_action as a
   where a.name = change_event_action.name
     for no key update;
  if not found then
    perform postern_internal.require_event_action(name);  -- somebody has just removed it
  end if;
  if before.event <> event and before.is_own then
    perform postern_internal.queue_event_deliveries(before.event_action_id);
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id()
     where a.event_action_id = before.event_action_id;
  end if;
  update postern_internal.event_action as a
     set event = change_event_action.event, kind = change_event_action.kind::postern_internal.event_action_kind,
         target = change_event_action.target, condition = change_event_action.condition,
         template = change_event_action.template, allow_internal = change_event_action.allow_internal,
         disabled_at = case when a.target = change_event_action.target then a.disabled_at end,
         disabled_reason = case when a.target = change_event_action.target then a.disabled_reason end
   where a.event_action_id = before.event_action_id;

  if kind = 'webhook' and before.kind <> 'webhook' then
    return postern_internal.create_webhook_secret(before.event_action_id);
  end if;
  if kind <> 'webhook' then
    delete from postern_internal.webhook_secret as s where s.event_action_id = before.event_action_id;
  end if;
  return null;
end
$$;
revoke execute on function postern.change_event_action(text, text, text, text, text, text, boolean) from public;
grant execute on function postern.change_event_action(text, text, text, text, text, text, boolean) to postern_admin;
comment on function postern.change_event_action(text, text, text, text, text, text, boolean) is
'Changes how an event action tells whom of what. name: of the action. The others: all that it is to have from now on, as postern.add_event_action has them. It keeps its queue, its place in the log, and as a webhook its secrets; where it was disabled and the target is another one, it is enabled. Of another event it tells from what commits after this on; what waits is still told, as the event that it was. Returns the secret, which is not shown again, where the action was no webhook and is one now; NULL otherwise. Errors: PS107.';
