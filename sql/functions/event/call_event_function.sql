-- The delivery is recorded before the call, in the same transaction: another worker that has claimed it waits for the
-- row. The event comes from the log and not from the worker, so the function acts on what the log says.

create or replace function postern.call_event_function(
  name text,
  lease uuid,
  log_id bigint,
  version text default null
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  action_id integer;
  target text;
  callee regprocedure;
  version_before text;
  settings_before text := postern_internal.event_session_settings();
  event jsonb := postern_internal.event_document(log_id);
  command bigint;
  commands bigint[];
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  action_id := postern_internal.require_event_action(name);
  -- The commit need not wait for the disk. If the server dies before the commit is on disk, what the function did and
  -- the record of the delivery are undone together, and the delivery is made again. A function can set this back.
  set local synchronous_commit = off;
  -- Changes that others make to the function must be visible.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'PS107',
      message = 'An event''s function cannot be called in this transaction',
      detail = format('Its isolation level is %s.', current_setting('transaction_isolation')),
      hint = 'Begin it with: begin isolation level read committed.';
  end if;
  -- Looked up for each call, because the grant may have been revoked.
  select a.target into target from postern_internal.event_action as a where a.event_action_id = action_id and a.kind = 'function';
  callee := postern_internal.event_function(target);
  version_before := postern_internal.event_function_version(callee);
  if version_before is null then
    raise exception using
      errcode = 'PS107',
      message = 'Events may not call this function',
      detail = format('name is %s, the function is %s.', to_jsonb(name), coalesce(to_jsonb(target)::text, 'NULL')),
      hint = 'Use a function (event jsonb) returns void, SECURITY DEFINER, with search_path set, on which its owner has granted EXECUTE directly to postern_event_function.';
  end if;
  if version <> version_before then
    raise exception using
      errcode = '55000',
      constraint = 'version',
      message = 'This session is for another version of the event''s function',
      detail = format('The function is %s. It has been replaced or changed since the session called it, and may have another owner.', target),
      hint = 'Call it in a new session, without a version.';
  end if;
  if not (event ->> 'is_logged')::boolean
     or postern.finish_event_deliveries(name, lease, array[log_id], array['delivered'], array[0.0], array['']) <> 1 then
    raise exception using
      errcode = 'PS107',
      message = 'This delivery cannot be made',
      detail = format('lease is %s, log_id is %s; the entry is %sin the log.', coalesce(lease::text, 'NULL'), coalesce(log_id::text, 'NULL'),
                      case when (event ->> 'is_logged')::boolean then '' else 'not ' end),
      hint = 'Claim it with postern.claim_event_deliveries, and deliver it before the lease ends.';
  end if;

  select jsonb_object_agg(p.key, case when p.value = 'null' then '""' else p.value end) || jsonb_build_object('delivery_id', d.delivery_id)
    into event
    from postern_internal.event_delivery as d
   cross join jsonb_each(event - 'is_logged') as p
   where d.event_action_id = action_id and d.log_id = call_event_function.log_id
   group by d.delivery_id;

  -- A search_path set by the function would remain, so Postern's own is set again before anything else.
  perform postern_internal.run_event_function(target, event);
  set local search_path = pg_catalog, pg_temp;

  -- A deferred trigger can defer further ones, endlessly. So the second round must change nothing. Only a change of a
  -- row defers a trigger, and a statement that changes a row uses up a command number. The second mark would then be
  -- further from the first one than from the third one.
  for mark in 1..3 loop
    if mark = 2 then
      perform postern_internal.run_event_function(null, null);
      set local search_path = pg_catalog, pg_temp;
    end if;
    update postern_internal.event_delivery as d set attempts = d.attempts
     where d.event_action_id = action_id and d.log_id = call_event_function.log_id
    returning d.cmin::text::bigint into command;
    commands[mark] := command;
  end loop;
  if (commands[2] - commands[1] = commands[3] - commands[2]) is not true then
    raise exception using
      errcode = 'PS107',
      message = 'The event''s function keeps deferring triggers',
      detail = format('The function is %s.', target),
      hint = 'Change the function so that its deferred triggers do not defer further triggers: those would run with another role''s rights.';
  end if;

  -- Somebody could replace the function by one that keeps the caller's rights. It could then call functions of other
  -- owners, or make run_event_function keep its caller's rights the next time.
  if postern_internal.event_function_version(callee) is distinct from version_before then
    raise exception using
      errcode = 'PS107',
      message = 'The event''s function was changed while it was called',
      detail = format('The function is %s.', target),
      hint = 'Leave it to the worker, which tries the delivery again: what the function did was rolled back.';
  end if;

  return case when postern_internal.event_session_settings() = settings_before then version_before end;
end
$$;
revoke execute on function postern.call_event_function(text, uuid, bigint, text) from public;
grant execute on function postern.call_event_function(text, uuid, bigint, text) to postern_event_worker;
comment on function postern.call_event_function(text, uuid, bigint, text) is
'For the worker of events: makes a delivery by calling the function of an action, which gets only its owner''s rights. Must be the only statement of a transaction. Settings, temporary tables, prepared statements and locks that the function leaves in the session stay there: clean the session before it does anything else. The commit does not wait for the disk, unless the function sets synchronous_commit. name: of the action. lease: the one with which the delivery was claimed. log_id: of the entry; the function gets the parameters of that event from the log. version: what the previous call in this session returned; NULL in a new session. Returns the version of the function, with which the session may make the next call; NULL if it may make none, because plans that were made under changed settings stay in it. What the function does and the record of the call are committed together, or neither is. Errors: PS107 events may not call the function, it is not leased, it keeps deferring triggers, or was changed meanwhile; 55000 with the constraint version: the session called another version of the function; and those of the function.';
