-- If a user was asserted, the statement that finds the ticket also checks that the ticket is this user's, by what the
-- setting proves. The search_path is spelled as in postern.current_userid.

create or replace function postern.open_gates(ticket uuid)
returns void
language plpgsql
security definer
set search_path = pg_temp
as $$
begin
  -- If no user was asserted, the user is the one to whom the database role is mapped. From here on that user stays,
  -- even if an administrator maps the role to somebody else while the transaction is open.
  if not postern_internal.use_ticket(ticket, case when coalesce(current_setting('postern.session', true), '') = '' then postern.current_userid() end) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
end
$$;
revoke execute on function postern.open_gates(uuid) from public;
grant execute on function postern.open_gates(uuid) to postern_user;
comment on function postern.open_gates(uuid) is
'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate reached must be the approved one, with the same parameters; after it, all others are open. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';
