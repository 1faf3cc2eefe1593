create or replace function postern.challenge(
  gate_id text,
  parameters jsonb default '{}'
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gate postern_internal.gate;
begin
  -- A standby cannot accept the answer. A read-only transaction may ask, because the answer is given in another one.
  if pg_is_in_recovery() then
    perform postern_internal.refuse_read_only();
  end if;
  perform postern_internal.gate_is_active(gate_id);
  if gate_id = 'POSTERN_ADMINISTRATION' then
    perform postern_internal.refuse_administration();
  end if;
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = challenge.gate_id;
  parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
  return postern_internal.create_challenge(
    postern.current_userid(), gate, null, parameters,
    postern_internal.substitute(gate.message_template, gate.parameters, parameters),
    postern_internal.challenge_expiry());
end
$$;
revoke execute on function postern.challenge(text, jsonb) from public;
grant execute on function postern.challenge(text, jsonb) to postern_user;
comment on function postern.challenge(text, jsonb) is
'The challenge that postern.checkpoint would raise for these arguments, without reaching the gate and whether or not the gate is active. For dialogs that ask in advance. Errors: PS106 no such gate, PS107 parameters, or the gate POSTERN_ADMINISTRATION, PS401, PS402; 25006 on a standby, where nobody could answer it.';
