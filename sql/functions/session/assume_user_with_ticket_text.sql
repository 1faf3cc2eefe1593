-- For callers that hand over text: a ticket that is no UUID is a ticket that is not valid, not a syntax error.

create or replace function postern.assume_user(
  userid text,
  ticket text
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern.assume_user(userid, postern_internal.ticket_from_text(ticket));
end
$$;
revoke execute on function postern.assume_user(text, text) from public;
grant execute on function postern.assume_user(text, text) to postern_trusted_app;
comment on function postern.assume_user(text, text) is 'As assume_user(text, uuid). Errors: also PS103 where ticket is no UUID.';
