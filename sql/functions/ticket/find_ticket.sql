-- Reads only what an earlier, committed transaction of this user wrote. If a transaction could read its own verdict, it
-- could learn the verdict and roll back the attempt.

create or replace function postern_internal.find_ticket(ticket uuid)
returns postern_internal.ticket
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id text := postern.current_userid();
  found_ticket postern_internal.ticket;
begin
  select t.* into found_ticket
    from postern_internal.ticket as t
   where t.ticket = find_ticket.ticket
     and t.userid = current_user_id
     and t.session_role = session_user;
  if not found then
    -- A ticket is hard to guess. Somebody who knows one learns only that it belongs to another user, not to whom.
    select t.* into found_ticket from postern_internal.ticket as t where t.ticket = find_ticket.ticket;
    if not found then
      perform postern_internal.raise_ticket_invalid('unknown', 'It is unknown here: never issued, not committed yet, or long expired.');
    elsif found_ticket.userid <> current_user_id then
      perform postern_internal.raise_ticket_invalid('other_user', 'It was made for another user.');
    end if;
    perform postern_internal.raise_ticket_invalid('other_role', 'It was made for another database role.');
  end if;
  if found_ticket.transaction_id = pg_current_xact_id_if_assigned() then
    perform postern_internal.raise_ticket_invalid('uncommitted', 'It was made in this same transaction, which must commit first.');
  end if;
  return found_ticket;
end
$$;
revoke execute on function postern_internal.find_ticket(uuid) from public;
comment on function postern_internal.find_ticket(uuid) is
'The ticket, if an earlier committed transaction made it for the current user and database role. Errors: PS103, PS401, PS402.';
