-- What an application calls first in the transaction of an action. By the table of coexistence: where the action's own
-- checkpoint or a gate that it references stops, the action needs an approval, here and not somewhere inside; with it
-- every gate inside is open. Where none does, the action goes on, and a gate that it does not reference is refused
-- where it is reached.

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
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters)); -- as check_parameters would, but at once
  end if;
  -- What an object is, and how long, is asked at each call: an application should not learn of it from the first gate
  -- that is switched on.
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
    -- Its ticket opens this action's beginning, and nothing inside.
    perform set_config('postern.action', '', true);
    perform postern_internal.pass_gate(gate.gate_id, parameters, action);
    return;
  end if;
  -- One approval, one action: the ticket has to be for this one, with the same values, and to be in time when it
  -- begins. Beginning it once more in the same transaction is fine.
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
'Begins an action in this transaction, before its business code. action: a registered action. parameters: an object; with just the parameters of the action''s own checkpoint, if it has one. Until the next one begins, an active gate that the action does not reference raises PS105, unless the action was approved. Errors: PS101 authentication is needed (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such action, PS107 parameters, PS401, PS402; 25006 on a standby and in a read-only transaction.';
