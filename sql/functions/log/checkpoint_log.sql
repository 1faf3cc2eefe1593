-- Hides a denial from its own transaction, which could otherwise learn the verdict and roll the attempt back.
-- security_barrier, because a function in the reader's WHERE would otherwise see rows before they are filtered.

create or replace view postern.checkpoint_log
with (security_barrier)
as
  select e.log_id, case when e.outcome in ('locked', 'refused') then 'denied' else e.outcome::text end as outcome, e.gate_id, e.action, e.userid, e.authenticated_by, e.logged_at,
         case when e.redactions[8] is null then e.message end as message, case when e.redactions[8] is null then e.parameters end as parameters,
         e.comment, e.scheme, case when e.redactions[11] is null then e.session_role end as session_role, e.client_addr,
         case when e.redactions[11] is null then e.application_name end as application_name, e.transaction_id,
         case e.outcome when 'passed' then e.ticket end as approval, e.asked, e.approved_gate_id, e.approved_message,
         case when e.redactions is not null then postern.entry_redactions(e.redactions) end as redacted
    from postern_internal.checkpoint_entry as e
   where e.outcome not in ('accepted', 'administered')
     and (e.outcome not in ('denied', 'locked', 'refused')
          or e.transaction_id is distinct from pg_catalog.pg_current_xact_id_if_assigned() or pg_catalog.age(e.xmin) > 0);
revoke all on postern.checkpoint_log from public;
grant select on postern.checkpoint_log to postern_auditor, postern_sealer;
comment on view postern.checkpoint_log is 'Checkpoints passed, denied and cancelled; changes of the administration are in postern.administration_log. userid: whose session it was; authenticated_by: whose credential was used, or for a denial the name that was typed. logged_at is read from the clock; transaction_id is the transaction of the business rows (for a denial: of the attempt). approval: the approval that opened the gate; several entries may have the same one. asked: whether the person was shown this gate, with the same values of its bound parameters; false if the approval of another gate, or of the action, opened it. approved_gate_id, approved_message: what the person was shown, if it differs from gate_id and message. redacted: NULL, or for each redaction of the entry the names of the fields whose columns are NULL since then (userid, authenticated_by, content: messages and parameters, comment, origin: session_role, client_addr and application_name), when it was (redacted_at), the login that did it (redacted_by), and the log_id of its record in postern.administration_log.';
