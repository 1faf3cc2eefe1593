-- Builds the content of an event from the log. Workers and functions get it from here, so no worker can forge an event.
-- PL/pgSQL, which keeps the plan for all deliveries of a claim. Only an event of the administration reads more than one
-- entry.

create or replace function postern_internal.event_document(log_id bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  document jsonb;
begin
  document := (
    select jsonb_build_object(
             'log_id', c.log_id, 'is_logged', e.log_id is not null, 'event', v.event,
             'event_time', regexp_replace(to_char(e.logged_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '[.]?0+$', '') || 'Z',
             'userid', e.userid, 'user_description', u.description, 'authenticated_by', e.authenticated_by, 'gate_id', e.gate_id,
             'message', case when e.redactions[8] is null then e.message end, 'comment', e.comment, 'asked', e.asked, 'approval', case e.outcome when 'passed' then e.ticket end,
             'approved_gate_id', e.approved_gate_id, 'approved_message', e.approved_message,
             'session_role', '', 'application_name', '', 'kinds', jsonb '[]', 'changes', jsonb '[]', 'change_count', 0)
      from (select event_document.log_id) as c (log_id)
      left join postern_internal.checkpoint_entry as e on e.log_id = c.log_id
      left join postern_internal.event as v on v.outcome = e.outcome
      left join postern_internal.end_user as u on u.userid = e.userid);
  if document ->> 'event' = 'SECURITY_ADMINISTRATION' then
    document := document || postern_internal.administration_event(log_id);
  end if;
  return document;
end
$$;
revoke execute on function postern_internal.event_document(bigint) from public;
comment on function postern_internal.event_document(bigint) is
'The parameters of the event for an entry of the log; missing ones are null. For the administration, the entry is the first one of its transaction. event_time is RFC 3339, in UTC. is_logged: false if the entry was dropped.';
