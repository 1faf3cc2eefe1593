-- The setting postern.ticket only says where to look, by the nonce of the ticket's challenge. That is cheaper in each
-- pass than an index over transaction_id. Changing the setting finds nothing, or another ticket that was used in this
-- same transaction. The nonce is compared as text: what an earlier client of a pooled connection left in the setting
-- may not be a uuid, and a checked cast costs 2 to 3 microseconds per pass.
--
-- A transaction without an id has written nothing, so it has used no ticket.
create or replace view postern_internal.transaction_ticket as
  select o.*
    from postern_internal.open_gate as o
   where o.nonce = current_setting('postern.ticket', true)
     and o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and not o.exclusive;
revoke all on postern_internal.transaction_ticket from public;
comment on view postern_internal.transaction_ticket is 'The ticket used in this transaction that opens all gates but the exclusive ones, if any, whoever the current user is.';
