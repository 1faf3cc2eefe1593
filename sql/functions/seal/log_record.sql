-- What binary values would have a reader put together again by rules of PostgreSQL's is given as its text.

create or replace view postern_internal.log_record
as
  select e.log_id, e.outcome, e.gate_id, e.action, e.userid, e.authenticated_by, e.logged_at, e.message, e.parameters, e.comment, e.scheme,
         e.session_role, e.client_addr::text as client_addr, e.application_name, e.transaction_id, e.ticket,
         e.asked, e.approved_gate_id, e.approved_message
    from postern_internal.checkpoint_entry as e;
revoke all on postern_internal.log_record from public;
comment on view postern_internal.log_record is 'Each row of the log, to be read in binary: then no setting changes what its leaf is made of.';
