create or replace function postern.remove_action(action text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.find_action(action);
  delete from postern_internal.action as a where a.action = remove_action.action;
end
$$;
revoke execute on function postern.remove_action(text) from public;
grant execute on function postern.remove_action(text) to postern_admin;
comment on function postern.remove_action(text) is
'Removes an action: from the commit on it can no longer be begun. Its entries in the log stay. Errors: PS106 no such action.';
