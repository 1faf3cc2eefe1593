-- A transaction needs one ticket for each exclusive gate that it reaches. The setting postern.exclusive_tickets only
-- says where to look, as postern.ticket does for the ticket that opens the other gates. Changing it closes gates, or
-- finds those that this same transaction has opened.
create or replace view postern_internal.open_exclusive_gate as
  select o.*
    from postern_internal.open_gate as o
   where o.nonce = any (string_to_array(current_setting('postern.exclusive_tickets', true), ','))
     and o.transaction_id = pg_current_xact_id_if_assigned()
     and o.opened_at = transaction_timestamp()
     and o.session = current_setting('postern.session', true)
     and o.session_role = session_user;
revoke all on postern_internal.open_exclusive_gate from public;
comment on view postern_internal.open_exclusive_gate is 'The tickets used in this transaction of this session that open one exclusive gate each.';
