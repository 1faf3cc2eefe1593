-- The first statement of a resent transaction.

create or replace function postern.begin_session(
  token text,
  ticket uuid
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  userid text := postern.begin_session(token);
begin
  if not postern_internal.use_ticket(ticket, userid) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
  return userid;
end
$$;
revoke execute on function postern.begin_session(text, uuid) from public;
grant execute on function postern.begin_session(text, uuid) to postern_app;
comment on function postern.begin_session(text, uuid) is
'The same as begin_session(token) and open_gates(ticket), in one round trip. Returns the user id. Errors: those of both.';
