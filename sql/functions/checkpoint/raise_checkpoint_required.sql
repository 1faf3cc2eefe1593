create or replace function postern_internal.raise_checkpoint_required(
  gate_id text,
  userid text,
  message text,
  parameters jsonb
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  gate postern_internal.gate;
begin
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = raise_checkpoint_required.gate_id;
  perform postern_internal.refuse_unhandled(gate, message, parameters);
  perform postern_internal.require_approval(gate, null, userid, message, parameters);
end
$$;
revoke execute on function postern_internal.raise_checkpoint_required(text, text, text, jsonb) from public;
comment on function postern_internal.raise_checkpoint_required(text, text, text, jsonb) is
'Raises PS105 if the gate was reached in an action that does not reference it, otherwise PS101.';
