-- Explains which approval an action lacks in this transaction. That it lacks one has already been decided, so this
-- always raises an error.

create or replace function postern_internal.refuse_action(
  action text,
  gate postern_internal.gate,
  message text,
  parameters jsonb
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  approved record;
  reason text;
  explanation text;
begin
  select o.action, o.gate_id, o.expires_at into approved
    from postern_internal.current_open_gate as o;
  if not found then
    perform postern_internal.require_approval(gate, action, postern.current_userid(), message, parameters);
  end if;
  if approved.action is null then
    reason := 'other_action';
    explanation := format('The ticket was approved for gate %s, but action %s was begun.', approved.gate_id, action);
  elsif approved.action <> action then
    reason := 'other_action';
    explanation := format('The ticket was approved for action %s, but action %s was begun.', approved.action, action);
  elsif approved.expires_at <= clock_timestamp() then
    reason := 'expired';
    explanation := format('The ticket was for action %s and has expired.', action);
  else
    reason := 'changed';
    explanation := format('The ticket was approved for action %s with other parameters, or before its gates were changed.', action);
  end if;
  perform postern_internal.raise_ticket_invalid(reason, explanation,
    jsonb_build_object('action', action, 'approved_gate', approved.gate_id, 'approved_action', approved.action, 'expires_at', approved.expires_at),
    message => 'The ticket does not open this action',
    hint => 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns. Begin an action before any gate is reached, and use one approval for one action.');
end
$$;
revoke execute on function postern_internal.refuse_action(text, postern_internal.gate, text, jsonb) from public;
comment on function postern_internal.refuse_action(text, postern_internal.gate, text, jsonb) is
'Raises the reason why an action cannot begin: PS101 nothing was approved in this transaction, PS103 something else was approved.';
