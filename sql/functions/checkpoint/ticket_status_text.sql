create or replace function postern.ticket_status(ticket text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern.ticket_status(postern_internal.ticket_from_text(ticket));
end
$$;
revoke execute on function postern.ticket_status(text) from public;
grant execute on function postern.ticket_status(text) to postern_user;
comment on function postern.ticket_status(text) is 'As ticket_status(uuid). Errors: also PS103 where ticket is no UUID.';
