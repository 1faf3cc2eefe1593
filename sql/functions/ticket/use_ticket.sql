-- T2: uses a ticket. The gates are open by a row of this transaction and not by a setting, since a setting could be
-- put back after ROLLBACK TO SAVEPOINT had erased what was logged. The settings postern.ticket and postern.exclusive_tickets
-- only say which rows.
--
-- Each statement counts, and each table that it names: in a transaction that is sent again this runs once, and so never warms
-- up. So the statement that finds the ticket proves its user as well, and does not ask whether that one is active: postern.authenticate
-- accepts only what active users approve, and when one is shut out, expire_tickets ends what is left. It sets the settings too,
-- since PL/pgSQL makes each expression ready anew in a transaction. No SET clause: it is called only by functions that pin
-- their search_path.

create or replace function postern_internal.use_ticket(
  ticket uuid,
  userid text
)
returns boolean
language plpgsql
as $$
declare
  another boolean; -- no value yet: that would be one more expression
  used boolean;
begin
  -- One ticket opens all gates but the exclusive ones, so nobody needs two of that kind. Whoever clears the setting can use
  -- two, and gains nothing: then gates are open by either ticket, each from the gate on that it was approved for.
  -- An if of its own: with the other condition it would be a query.
  if current_setting('postern.ticket', true) <> '' or current_setting('transaction_read_only') = 'on' then
    perform postern_internal.refuse_read_only();
    another := exists (select from postern_internal.transaction_ticket);
  end if;
  -- The primary key lets a challenge be used once. A second transaction with the same ticket, or with another one of the same
  -- challenge, waits here until the first one has ended, and goes on only if that one rolled back.
  insert into postern_internal.open_gate as o
    (nonce, ticket, userid, authenticated_by, scheme, comment, gate_id, exclusive, action, digest, parameters, message, expires_at, session)
  select t.nonce, t.ticket, t.userid, t.authenticated_by, t.scheme, t.comment, t.gate_id, t.exclusive, t.action, t.digest, t.parameters, t.message, t.expires_at,
         case when use_ticket.userid is null then current_setting('postern.session', true) else postern_internal.session_value(s.secret, t.userid) end
    from postern_internal.ticket as t
   cross join postern_internal.session_secret as s
   where t.ticket = use_ticket.ticket
     and case when use_ticket.userid is null then current_setting('postern.session', true) = postern_internal.session_value(s.secret, t.userid)
              else t.userid = use_ticket.userid end
     and t.session_role = session_user
     and t.verdict = 'accepted'
     and t.expires_at > clock_timestamp()
     and t.transaction_id is distinct from pg_current_xact_id_if_assigned()
     and (another is not true or t.exclusive)
  on conflict do nothing
  returning set_config('postern.session', o.session, true) <> ''
            and case when o.exclusive
                     then set_config('postern.exclusive_tickets', o.nonce || coalesce(',' || current_setting('postern.exclusive_tickets', true), ''), true)
                     else set_config('postern.ticket', o.nonce, true) end <> ''
       into used;
  return coalesce(used, false);
end
$$;
revoke execute on function postern_internal.use_ticket(uuid, text) from public;
comment on function postern_internal.use_ticket(uuid, text) is
'Opens the gates for this transaction, if ticket can be used in it, and asserts its user. userid: the user whom the caller has made sure of; NULL for the one whom postern.session proves. Returns whether it could be used; where not, refuse_ticket says why.';
