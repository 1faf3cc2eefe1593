-- For callers that hand over text: a ticket that is no UUID is a ticket that is not valid, not a syntax error.

create or replace function postern.open_gates(ticket text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern.open_gates(postern_internal.ticket_from_text(ticket));
end
$$;
revoke execute on function postern.open_gates(text) from public;
grant execute on function postern.open_gates(text) to postern_user;
comment on function postern.open_gates(text) is 'As open_gates(uuid). Errors: also PS103 where ticket is no UUID.';
