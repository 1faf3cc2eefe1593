create or replace view postern.event_delivery as
  select a.name, a.event, d.log_id, d.delivery_id, d.state::text as state, d.attempts,
         case when d.state = 'pending' then d.due_at end as due_at, d.finished_at, d.last_error
    from postern_internal.event_delivery as d
    join postern_internal.event_action as a on a.event_action_id = d.event_action_id;
revoke all on postern.event_delivery from public;
grant select on postern.event_delivery to postern_admin, postern_auditor;
comment on view postern.event_delivery is 'Deliveries of entries of the log: pending, delivered, skipped because the condition did not hold, or dead after too many attempts.';
