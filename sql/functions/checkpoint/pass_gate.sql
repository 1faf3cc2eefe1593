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
  checked_message text;
begin
  loop
    -- Without a checked message only for what was approved, to the letter: the parameters were checked then, and the
    -- message is the one that was shown.
    insert into postern_internal.checkpoint_entry
      (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket)
    select 'passed', pass_gate.gate_id, o.action, o.userid, o.authenticated_by, coalesce(checked_message, o.message),
           pass_gate.parameters, o.comment, o.scheme, o.ticket
      from postern_internal.current_open_gate as o
     where checked_message is not null
        or o.gate_id = pass_gate.gate_id
           and not postern_internal.in_unapproved_action()
           and o.expires_at > clock_timestamp()
           and jsonb_typeof(pass_gate.parameters) = 'object'
           and o.digest = postern_internal.digest(o.gate_id, null, '{}', pass_gate.parameters);
    exit when found;
    select c.message, c.parameters
      into strict checked_message, parameters
      from postern_internal.check_gate(gate_id, parameters) as c;
  end loop;
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb) from public;
comment on function postern_internal.pass_gate(text, jsonb) is
'Passes an active gate that is open in this transaction, and logs that. Errors: PS101 no gate is open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
