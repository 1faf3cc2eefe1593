-- Builds the gate that a person sees when approving an action, for the challenge and the log. It is the action's own
-- checkpoint, or otherwise the first referenced gate that stops. An exclusive gate does not count, because it asks by
-- itself when it is reached. For a referenced gate no message has the action's parameters. So the message is built from
-- the action, the descriptions of the gates that stop, and the parameters, all of which are bound.

create or replace function postern_internal.approval_gate(
  action postern_internal.action,
  parameters jsonb
)
returns postern_internal.gate
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  own postern_internal.gate;
  asking postern_internal.gate;
  names text[];
begin
  select g.* into own from postern_internal.gate as g where g.gate_id = action.checkpoint;
  if own.stops then
    return own;
  end if;
  select g.* into asking
    from postern_internal.gate as g
   where g.gate_id = any (action.legacy_checkpoints)
     and g.stops
     and not g.exclusive
   order by array_position(action.legacy_checkpoints, g.gate_id)
   limit 1;
  if not found then
    return null;
  end if;
  if own.gate_id is not null then
    -- Used even when it is switched off: it still describes best what the action does.
    own.gate_id := asking.gate_id;
    own.exclusive := false;
    own.schemes := null; -- those of the asking gate, which is not exclusive
    return own;
  end if;
  select string_agg(g.description, ', ' order by array_position(action.legacy_checkpoints, g.gate_id))
    into asking.description
    from postern_internal.gate as g
   where g.gate_id = any (action.legacy_checkpoints)
     and g.stops
     and not g.exclusive;
  names := array(select name from jsonb_object_keys(parameters) as name);
  asking.description := left(asking.description, 2000);
  asking.message_template := (
    select replace(format('%s: %s', action.action, asking.description), '%', '%%')
           || coalesce(' (' || string_agg(replace(p.name, '%', '%%') || ': %' || p.position || '$s', ', ' order by p.position) || ')', '')
      from unnest(names) with ordinality as p (name, position));
  asking.parameters := names;
  asking.unbound_parameters := '{}';
  return asking;
end
$$;
revoke execute on function postern_internal.approval_gate(postern_internal.action, jsonb) from public;
comment on function postern_internal.approval_gate(postern_internal.action, jsonb) is
'The gate that asks for the approval of an action, with the description, message and parameters of that action. NULL if no gate of the action stops it.';
