-- The session is the one in which the gates were opened if its setting is the same text: what that proves in this
-- transaction, use_ticket has checked.
create or replace view postern_internal.current_open_gate as
  select t.*
    from postern_internal.transaction_ticket as t
   where t.session = current_setting('postern.session', true)
     and t.session_role = session_user;
revoke all on postern_internal.current_open_gate from public;
comment on view postern_internal.current_open_gate is 'The ticket that has opened the gates for this transaction of this session, if one has. Exclusive gates are in open_exclusive_gate.';
