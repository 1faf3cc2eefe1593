-- For functions that run with the rights of their caller, and for the view that has the secrets of webhooks. Stable, so that a
-- view asks once, before it reads a row.

create or replace function postern.check_allowed_login()
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return postern_internal.require_allowed_login();
end
$$;
revoke execute on function postern.check_allowed_login() from public;
grant execute on function postern.check_allowed_login() to postern_admin, postern_sealer, postern_event_worker, postern_trusted_app;
comment on function postern.check_allowed_login() is
'Whether this database lets session_user use its memberships of postern_trusted_app, postern_admin, postern_sealer and postern_event_worker: true, or an error that says who has to allow it. Errors: 42501.';
