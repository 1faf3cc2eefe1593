-- Each pass of an exclusive gate needs its own approval: two payments of the same amount are two approvals. If this
-- transaction has an unused ticket for the gate with other values, the values have changed since the approval. If it
-- has no unused ticket for the gate, it must ask for one more approval.
--
-- The gate of a business function and the guard of the table that the function writes are one approval. So each ticket
-- serves once for a function and once for a guard. Whichever comes second takes the ticket that the first one has used.

create or replace function postern_internal.pass_exclusive_gate(
  gate postern_internal.gate,
  action text,
  message text,
  parameters jsonb,
  guard boolean default false
)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted bytea := postern_internal.digest(gate.gate_id, action, gate.unbound_parameters, parameters);
  opened postern_internal.open_exclusive_gate;
begin
  -- An approval of an action whose own checkpoint is this gate counts for a guard once that action has begun.
  update postern_internal.open_exclusive_gate as o
     set passed = o.passed or not guard,
         guarded = o.guarded or guard
   where o.nonce = (select e.nonce
                      from postern_internal.open_exclusive_gate as e
                     cross join lateral (select case when guard then e.guarded else e.passed end as before,
                                                case when guard then e.passed else e.guarded end as by_the_other) as used
                     where e.gate_id = gate.gate_id
                       and e.digest = case when guard and e.action is not null
                                           then postern_internal.digest(gate.gate_id, e.action, gate.unbound_parameters, pass_exclusive_gate.parameters)
                                           else wanted end
                       and not used.before
                       and (used.by_the_other or e.expires_at > clock_timestamp() and not (guard and e.action is not null))
                     order by used.by_the_other desc, e.message = pass_exclusive_gate.message desc, e.nonce
                     limit 1)
  returning o.nonce into opened.nonce;
  if found then
    return opened.nonce;
  end if;

  select o.*
    into opened
    from postern_internal.open_exclusive_gate as o
   where o.gate_id = gate.gate_id
     and o.action is not distinct from pass_exclusive_gate.action
     and not o.passed
     and not o.guarded
   order by o.digest = wanted desc
   limit 1;
  if not found then
    perform postern_internal.require_approval(gate, action, postern.current_userid(), message, parameters);
  end if;
  perform postern_internal.raise_ticket_invalid(
    case when opened.digest = wanted then 'expired' else 'changed' end,
    case when opened.digest = wanted then format('The ticket was for gate %s and has expired.', gate.gate_id)
         else format('The ticket was approved for gate %s with other parameters.', gate.gate_id) end,
    jsonb_build_object('gate', gate.gate_id, 'approved_gate', opened.gate_id, 'approved_action', opened.action, 'expires_at', opened.expires_at),
    message => 'The ticket does not open this gate',
    hint => 'Roll back, send the transaction without this ticket, and have the user approve the challenge that it returns. If a transaction reaches a gate several times, let it do so in the same order each time.');
  return null; -- not reached
end
$$;
revoke execute on function postern_internal.pass_exclusive_gate(postern_internal.gate, text, text, jsonb, boolean) from public;
comment on function postern_internal.pass_exclusive_gate(postern_internal.gate, text, text, jsonb, boolean) is
'Uses a ticket of this transaction for an exclusive gate, and returns its nonce. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. guard: whether the guard of a table reached the gate. Errors: PS101 there is no ticket for the gate, PS103 it has expired or was for other parameters, PS401, PS402.';
