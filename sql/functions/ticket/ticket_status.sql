create or replace function postern.ticket_status(ticket uuid)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found_ticket postern_internal.ticket := postern_internal.find_ticket(ticket);
begin
  return case
    when found_ticket.verdict <> 'accepted' then found_ticket.verdict::text
    when exists (select from postern_internal.open_gate as o where o.nonce = found_ticket.nonce) then 'used'
    when found_ticket.expires_at <= clock_timestamp() then 'expired'
    else 'accepted'
  end;
end
$$;
revoke execute on function postern.ticket_status(uuid) from public;
grant execute on function postern.ticket_status(uuid) to postern_user;
comment on function postern.ticket_status(uuid) is
'The outcome of an authentication: accepted, denied, locked, expired, or used (this ticket, or another answer to the same challenge). ticket: of the current user, from an earlier, committed transaction. Errors: PS103 unknown, of another user, not committed, or made in this transaction; PS401, PS402.';
