-- Hides entries of the reader's own transaction. Otherwise a reader could learn that an attempt was denied, and then
-- roll back the denial with the attempt. own_entry says which entries are the reader's own.
--
-- client_addr is text, because a reader of its binary form would have to rebuild the text by PostgreSQL's rules.

create or replace view postern_internal.log_record
as
  select e.log_id, e.outcome, e.gate_id, e.action, e.userid, e.authenticated_by, e.assertion, e.logged_at, e.message, e.parameters,
         e.approved_message, e.comment, e.scheme, e.session_role, e.client_addr::text as client_addr, e.application_name, e.transaction_id, e.ticket,
         e.asked, e.approved_gate_id, e.salt, e.salts, e.redactions
    from postern_internal.checkpoint_entry as e
   where (e.transaction_id is distinct from pg_catalog.pg_current_xact_id_if_assigned() or pg_catalog.age(e.xmin) > 0);
revoke all on postern_internal.log_record from public;
comment on view postern_internal.log_record is 'The rows of the log except those of the current transaction. Read them in binary form, so that no setting changes the values that leaves are made of.';
