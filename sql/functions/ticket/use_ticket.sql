-- T2: uses a ticket. A row of this transaction opens the gates. A setting could not, because it could be set again
-- after ROLLBACK TO SAVEPOINT had erased the log entries. The settings postern.ticket and postern.exclusive_tickets
-- only say which rows.
--
-- Every statement, and every table in it, costs time here: to start a statement takes longer than what it does, and
-- this runs once per resent transaction. So one statement finds the ticket, proves its user and sets the settings;
-- PL/pgSQL would prepare each further expression again in each transaction. It need not check that the user is active.
-- postern.authenticate accepts only what active users approve, and when a user is deactivated, expire_tickets ends what
-- is left.
--
-- Autovacuum never analyzes session_secret, because it has one row. Hence LIMIT 1: the planner would expect 1360 rows,
-- find the generic plan too expensive, and plan the statement for each ticket. A pass took 145 microseconds then
-- instead of 55.
--
-- No SET clause: it is called only by functions that pin their search_path.

create or replace function postern_internal.use_ticket(
  ticket uuid,
  userid text
)
returns boolean
language plpgsql
as $$
declare
  another boolean; -- not initialised: that would be one more expression
  used boolean;
begin
  -- One ticket opens all gates but the exclusive ones, so nobody needs two of that kind. Clearing the setting makes it
  -- possible to use two, but gains nothing: each of them opens gates only after the gate it was approved for was
  -- passed. This if is not merged with the other condition, because that would make it a query.
  if current_setting('postern.ticket', true) <> '' or current_setting('transaction_read_only') = 'on' then
    perform postern_internal.refuse_read_only();
    another := exists (select from postern_internal.transaction_ticket);
  end if;
  -- The primary key lets a challenge be used only once. A second transaction with the same ticket, or with another
  -- ticket of the same challenge, waits here until the first one has ended. It continues only if the first one rolled
  -- back.
  insert into postern_internal.open_gate as o
    (nonce, ticket, userid, authenticated_by, scheme, comment, gate_id, exclusive, action, digest, parameters, message, expires_at, salt, session)
  select t.nonce, t.ticket, t.userid, t.authenticated_by, t.scheme, t.comment, t.gate_id, t.exclusive, t.action, t.digest, t.parameters, t.message, t.expires_at, t.salt,
         case when use_ticket.userid is null then current_setting('postern.session', true) else postern_internal.session_value(s.secret, t.userid) end
    from postern_internal.ticket as t
   cross join (select secret from postern_internal.session_secret limit 1) as s
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
'Opens the gates for this transaction if ticket can be used in it, and asserts its user. userid: the user whom the caller has verified; NULL: the one proven by postern.session. Returns whether the ticket could be used; if not, refuse_ticket says why.';
