create or replace function postern_internal.require_event_action(name text)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_id integer;
begin
  select a.event_action_id into found_id from postern_internal.event_action as a where a.name = require_event_action.name;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such event action',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Choose one of the names in postern.event_action. Upper and lower case differ.';
  end if;
  return found_id;
end
$$;
revoke execute on function postern_internal.require_event_action(text) from public;
comment on function postern_internal.require_event_action(text) is 'The number of the event action. Errors: PS107 there is no such action.';
