-- T2: uses a ticket. The gates are open by a row of this transaction and not by a setting, since a setting could be
-- put back after ROLLBACK TO SAVEPOINT had erased what was logged. The search_path is spelled as in postern.current_userid.
--
-- Where an end user was asserted, the statement that finds the ticket sees as well whether it is the ticket's: the setting
-- proves that user, or it does not. Where it does not, postern.current_userid says who it is, or what is wrong.

create or replace function postern.open_gates(ticket uuid)
returns void
language plpgsql
security definer
set search_path = pg_temp
as $$
declare
  setting text := coalesce(current_setting('postern.session', true), '');
  known text := case when setting = '' then postern.current_userid() end;
begin
  loop
    -- The unique constraints let a ticket be used once, and one ticket in a transaction. A second transaction with the same
    -- ticket waits here until the first one has ended, and goes on only if that one rolled back.
    insert into postern_internal.open_gate
      (ticket, userid, authenticated_by, scheme, comment, gate_id, built_in, action, digest, message, expires_at, session)
    select t.ticket, t.userid, t.authenticated_by, t.scheme, t.comment, t.gate_id, t.built_in, t.action, t.digest, t.message, t.expires_at,
           setting
      from postern_internal.ticket as t
     where t.ticket = open_gates.ticket
       and (t.userid = known
            or setting = postern_internal.session_value((select s.secret from postern_internal.session_secret as s), t.userid))
       and t.session_role = session_user
       and t.verdict = 'accepted'
       and t.expires_at > clock_timestamp()
       and t.transaction_id is distinct from pg_current_xact_id_if_assigned()
    on conflict do nothing;
    exit when found;
    if known is not null then
      perform postern_internal.refuse_ticket(ticket);
    end if;
    known := postern.current_userid();
  end loop;
end
$$;
revoke execute on function postern.open_gates(uuid) from public;
grant execute on function postern.open_gates(uuid) to postern_user;
comment on function postern.open_gates(uuid) is
'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate has to be the one that was approved, with the same parameters; all others are open from then on. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';
