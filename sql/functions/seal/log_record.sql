-- Nothing of the reader's own transaction: a denial could be learned and rolled back, attempt and all. What is the reader's own, see
-- own_entry. What binary values would have a reader put together again by rules of PostgreSQL's is given as its text.

create or replace view postern_internal.log_record
as
  select e.log_id, e.outcome, e.gate_id, e.action, e.userid, e.authenticated_by, e.logged_at, e.message, e.parameters, e.comment, e.scheme,
         e.session_role, e.client_addr::text as client_addr, e.application_name, e.transaction_id, e.ticket,
         e.asked, e.approved_gate_id, e.approved_message
    from postern_internal.checkpoint_entry as e
   where (e.transaction_id is distinct from pg_catalog.pg_current_xact_id_if_assigned() or pg_catalog.age(e.xmin) > 0);
revoke all on postern_internal.log_record from public;
comment on view postern_internal.log_record is 'Each row of the log except those of the current transaction, to be read in binary: then no setting changes what its leaf is made of.';
