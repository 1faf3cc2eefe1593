-- For functions that run with the rights of their caller, and for the view that shows the secrets of webhooks. Stable,
-- so that a view calls it once, before it reads a row.

create or replace function postern.check_allowed_login(role name)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if role is null or role not in ('postern_trusted_app', 'postern_admin', 'postern_sealer', 'postern_redactor', 'postern_event_worker') then
    raise exception using
      errcode = 'PS107',
      message = 'This role cannot be checked',
      detail = format('role is %s.', coalesce(quote_ident(role), 'NULL')),
      hint = 'Pass postern_trusted_app, postern_admin, postern_sealer, postern_redactor or postern_event_worker.';
  end if;
  return postern_internal.require_allowed_login(role);
end
$$;
revoke execute on function postern.check_allowed_login(name) from public;
grant execute on function postern.check_allowed_login(name) to postern_admin, postern_sealer, postern_redactor, postern_event_worker, postern_trusted_app;
comment on function postern.check_allowed_login(name) is
'For functions that postern.allow_login concerns: returns true if session_user is a member of role and this database lets it use that membership; otherwise raises an error that says what to do. role: postern_trusted_app, postern_admin, postern_sealer, postern_redactor or postern_event_worker. Errors: 42501, PS107 another role.';
