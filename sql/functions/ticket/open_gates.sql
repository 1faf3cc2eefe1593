-- Where an end user was asserted, the statement that finds the ticket sees as well whether it is the ticket's: the setting
-- proves that user, or it does not. The search_path is spelled as in postern.current_userid.

create or replace function postern.open_gates(ticket uuid)
returns void
language plpgsql
security definer
set search_path = pg_temp
as $$
begin
  -- Where nobody was, it is the user whom the database role belongs to; and from here on it is this one, and not whomever
  -- an administrator gives the role to while the transaction is open.
  if not postern_internal.use_ticket(ticket, case when coalesce(current_setting('postern.session', true), '') = '' then postern.current_userid() end) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
end
$$;
revoke execute on function postern.open_gates(uuid) from public;
grant execute on function postern.open_gates(uuid) to postern_user;
comment on function postern.open_gates(uuid) is
'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate has to be the one that was approved, with the same parameters; all others are open from then on. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';
