-- The gate, as business code calls it: as early as it can, since all that runs before it runs twice. The search_path is
-- spelled as in postern.current_userid.

create or replace function postern.checkpoint(
  gate_id text,
  parameters jsonb default '{}'
)
returns void
language plpgsql
security definer
set search_path = pg_temp
as $$
begin
  if postern_internal.gate_is_active(gate_id) then
    perform postern_internal.pass_gate(gate_id, parameters);
  end if;
end
$$;
revoke execute on function postern.checkpoint(text, jsonb) from public;
grant execute on function postern.checkpoint(text, jsonb) to postern_user;
comment on function postern.checkpoint(text, jsonb) is
'Stops the transaction unless the gate is inactive or was opened for this transaction; a pass is logged. gate_id: a registered gate. parameters: an object with just the gate''s parameters. Errors: PS101 authentication is needed (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such gate, PS107 parameters, PS401, PS402.';
