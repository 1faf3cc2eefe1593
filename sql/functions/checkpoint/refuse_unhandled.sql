-- An active gate was reached that no ticket opens. Inside an action that needed no approval, no ticket could have
-- opened it, because the action does not reference the gate.

create or replace function postern_internal.refuse_unhandled(
  gate postern_internal.gate,
  message text,
  parameters jsonb
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  begun jsonb;
  found_action postern_internal.action;
begin
  if not postern_internal.in_unapproved_action() then
    return;
  end if;
  begin
    begun := split_part(current_setting('postern.action'), E'\t', 2)::jsonb;
  exception when data_exception then
    return;  -- forged: begin_action did not write it
  end;
  -- The action references the gate, which was switched on after the action had begun. So the approval is for the
  -- action.
  perform postern.begin_action(begun ->> 'action', begun -> 'parameters');

  found_action := postern_internal.find_action(begun ->> 'action');
  raise exception using
    errcode = 'PS105',
    message = 'Unhandled Security Checkpoint',
    detail = jsonb_build_object(
      'gate', gate.gate_id,
      'action', found_action.action,
      'description', gate.description,
      'message', message,
      'parameters', parameters)::text,
    hint = format('Reference the gate in the action: select postern.register_action(%L, %s, %L);',
                  found_action.action, quote_nullable(found_action.checkpoint), found_action.legacy_checkpoints || gate.gate_id);
end
$$;
revoke execute on function postern_internal.refuse_unhandled(postern_internal.gate, text, jsonb) from public;
comment on function postern_internal.refuse_unhandled(postern_internal.gate, text, jsonb) is
'Raises PS105 inside an action that does not reference gate and was not approved; returns if no such action has begun. Errors: also those of begin_action, if the action now needs an approval.';
