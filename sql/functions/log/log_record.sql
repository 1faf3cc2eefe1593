-- What a setting could print in another way is given as octets, or as text that depends on none.

create or replace view postern_internal.log_record
as
  select e.log_id, e.outcome::text as outcome, e.gate_id, e.action, e.userid, e.authenticated_by,
         pg_catalog.timestamptz_send(e.logged_at) as logged_at, e.message, e.parameters::text as parameters, e.comment, e.scheme,
         e.session_role::text as session_role, e.client_addr::text as client_addr, e.application_name, e.transaction_id,
         e.ticket::text as ticket
    from postern_internal.checkpoint_entry as e;
revoke all on postern_internal.log_record from public;
comment on view postern_internal.log_record is 'Each row of the log with the values that its leaf is made of.';
