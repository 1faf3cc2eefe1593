-- Queued deliveries stay, with the event for which they were queued. After a change of the event, as for a new action,
-- only entries that commit later are queued. The action keeps its secrets as long as it is a webhook.

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
    perform postern_internal.require_event_action(name);  -- raises the error if somebody has just removed it
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
'Changes what an event action delivers to whom. name: of the action. The other arguments: the complete new definition, as in postern.add_event_action. The action keeps its queue, its place in the log and, as a webhook, its secrets. If it was disabled and the target is new, it is enabled. After a change of the event, only what commits later is delivered for the new one; what waits is delivered as the event it was. Returns the secret, which is not shown again, if the action becomes a webhook; NULL otherwise. Errors: PS107.';
