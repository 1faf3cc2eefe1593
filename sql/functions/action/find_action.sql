create or replace function postern_internal.find_action(action text)
returns postern_internal.action
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_action postern_internal.action;
begin
  select a.* into found_action from postern_internal.action as a where a.action = find_action.action;
  if not found then
    raise exception using
      errcode = 'PS106',
      message = 'There is no such action',
      detail = format('action is %s.', coalesce(to_jsonb(left(action, 128))::text, 'NULL')),
      hint = coalesce(
        (select format('Write %s, the registered spelling: upper and lower case differ.', a.action)
           from postern_internal.action as a
          where upper(a.action collate "C") = upper(find_action.action collate "C")),
        'Register it with postern.register_action, or choose one of the actions in postern.action.');
  end if;
  return found_action;
end
$$;
revoke execute on function postern_internal.find_action(text) from public;
comment on function postern_internal.find_action(text) is 'The action of this name. Errors: PS106 there is none.';
