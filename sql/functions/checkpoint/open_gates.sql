-- T2: uses a ticket. The gates are open by a row of this transaction and not by a setting, since a setting could be
-- put back after ROLLBACK TO SAVEPOINT had erased what was logged.

create or replace function postern.open_gates(ticket uuid)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found_ticket postern_internal.ticket := postern_internal.find_ticket(ticket);
begin
  if found_ticket.verdict = 'denied' then
    raise exception using
      errcode = 'PS102',
      message = 'The checkpoint was not passed',
      detail = 'The user name or the response was wrong.',
      hint = 'Send the transaction without a ticket to get a new challenge. A PIN that an administrator has set must be changed first, with postern.set_pin.';
  elsif found_ticket.verdict = 'locked' then
    raise exception using
      errcode = 'PS104',
      message = 'The credential is locked',
      detail = 'There were too many wrong responses; the last one was not looked at.',
      hint = format('It unlocks at %s; an administrator can unlock it earlier with postern.unlock_user.', found_ticket.locked_until);
  elsif found_ticket.expires_at <= clock_timestamp() then
    perform postern_internal.raise_ticket_invalid(format('It expired at %s.', found_ticket.expires_at));
  end if;
  if exists (select
               from postern_internal.open_gate as o
              where o.transaction_id = pg_current_xact_id_if_assigned()
                and o.opened_at = transaction_timestamp()
                and o.ticket <> found_ticket.ticket) then
    perform postern_internal.raise_ticket_invalid('Another ticket is in use in this transaction already.');
  end if;

  -- The primary key lets a ticket be used once. A second transaction waits here until the first one has ended, and
  -- may use the ticket only if that one rolled back.
  begin
    insert into postern_internal.open_gate
      (ticket, userid, authenticated_by, scheme, comment, gate_id, built_in, action, digest, expires_at)
    values
      (found_ticket.ticket, found_ticket.userid, found_ticket.authenticated_by, found_ticket.scheme, found_ticket.comment,
       found_ticket.gate_id, found_ticket.built_in, found_ticket.action, found_ticket.digest, found_ticket.expires_at);
  exception when unique_violation then
    perform postern_internal.raise_ticket_invalid('It has been used.');
  end;
end
$$;
revoke execute on function postern.open_gates(uuid) from public;
grant execute on function postern.open_gates(uuid) to postern_user;
comment on function postern.open_gates(uuid) is
'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate has to be the one that was approved, with the same parameters; all others are open from then on. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';
