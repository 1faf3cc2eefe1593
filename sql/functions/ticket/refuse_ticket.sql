-- Explains why open_gates could not use a ticket. That it cannot be used has already been decided, so this always
-- raises an error.

create or replace function postern_internal.refuse_ticket(ticket uuid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  found_ticket postern_internal.ticket := postern_internal.find_ticket(ticket);
  used_ticket uuid;
begin
  if found_ticket.verdict = 'denied' then
    raise exception using
      errcode = 'PS102',
      message = 'The checkpoint was not passed',
      detail = jsonb_build_object(
        'explanation', 'The user name or the response was wrong.',
        'scheme', found_ticket.scheme,
        'unlocks_at', case when found_ticket.locked_until > clock_timestamp() then found_ticket.locked_until end)::text,
      hint = case when found_ticket.locked_until > clock_timestamp()
                  then format('Wait: there were too many wrong responses, and the credential is locked until %s. An administrator can unlock it earlier with postern.unlock_user.', found_ticket.locked_until)
                  else 'Send the transaction without a ticket to get a new challenge.'
                       || case found_ticket.scheme
                            when 'PIN' then ' A PIN that an administrator has set must be changed first, with postern.set_pin.'
                            when 'TOTP' then ' A code works once.'
                            else '' end end;
  elsif found_ticket.verdict = 'locked' then
    raise exception using
      errcode = 'PS104',
      message = 'The credential is locked after too many wrong responses',
      detail = jsonb_build_object('unlocks_at', found_ticket.locked_until)::text,
      hint = format('Wait: it unlocks at %s. The last response was not checked. An administrator can unlock it earlier with postern.unlock_user.', found_ticket.locked_until);
  elsif found_ticket.expires_at <= clock_timestamp() then
    perform postern_internal.raise_ticket_invalid('expired', format('It expired at %s.', found_ticket.expires_at),
      jsonb_build_object('expires_at', found_ticket.expires_at));
  end if;
  select o.ticket into used_ticket from postern_internal.open_gate as o where o.nonce = found_ticket.nonce;
  if not found and exists (select from postern_internal.transaction_ticket) then
    perform postern_internal.raise_ticket_invalid('second_ticket', 'This transaction already uses another ticket.');
  elsif used_ticket <> found_ticket.ticket then
    perform postern_internal.raise_ticket_invalid('answered', 'Another answer to the same challenge has been used.');
  end if;
  perform postern_internal.raise_ticket_invalid('used', 'It has been used.');
end
$$;
revoke execute on function postern_internal.refuse_ticket(uuid) from public;
comment on function postern_internal.refuse_ticket(uuid) is
'Raises the reason why a ticket opens nothing: PS102 wrong user name or response, PS104 locked, PS103 any other reason.';
