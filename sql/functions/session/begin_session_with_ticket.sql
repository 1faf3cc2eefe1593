-- The first statement of a transaction that is sent again.

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
  userid text := postern_internal.token_userid(token);
  setting text := postern_internal.use_ticket(ticket, userid, null);
begin
  if setting is null then
    perform postern.begin_session(token);
    perform postern_internal.refuse_ticket(ticket);
  end if;
  perform set_config('postern.session', setting, true);
  return userid;
end
$$;
revoke execute on function postern.begin_session(text, uuid) from public;
grant execute on function postern.begin_session(text, uuid) to postern_app;
comment on function postern.begin_session(text, uuid) is
'As begin_session(token) and open_gates(ticket), in one round trip. Returns the user id. Errors: those of both.';
