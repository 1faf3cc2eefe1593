-- The first call of an application in the transaction of an action. If the action's own checkpoint, or a gate that it
-- references, stops it, the approval is required here instead of at a gate inside; it then opens every gate inside. If
-- none stops it, the action continues, and a gate that it does not reference is refused when it is reached.

create or replace function postern.begin_action(
  action text,
  parameters jsonb default '{}'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  begun postern_internal.action := postern_internal.find_action(action);
  gate postern_internal.gate;
  message text;
begin
  if pg_column_size(parameters) > 262144 then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters)); -- as check_parameters would, but without reading them
  end if;
  -- The type and length of the parameters are checked at each call. Otherwise an application would learn of a fault
  -- only when the first gate is switched on.
  parameters := postern_internal.check_parameters(
    action,
    case when jsonb_typeof(parameters) = 'object' then array(select name from jsonb_object_keys(parameters) as name) end,
    parameters);
  gate := postern_internal.approval_gate(begun, parameters);
  if gate.gate_id is null then
    perform set_config('postern.action',
                       postern_internal.action_setting(jsonb_build_object('action', action, 'parameters', parameters)::text),
                       true);
    return;
  end if;

  if current_setting('transaction_read_only') = 'on' then
    perform postern_internal.refuse_read_only();
  end if;
  parameters := postern_internal.check_parameters(coalesce(begun.checkpoint, action), gate.parameters, parameters);
  message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
  if gate.exclusive then
    -- Its ticket opens only the beginning of this action, and no gate inside.
    perform set_config('postern.action', '', true);
    perform postern_internal.pass_gate(gate.gate_id, parameters, action);
    return;
  end if;
  -- One approval, one action: the ticket must be for this action, with the same values, and still valid when it begins.
  -- Beginning it again in the same transaction is allowed.
  update postern_internal.current_open_gate as o
     set action_begun = true
   where o.action = begin_action.action
     and o.digest = postern_internal.digest(gate.gate_id, begin_action.action, gate.unbound_parameters, begin_action.parameters)
     and (o.action_begun or o.expires_at > clock_timestamp());
  if not found then
    perform postern_internal.refuse_action(action, gate, message, parameters);
  end if;
  perform set_config('postern.action', '', true);
  if gate.gate_id = begun.checkpoint then
    perform postern_internal.pass_gate(gate.gate_id, parameters, action);
  end if;
end
$$;
revoke execute on function postern.begin_action(text, jsonb) from public;
grant execute on function postern.begin_action(text, jsonb) to postern_user;
comment on function postern.begin_action(text, jsonb) is
'Begins an action in this transaction, before its business code. action: a registered action. parameters: an object; if the action has its own checkpoint, exactly that gate''s parameters. Until the next action begins, an active gate that this one does not reference raises PS105, unless the action was approved. Errors: PS101 authentication is required (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such action, PS107 parameters, PS401, PS402; 25006 on a standby and in a read-only transaction.';
