-- Business code calls this at a gate, as early as possible, because everything before it runs twice. The search_path is
-- spelled as in postern.current_userid.
--
-- Each statement matters: to start one takes longer than what it does, and this runs once per resent transaction. The
-- first statement passes a gate with exactly the approved parameters. They were checked before the approval, and the
-- message is the one that was shown. It logs the pass even if the gate has become inactive since, because somebody has
-- approved it. If an action has begun, pass_gate decides.

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
  if current_setting('postern.ticket', true) <> '' and pg_column_size(parameters) <= 262144 then
    insert into postern_internal.checkpoint_entry
      (outcome, gate_id, userid, authenticated_by, message, parameters, comment, scheme, ticket, salt)
    select 'passed', o.gate_id, o.userid, o.authenticated_by, o.message, checkpoint.parameters, o.comment, o.scheme, o.ticket, o.salt
      from postern_internal.current_open_gate as o
     where o.gate_id = checkpoint.gate_id
       and o.action is null
       and o.parameters = checkpoint.parameters::text
       and o.expires_at > clock_timestamp()
       and coalesce(current_setting('postern.action', true), '') = '';
    if found then
      return;
    end if;
  end if;
  if postern_internal.gate_is_active(gate_id) then
    if gate_id = 'POSTERN_ADMINISTRATION' then
      perform postern_internal.refuse_administration();
    end if;
    if pg_column_size(parameters) > 262144 or current_setting('transaction_read_only') = 'on' then
      perform postern_internal.refuse_read_only();
      perform postern_internal.refuse_long_parameters(pg_column_size(parameters)); -- as check_parameters would, but without reading them
    end if;
    perform postern_internal.pass_gate(gate_id, parameters);
  end if;
end
$$;
revoke execute on function postern.checkpoint(text, jsonb) from public;
grant execute on function postern.checkpoint(text, jsonb) to postern_user;
comment on function postern.checkpoint(text, jsonb) is
'Stops the transaction unless the gate is inactive or was opened for this transaction; a pass is logged. gate_id: a registered gate. parameters: an object with exactly the gate''s parameters. Errors: PS101 authentication is required (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such gate, PS107 parameters, or the gate POSTERN_ADMINISTRATION, PS401, PS402; 25006 on a standby and in a read-only transaction.';
