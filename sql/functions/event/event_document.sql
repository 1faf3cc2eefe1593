-- Builds the content of an event from the log. Workers and functions get it from here, so no worker can forge an event.
-- PL/pgSQL, which keeps the plan for all deliveries of a claim.

create or replace function postern_internal.event_document(log_id bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  return (
    select jsonb_build_object(
             'log_id', c.log_id, 'is_logged', e.log_id is not null, 'event', v.event,
             'event_time', regexp_replace(to_char(e.logged_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '[.]?0+$', '') || 'Z',
             'userid', e.userid, 'user_description', u.description, 'authenticated_by', e.authenticated_by, 'gate_id', e.gate_id,
             'message', case when e.redactions[8] is null then e.message end, 'comment', e.comment, 'asked', e.asked, 'approval', case e.outcome when 'passed' then e.ticket end,
             'approved_gate_id', e.approved_gate_id, 'approved_message', e.approved_message)
      from (select event_document.log_id) as c (log_id)
      left join postern_internal.checkpoint_entry as e on e.log_id = c.log_id
      left join postern_internal.event as v on v.outcome = e.outcome
      left join postern_internal.end_user as u on u.userid = e.userid);
end
$$;
revoke execute on function postern_internal.event_document(bigint) from public;
comment on function postern_internal.event_document(bigint) is
'The parameters of the event for an entry of the log; missing ones are null. event_time is RFC 3339, in UTC. is_logged: false if the entry was dropped.';
