-- The setting postern.ticket only says where to look, which costs less than an index over transaction_id in each pass. Whoever
-- changes it finds nothing, or another ticket that the same user has opened the gates with in this very transaction.
--
-- The session is the one in which the gates were opened if its setting is the same text: what that proves in this
-- transaction, use_ticket has checked. A transaction that has no id yet has written nothing and so has opened nothing.
create or replace view postern_internal.current_open_gate as
  select o.*
    from postern_internal.open_gate as o
   where o.ticket = nullif(current_setting('postern.ticket', true), '')::uuid
     and o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and o.session = coalesce(current_setting('postern.session', true), '')
     and o.session_role = session_user;
revoke all on postern_internal.current_open_gate from public;
comment on view postern_internal.current_open_gate is 'The ticket that has opened the gates for this transaction of this session, if one has.';
