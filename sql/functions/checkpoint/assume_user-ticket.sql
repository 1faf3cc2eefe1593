-- The first statement of a resent transaction, for trusted applications. The search_path is spelled as in
-- postern.current_userid.

create or replace function postern.assume_user(
  userid text,
  ticket uuid
)
returns text
language plpgsql
security definer
set search_path = pg_temp
as $$
declare
  known text;
begin
  -- A CASE guarantees that the login is checked first.
  if userid is null or not (case when postern_internal.require_allowed_login('postern_trusted_app') then postern_internal.use_ticket(ticket, userid) end) then
    known := postern.assume_user(userid); -- raises the reason if it is the user
    if known = userid or not postern_internal.use_ticket(ticket, known) then
      perform postern_internal.refuse_ticket(ticket);
    end if;
    return known;
  end if;
  return userid;
end
$$;
revoke execute on function postern.assume_user(text, uuid) from public;
grant execute on function postern.assume_user(text, uuid) to postern_trusted_app;
comment on function postern.assume_user(text, uuid) is
'The same as assume_user(userid) and open_gates(ticket), in one round trip. Returns the user id. Errors: those of both.';
