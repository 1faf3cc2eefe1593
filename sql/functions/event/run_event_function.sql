-- The function that an event calls belongs to somebody else, who may replace it at any moment. So it runs inside a
-- function of postern_event_function, which has no rights: neither SET ROLE nor SET SESSION AUTHORIZATION gives any
-- back there. Deferred triggers and held cursors would run at the commit, with the rights of the session. So they run
-- here, or never.

-- Created by its owner, who may do so only during this installation; postern_owner may drop it, as owner of the schema.
drop function if exists postern_internal.run_event_function(text, jsonb);
grant usage, create on schema postern_internal to postern_event_function;
set role postern_event_function;

create function postern_internal.run_event_function(
  name text,
  event jsonb
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if name is not null then
    execute format('select %s($1)', name) using event;
  end if;
  set constraints all immediate;
  execute 'close all';  -- PL/pgSQL has its own CLOSE
end
$$;
revoke execute on function postern_internal.run_event_function(text, jsonb) from public;
grant execute on function postern_internal.run_event_function(text, jsonb) to postern_owner;
comment on function postern_internal.run_event_function(text, jsonb) is
'Calls a function without any rights but EXECUTE on it, and then what it deferred. name: its full name, quoted; NULL: only what is still deferred. Leaves a search_path behind that the caller must set again. For postern.call_event_function, which ensures that nothing stays deferred and that nobody has changed this function.';

set role postern_owner;
revoke usage, create on schema postern_internal from postern_event_function;
