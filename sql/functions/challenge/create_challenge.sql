-- The transaction that met the gate rolls back and can leave nothing behind. So the challenge carries everything that
-- authenticate and cancel need to know, signed so that nobody can change it. That includes what the person bases the
-- decision on: code that runs before the gate could raise a PS101 with its own DETAIL and a challenge for something
-- else.

create or replace function postern_internal.create_challenge(
  userid text,
  gate postern_internal.gate,
  action text,
  parameters jsonb,
  message text,
  expires_at timestamptz
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  content text;
begin
  content := postern_internal.encode_base64url(convert_to(jsonb_build_object(
    'user', userid,
    'role', session_user,
    'gate', gate.gate_id,
    'description', gate.description,
    'action', action,
    'message', message,
    'parameters', parameters,
    'digest', encode(postern_internal.digest(gate.gate_id, action, gate.unbound_parameters, parameters), 'hex'),
    'expires', extract(epoch from expires_at),
    'nonce', postern_internal.new_uuid())::text, 'UTF8'));
  return content || '.' || postern_internal.sign_challenge(content);
end
$$;
revoke execute on function postern_internal.create_challenge(text, postern_internal.gate, text, jsonb, text, timestamptz) from public;
comment on function postern_internal.create_challenge(text, postern_internal.gate, text, jsonb, text, timestamptz) is
'A signed challenge for one user, the current database role, one gate or one action, and the bound parameters. action: NULL for a gate alone.';
