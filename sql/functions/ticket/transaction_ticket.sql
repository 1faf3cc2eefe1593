-- The setting postern.ticket only says where to look, by the nonce of the ticket's challenge, which costs less than an index
-- over transaction_id in each pass. Whoever changes it finds nothing, or another ticket that was used in this very
-- transaction. As text: what an earlier client of a pooled connection has left there need not be a uuid, and a checked cast costs
-- 2 to 3 microseconds in each pass.
--
-- A transaction that has no id yet has written nothing and so has used nothing.
create or replace view postern_internal.transaction_ticket as
  select o.*
    from postern_internal.open_gate as o
   where o.nonce = current_setting('postern.ticket', true)
     and o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and not o.exclusive;
revoke all on postern_internal.transaction_ticket from public;
comment on view postern_internal.transaction_ticket is 'The ticket in use in this transaction that opens gates along, if one is, whoever the user is now.';
