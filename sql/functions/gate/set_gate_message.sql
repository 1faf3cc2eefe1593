create or replace function postern.set_gate_message(
  gate_id text,
  message text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  names text[];
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_administrable_gate(gate_id);
  select g.parameters into names from postern_internal.gate as g where g.gate_id = set_gate_message.gate_id for update;
  perform postern_internal.check_gate_message(message, names);
  update postern_internal.gate as g
     set message = set_gate_message.message,
         message_template = postern_internal.message_template(set_gate_message.message, g.parameters),
         message_administered = true
   where g.gate_id = set_gate_message.gate_id;
end
$$;
revoke execute on function postern.set_gate_message(text, text) from public;
grant execute on function postern.set_gate_message(text, text) to postern_admin;
comment on function postern.set_gate_message(text, text) is
'Changes what the log says when the gate is passed. A later registration does not change it back. message: at most 2000 characters, with &NAME for parameters of the gate. Errors: PS106 no such gate, PS107 built-in gate, message or parameter.';
