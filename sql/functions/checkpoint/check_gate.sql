-- Decides whether a gate is open that is not exactly the approved one, and which approval opens it. It writes nothing,
-- except that the ticket of an exclusive gate has been used.

create or replace function postern_internal.check_gate(
  gate_id text,
  action text,
  inout parameters jsonb,
  out message text,
  out asked boolean,
  out nonce text,
  guarded_rows jsonb default null
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  gate postern_internal.gate;
  opened postern_internal.current_open_gate;
  reason text;
  explanation text;
begin
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = check_gate.gate_id;
  if gate.exclusive then
    if guarded_rows is null then
      parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
      message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
    else
      select r.parameters, r.message into parameters, message from postern_internal.guard_request(gate, guarded_rows) as r;
    end if;
    nonce := postern_internal.pass_exclusive_gate(gate, action, message, parameters, guarded_rows is not null);
    asked := true;
    return;
  end if;

  select o.* into opened from postern_internal.current_open_gate as o where not postern_internal.in_unapproved_action();
  if opened.ticket is null then
    opened.userid := postern.current_userid();
  end if;
  if guarded_rows is null then
    parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
    message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
  else
    select r.parameters, r.message into parameters, message from postern_internal.guard_request(gate, guarded_rows) as r;
  end if;
  nonce := opened.nonce;
  if opened.ticket is null then
    perform postern_internal.raise_checkpoint_required(gate_id, opened.userid, message, parameters);
  end if;

  -- The first gate must be the approved one, with the same values and in time. It then opens the others: that it was
  -- passed is in the log, and a rollback to a savepoint removes that entry too. An action opens all gates when it
  -- begins, after its own checkpoint has passed; before that, its ticket matches no gate.
  asked := action is not null
           or opened.action is null and opened.digest = postern_internal.digest(gate_id, null, gate.unbound_parameters, parameters);
  if not opened.action_begun and (opened.expires_at <= clock_timestamp() or not asked) then
    perform
       from postern_internal.own_entry as e
      where e.ticket = opened.ticket
        and e.outcome = 'passed';
    if not found then
      if opened.action is not null then
        reason := 'other_gate';
        explanation := format('The ticket was approved for action %s, which has not begun, but gate %s was reached.', opened.action, gate_id);
      elsif opened.expires_at <= clock_timestamp() then
        reason := 'expired';
        explanation := format('The ticket was for gate %s and has expired.', opened.gate_id);
      elsif opened.gate_id <> gate_id then
        reason := 'other_gate';
        explanation := format('The ticket was approved for gate %s, but gate %s was reached first.', opened.gate_id, gate_id);
      else
        reason := 'changed';
        explanation := format('The ticket was approved for gate %s with other parameters.', gate_id);
      end if;
      perform postern_internal.raise_ticket_invalid(reason, explanation,
        jsonb_build_object('gate', gate_id, 'approved_gate', opened.gate_id, 'approved_action', opened.action, 'expires_at', opened.expires_at),
        message => 'The ticket does not open this gate',
        hint => 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns.');
    end if;
  end if;
end
$$;
revoke execute on function postern_internal.check_gate(text, text, jsonb, jsonb) from public;
comment on function postern_internal.check_gate(text, text, jsonb, jsonb) is
'How an active gate is passed in this transaction. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. guarded_rows: the parameters of each row that a statement changes in a guarded table; NULL if a function reached the gate. Returns the parameters; the message; asked: whether the person was shown this gate with the same bound values, instead of its being opened by another gate''s approval; nonce: the row of open_gate that opens it. Errors: PS101 the gate is not open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
