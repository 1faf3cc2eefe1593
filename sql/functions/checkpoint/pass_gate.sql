-- An active gate was reached that is not, to the letter, the one that was approved: is it open in this transaction, and by
-- whom? In one statement: where nothing can be written, on a standby, that is the error, and nobody is asked for a PIN.

create or replace function postern_internal.pass_gate(
  gate_id text,
  parameters jsonb
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket)
  select 'passed', pass_gate.gate_id, o.action, o.userid, o.authenticated_by, c.message, c.parameters, o.comment, o.scheme, o.ticket
    from postern_internal.check_gate(pass_gate.gate_id, pass_gate.parameters) as c
    left join postern_internal.current_open_gate as o on true;
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb) from public;
comment on function postern_internal.pass_gate(text, jsonb) is
'Passes an active gate that is open in this transaction, and logs that. Errors: PS101 no gate is open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
