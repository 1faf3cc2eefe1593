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
  reached record;
  message text;
begin
  -- The session is the one in which the gates were opened if its setting is the same text: what that proves in this
  -- transaction, open_gates has checked. A transaction that has no id yet has written nothing and so has opened nothing.
  select g.message_template, g.parameters, g.unbound_parameters,
         o.ticket, o.transaction_id, o.userid, o.authenticated_by, o.scheme, o.comment, o.action, o.digest, o.message, o.expires_at,
         o.gate_id as approved_gate_id
    into strict reached
    from postern_internal.gate as g
    left join postern_internal.open_gate as o
      on o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and o.session = coalesce(current_setting('postern.session', true), '')
     and o.session_role = session_user
     and (o.gate_id = g.gate_id or not (o.built_in or g.built_in))
   where g.gate_id = pass_gate.gate_id;

  if reached.unbound_parameters = '{}'
     and reached.expires_at > clock_timestamp()
     and jsonb_typeof(parameters) = 'object'
     and reached.digest = postern_internal.digest(gate_id, reached.action, reached.unbound_parameters, parameters) then
    -- What was approved, to the letter: the parameters were checked then, and the message is the one that was shown.
    message := reached.message;
  else
    if reached.ticket is null then
      reached.userid := postern.current_userid();
    end if;
    parameters := postern_internal.check_parameters(gate_id, reached.parameters, parameters);
    message := postern_internal.substitute(reached.message_template, reached.parameters, parameters);
    if reached.ticket is null then
      perform postern_internal.raise_checkpoint_required(gate_id, reached.userid, message, parameters);
    end if;
    -- The first gate has to be the one that was approved, with the same values, in time. It opens the others: that it
    -- was passed shows in the log, which a rollback to a savepoint takes back as well.
    if reached.expires_at <= clock_timestamp()
       or reached.digest <> postern_internal.digest(gate_id, reached.action, reached.unbound_parameters, parameters) then
      perform
         from postern_internal.checkpoint_entry as e
        where e.transaction_id = reached.transaction_id
          and e.ticket = reached.ticket
          and e.outcome = 'passed';
      if not found then
        raise exception using
          errcode = 'PS103',
          message = 'The ticket does not open this gate',
          detail = case when reached.expires_at <= clock_timestamp()
                        then format('The ticket was for gate %s and has expired.', reached.approved_gate_id)
                        when reached.approved_gate_id <> gate_id
                        then format('The ticket was approved for gate %s, and gate %s was reached first.', reached.approved_gate_id, gate_id)
                        else format('The ticket was approved for gate %s with other parameters.', gate_id) end,
          hint = 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns.';
      end if;
    end if;
  end if;

  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket)
  values
    ('passed', gate_id, reached.action, reached.userid, reached.authenticated_by, message, parameters, reached.comment, reached.scheme,
     reached.ticket);
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb) from public;
comment on function postern_internal.pass_gate(text, jsonb) is
'Passes an active gate that is open in this transaction, and logs that. Errors: PS101 no gate is open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
