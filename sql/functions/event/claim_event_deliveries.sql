-- A worker claims what is due, for a limited time. If it dies, its lease ends, and another worker delivers the same
-- again, with the same delivery_id.
--
-- Delivered rows stay in the index on due_at until VACUUM removes them, and an open transaction can prevent that for
-- long. So a worker that claims again passes the due_at from which it continues. A worker also keeps its plan. So even
-- a plan made with an empty queue and a short log must use the index on due_at, and keys for other tables.

create or replace function postern.claim_event_deliveries(
  name text,
  maximum integer,
  lease uuid,
  lease_seconds integer,
  due_from timestamptz default '-infinity'
)
returns setof jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
as $$
declare
  action_id integer;
  moment timestamptz;
  recorded postern_internal.place;
  here postern_internal.place;
  claimed record;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  perform postern_internal.refuse_read_only();
  action_id := postern_internal.require_event_action(name);
  if maximum is null or maximum not between 1 and 10000 or lease is null or lease_seconds is null or lease_seconds not between 1 and 3600
     or due_from is null then
    raise exception using
      errcode = 'PS107',
      message = 'These deliveries cannot be claimed',
      detail = format('maximum is %s, lease is %s, lease_seconds is %s, due_from is %s.', coalesce(maximum::text, 'NULL'), coalesce(lease::text, 'NULL'),
                      coalesce(lease_seconds::text, 'NULL'), coalesce(due_from::text, 'NULL')),
      hint = 'Pass 1 to 10000 deliveries, a new uuid, 1 to 3600 seconds, and the due_at to continue from.';
  end if;
  recorded := (select a.place from postern_internal.event_action as a where a.event_action_id = action_id);
  here := postern_internal.current_place();
  if recorded <> here then
    if postern_internal.is_moved(recorded) then
      raise exception using
        errcode = '55000',
        constraint = 'place',
        message = 'The events of this database belong to another one',
        detail = 'This database was copied, restored or upgraded since the events were set up. Delivering from here could notify receivers twice.',
        hint = 'To deliver from here, run: select postern.set_event_enabled(event, true) for each event. What happened before that is not delivered.';
    end if;
    perform postern_internal.require_timeline(recorded.timeline, here.timeline, null, 'postern event run', 'docs/events.md, Copies and failover');
  end if;
  if postern_internal.event_is_waiting(action_id) then
    perform postern_internal.queue_event_deliveries(action_id);
  end if;
  moment := clock_timestamp();  -- what was queued just now is due
  for claimed in
    select d.log_id
      from postern_internal.event_delivery as d
     where d.event_action_id = action_id
       and d.state = 'pending'
       and d.due_at between due_from and moment
       and d.leased_until <= moment
       and exists (select
                     from postern_internal.event_action as a
                     join postern_internal.event as e on e.event = a.event
                    where a.event_action_id = action_id and a.disabled_at is null and e.enabled)
     order by d.due_at
     limit maximum
       for update skip locked
  loop
    update postern_internal.event_delivery as d
       set leased_until = moment + make_interval(secs => lease_seconds), lease = claim_event_deliveries.lease, attempts = d.attempts + 1
     where d.event_action_id = action_id
       and d.log_id = claimed.log_id
    returning d.log_id, d.delivery_id, d.attempts, d.due_at into claimed;
    return next jsonb_build_object('delivery_id', claimed.delivery_id, 'attempts', claimed.attempts, 'due_at', claimed.due_at)
                || postern_internal.event_document(claimed.log_id);
  end loop;
end
$$;
revoke execute on function postern.claim_event_deliveries(text, integer, uuid, integer, timestamptz) from public;
grant execute on function postern.claim_event_deliveries(text, integer, uuid, integer, timestamptz) to postern_event_worker;
comment on function postern.claim_event_deliveries(text, integer, uuid, integer, timestamptz) is
'For the worker of events: claims what an action has to deliver now. name: of the action. maximum: how many, 1 to 10000. lease: a new uuid, to be passed again with the outcome. lease_seconds: 1 to 3600, after which others may claim the deliveries. due_from: the due_at of the last claimed delivery, to continue from there; deliveries that became free before it are left to workers that start at the front. Returns one JSON object per delivery, with the parameters of the event. Errors: PS107 argument, 55000 the database is a copy, restored, or on another timeline.';
