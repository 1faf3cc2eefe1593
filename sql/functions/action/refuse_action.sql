-- Says why an action needs an approval that this transaction does not have. That it needs one is decided already, and
-- this raises whatever it finds.

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
begin
  select o.action, o.gate_id, o.expires_at into approved
    from postern_internal.current_open_gate as o;
  if not found then
    perform postern_internal.require_approval(gate, action, postern.current_userid(), message, parameters);
  end if;
  raise exception using
    errcode = 'PS103',
    message = 'The ticket does not open this action',
    detail = case when approved.action is null
                  then format('The ticket was approved for gate %s, and action %s was begun.', approved.gate_id, action)
                  when approved.action <> action
                  then format('The ticket was approved for action %s, and action %s was begun.', approved.action, action)
                  when approved.expires_at <= clock_timestamp()
                  then format('The ticket was for action %s and has expired.', action)
                  else format('The ticket was approved for action %s with other parameters, or before its gates were changed.', action) end,
    hint = 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns. An action begins before any gate is reached, and one approval is for one action.';
end
$$;
revoke execute on function postern_internal.refuse_action(text, postern_internal.gate, text, jsonb) from public;
comment on function postern_internal.refuse_action(text, postern_internal.gate, text, jsonb) is
'Raises the reason why an action cannot begin: PS101 nothing was approved in this transaction, PS103 something else was.';
