-- An active gate was reached: is it open in this transaction, and by whom? The pass is logged here and nowhere else.
-- Each statement counts: in a transaction that is sent again this runs once, and so never warms up. No SET clause, since
-- it is called only by functions that pin their search_path.

create or replace function postern_internal.pass_gate(
  gate_id text,
  parameters jsonb
)
returns void
language plpgsql
as $$
declare
  current_user_id text := postern.current_userid();
  is_built_in boolean;
  template text;
  names text[];
  unbound text[];
  message text;
  opened postern_internal.open_gate;
begin
  select g.built_in, g.message_template, g.parameters, g.unbound_parameters into strict is_built_in, template, names, unbound
    from postern_internal.gate as g
   where g.gate_id = pass_gate.gate_id;

  -- A transaction that has no id yet has written nothing and so has opened nothing.
  select o.* into opened
    from postern_internal.open_gate as o
   where o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and o.userid = current_user_id
     and o.session_role = session_user
     and (o.gate_id = pass_gate.gate_id or not (o.built_in or is_built_in));

  if opened.digest = postern_internal.digest(gate_id, opened.action, unbound, parameters) and opened.expires_at > clock_timestamp()
     and cardinality(unbound) = 0 then
    -- What was approved, to the letter: the parameters were checked then, and the message is the one that was shown.
    message := opened.message;
  else
    parameters := postern_internal.check_parameters(gate_id, names, parameters);
    message := postern_internal.substitute(template, names, parameters);
    if opened.ticket is null then
      perform postern_internal.raise_checkpoint_required(gate_id, current_user_id, message, parameters);
    end if;
    -- The first gate has to be the one that was approved, with the same values, in time. It opens the others: that it
    -- was passed shows in the log, which a rollback to a savepoint takes back as well.
    if opened.digest <> postern_internal.digest(gate_id, opened.action, unbound, parameters) or opened.expires_at <= clock_timestamp() then
      perform
         from postern_internal.checkpoint_entry as e
        where e.transaction_id = opened.transaction_id
          and e.ticket = opened.ticket
          and e.outcome = 'passed';
      if not found then
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
    end if;
  end if;

  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket)
  values
    ('passed', gate_id, opened.action, current_user_id, opened.authenticated_by, message, parameters, opened.comment, opened.scheme,
     opened.ticket);
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb) from public;
comment on function postern_internal.pass_gate(text, jsonb) is
'Passes an active gate that is open in this transaction, and logs that. Errors: PS101 no gate is open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
