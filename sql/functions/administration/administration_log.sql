-- security_barrier, because a function in the reader's WHERE would otherwise see the entries of checkpoints.

create or replace view postern.administration_log
with (security_barrier)
as
  select e.log_id, e.logged_at, e.action as kind, e.parameters -> 'key' as key,
         case when e.redactions[8] is not null then null
              when e.parameters ->> 'before' is null and e.parameters ->> 'after' is null then 'done'
              when e.parameters ->> 'before' is null then 'added'
              when e.parameters ->> 'after' is null then 'removed'
              else 'changed' end as operation,
         nullif(e.parameters -> 'before', 'null') as before, nullif(e.parameters -> 'after', 'null') as after,
         case when e.redactions[8] is null then e.message end as message,
         nullif(e.userid, '') as about_userid, e.authenticated_by as userid,
         case when e.redactions[11] is null then e.session_role end as session_role, e.client_addr,
         case when e.redactions[11] is null then e.application_name end as application_name, e.transaction_id,
         case when e.redactions is not null then postern.entry_redactions(e.redactions) end as redacted
    from postern_internal.checkpoint_entry as e
   where e.outcome = 'administered';
revoke all on postern.administration_log from public;
grant select on postern.administration_log to postern_admin, postern_auditor, postern_sealer;
comment on view postern.administration_log is 'Who changed who may do what, and when. kind and key: what was changed. before, after: the columns that differ, never a PIN, a hash, a key or a secret; before is NULL if the object is new, after is NULL if it is gone. about_userid: the user whom the change concerns. userid: the end user who made the change, if the session had one; session_role: the login. Changes with the same transaction_id were made together. redacted: as in postern.checkpoint_log; what was redacted is NULL.';
