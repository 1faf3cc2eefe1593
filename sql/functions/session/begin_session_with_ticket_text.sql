-- For callers that hand over text: a ticket that is no UUID is a ticket that is not valid, not a syntax error.

create or replace function postern.begin_session(
  token text,
  ticket text
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern.begin_session(token, postern_internal.ticket_from_text(ticket));
end
$$;
revoke execute on function postern.begin_session(text, text) from public;
grant execute on function postern.begin_session(text, text) to postern_app;
comment on function postern.begin_session(text, text) is 'As begin_session(text, uuid). Errors: also PS103 where ticket is no UUID.';
