create or replace function postern.enable_event_action(name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event_action(name);
  update postern_internal.event_action as a
     set disabled_at = null, disabled_reason = null
   where a.name = enable_event_action.name;
end
$$;
revoke execute on function postern.enable_event_action(text) from public;
grant execute on function postern.enable_event_action(text) to postern_admin;
comment on function postern.enable_event_action(text) is
'Enables an action that was disabled because its receiver wanted no more events. It delivers everything that has waited and happened since. name: of the action. Errors: PS107 there is no such action.';
