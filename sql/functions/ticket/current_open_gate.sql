-- The session must be the one in which the gates were opened: its setting must be the same text. use_ticket has checked
-- what that setting proves in this transaction.
create or replace view postern_internal.current_open_gate as
  select t.*
    from postern_internal.transaction_ticket as t
   where t.session = current_setting('postern.session', true)
     and t.session_role = session_user;
revoke all on postern_internal.current_open_gate from public;
comment on view postern_internal.current_open_gate is 'The ticket that opened gates for this transaction in this session, if any. Exclusive gates are in open_exclusive_gate.';
