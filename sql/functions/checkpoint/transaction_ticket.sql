-- The setting postern.ticket only says where to look, by the nonce of the ticket's challenge, which costs less than an index
-- over transaction_id in each pass. Whoever changes it finds nothing, or another ticket that was used in this very
-- transaction. What is not written as a uuid is no nonce: an earlier client of a pooled connection may have left it there,
-- and an error of the cast would tell nobody that.
--
-- A transaction that has no id yet has written nothing and so has used nothing.
create or replace view postern_internal.transaction_ticket as
  select o.*
    from postern_internal.open_gate as o
   where o.nonce = case when current_setting('postern.ticket', true) like '________-____-____-____-____________'
                          and translate(current_setting('postern.ticket', true), '0123456789abcdef', '') = '----'
                         then current_setting('postern.ticket', true)::uuid end
     and o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and not o.exclusive;
revoke all on postern_internal.transaction_ticket from public;
comment on view postern_internal.transaction_ticket is 'The ticket in use in this transaction that opens gates along, if one is, whoever the user is now.';
