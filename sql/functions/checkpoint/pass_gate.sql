-- Passes an active gate that is not exactly the approved one, if it is open in this transaction. One statement, so that
-- on a standby the failing INSERT is the error, and nobody is asked for a PIN. The LEFT JOIN prevents a plan that
-- begins with the other table, finds it empty, and passes the gate without calling check_gate.
--
-- If the guard of a table has used the ticket before, that was logged, and is the same approval.

create or replace function postern_internal.pass_gate(
  gate_id text,
  parameters jsonb,
  action text default null
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket,
     asked, approved_gate_id, approved_message, salt)
  select 'passed', pass_gate.gate_id, o.action, o.userid, o.authenticated_by, c.message, c.parameters,
         o.comment, o.scheme, o.ticket, c.asked,
         case when not c.asked or o.message <> c.message then o.gate_id end,
         case when not c.asked or o.message <> c.message then o.message end,
         o.salt
    from postern_internal.check_gate(pass_gate.gate_id, pass_gate.action, pass_gate.parameters) as c
    left join postern_internal.open_gate as o on o.nonce = c.nonce
   where not coalesce(o.exclusive and o.guarded, false);
end
$$;
revoke execute on function postern_internal.pass_gate(text, jsonb, text) from public;
comment on function postern_internal.pass_gate(text, jsonb, text) is
'Passes an active gate that is open in this transaction, and logs the pass. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. Errors: PS101 the gate is not open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';
