-- The original database delivers what it had queued. In a copy these deliveries become dead letters. Somebody who knows
-- that the original will not deliver them can retry them here.

create or replace function postern_internal.settle_event_actions(event text)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  with here as materialized (
    select postern_internal.current_place() as place
  ),
  moved as (
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id(),
           place = h.place
      from here as h
     where a.event = settle_event_actions.event
       and a.place <> h.place
    returning a.event_action_id
  ),
  again as (
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id()
      from here as h
     where a.event = settle_event_actions.event
       and a.place = h.place
       and not (select e.enabled from postern_internal.event as e where e.event = settle_event_actions.event)
  )
  update postern_internal.event_delivery as d
     set state = 'dead', finished_at = clock_timestamp(), leased_until = '-infinity', lease = null,
         last_error = 'This waited when the database was copied, so the original delivers it.'
    from moved as m
   where d.event_action_id = m.event_action_id
     and d.state = 'pending'
$$;
revoke execute on function postern_internal.settle_event_actions(text) from public;
comment on function postern_internal.settle_event_actions(text) is
'Makes the actions of an event deliver from this database from now on: those that another database delivered, and all of them if the event was disabled. What a copy has inherited in the queue becomes dead letters.';
