-- An active gate was reached: is it open in this transaction, and by whom? The pass is logged here and nowhere else.

create or replace function postern_internal.pass_gate(
  gate_id text,
  parameters jsonb
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id text := postern.current_userid();
  gate postern_internal.gate;
  message text;
  opened postern_internal.open_gate;
begin
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = pass_gate.gate_id;
  perform postern_internal.check_parameters(gate_id, gate.parameters, parameters);
  message := postern_internal.substitute(gate.message, gate.parameters, parameters);

  -- A transaction that has no id yet has written nothing and so has opened nothing.
  select o.* into opened
    from postern_internal.open_gate as o
   where o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and o.userid = current_user_id
     and o.session_role = session_user
     and (o.gate_id = gate.gate_id or not (o.built_in or gate.built_in));
  if not found then
    perform postern_internal.raise_checkpoint_required(gate, current_user_id, message, parameters);
  end if;

  -- The first gate has to be the one that was approved, with the same values; it opens the others.
  if not opened.passed then
    if opened.expires_at <= clock_timestamp()
       or opened.digest <> postern_internal.digest(gate_id, opened.action, gate.bound_parameters, parameters) then
      raise exception using
        errcode = 'PS103',
        message = 'The ticket does not open this gate',
        detail = case when opened.expires_at <= clock_timestamp()
                      then format('The ticket was for gate %s and has expired.', opened.gate_id)
                      when opened.gate_id <> gate_id
                      then format('The ticket was approved for gate %s, and gate %s was reached first.', opened.gate_id, gate_id)
                      else format('The ticket was approved for gate %s with other parameters.', gate_id) end,
        hint = 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns.';
    end if;
    update postern_internal.open_gate as o set passed = true where o.ticket = opened.ticket;
  end if;

  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme)
  values
    ('passed', gate_id, opened.action, current_user_id, opened.authenticated_by, message, parameters, opened.comment, opened.scheme);
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb) from public;
comment on function postern_internal.pass_gate(text, jsonb) is
'Passes an active gate that is open in this transaction, and logs that. Errors: PS101 no gate is open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
