-- Where an end user was asserted, the statement that finds the ticket sees as well whether it is the ticket's: the setting
-- proves that user, or it does not. Where it does not, postern.current_userid says who it is, or what is wrong. The
-- search_path is spelled as there.

create or replace function postern.open_gates(ticket uuid)
returns void
language plpgsql
security definer
set search_path = pg_temp
as $$
declare
  setting text := nullif(current_setting('postern.session', true), '');
  known text := case when setting is null then postern.current_userid() end;
begin
  if setting is null then
    -- From here on it is this user, and not whomever an administrator gives the role to while the transaction is open.
    setting := postern_internal.session_setting(known);
    perform set_config('postern.session', setting, true);
  end if;
  if not postern_internal.use_ticket(ticket, known, setting) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
end
$$;
revoke execute on function postern.open_gates(uuid) from public;
grant execute on function postern.open_gates(uuid) to postern_user;
comment on function postern.open_gates(uuid) is
'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate has to be the one that was approved, with the same parameters; all others are open from then on. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';
