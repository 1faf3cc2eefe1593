create or replace function postern.remove_event_action(name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  action_id := postern_internal.require_event_action(name);
  delete from postern_internal.event_action as a where a.event_action_id = action_id;
end
$$;
revoke execute on function postern.remove_event_action(text) from public;
grant execute on function postern.remove_event_action(text) to postern_admin;
comment on function postern.remove_event_action(text) is
'Removes an action. Its undelivered events, its dead letters and its secret are deleted. Errors: PS107 there is no such action.';
