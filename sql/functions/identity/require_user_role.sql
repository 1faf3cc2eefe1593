-- Policies and mirrored views call this first, in the same InitPlan as their other checks: once per query, and before
-- anything about the end user. Without it, a role that has a grant on a protected table but is not in postern_user
-- would get a bare "permission denied for function", because PostgreSQL checks EXECUTE on every function of a condition
-- before it runs any of them. So everybody may execute the functions that policies call, and this one refuses
-- strangers.
--
-- SECURITY INVOKER, so that current_user is the role that runs the query, even if the query reads somebody else's view.

create or replace function postern.require_user_role()
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if pg_has_role(current_user, 'postern_user', 'usage') or pg_has_role(current_user, 'postern_admin', 'usage') then
    return true;
  end if;
  raise exception using
    errcode = 'PS401',
    message = 'The database role is not one of Postern''s users',
    detail = format('The role %I has rights on a table or view that Postern protects, and is not a member of postern_user.', current_user),
    hint = format('Have an administrator run: grant postern_user to %I; or postern_app, if the role begins sessions for end users.', current_user);
end
$$;
grant execute on function postern.require_user_role() to public;
comment on function postern.require_user_role() is
'True for a member of postern_user or postern_admin, for policies and mirrored views. Errors: PS401 the current role is neither.';
