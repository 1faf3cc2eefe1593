create or replace function postern.allow_login(db_role name)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  role record;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if db_role is null then
    raise exception using
      errcode = 'PS107',
      message = 'db_role is missing',
      detail = 'db_role is NULL.',
      hint = 'Pass the name of a login role.';
  end if;
  perform postern_internal.require_db_role(db_role);
  select r.oid, r.rolcanlogin into strict role from pg_roles as r where r.rolname = allow_login.db_role;
  insert into postern_internal.allowed_login as a (db_role, role_oid, system_identifier)
  select db_role, role.oid, c.system_identifier from pg_control_system() as c
  on conflict on constraint allowed_login_pkey do update
     set role_oid = excluded.role_oid, system_identifier = excluded.system_identifier,
         allowed_at = excluded.allowed_at, allowed_by = excluded.allowed_by
   where (a.role_oid, a.system_identifier) <> (excluded.role_oid, excluded.system_identifier);
  if not role.rolcanlogin then
    raise warning using
      message = format('%I cannot log in', db_role),
      detail = 'Only the role that logged in counts; allowing a group does not allow its members.',
      hint = 'Allow each login role separately.';
  end if;
end
$$;
revoke execute on function postern.allow_login(name) from public;
grant execute on function postern.allow_login(name) to postern_admin;
comment on function postern.allow_login(name) is
'Lets a login use its memberships of postern_trusted_app, postern_admin, postern_sealer, postern_redactor and postern_event_worker in this database. It grants no membership. db_role: the role that logs in (session_user). Allowing twice is harmless. Errors: PS107 there is no such role, 42501 the caller''s login is not allowed.';

-- The role that installs allows the first login. It could become postern_owner anyway, so an upgrade may allow it
-- again. That is also how to regain access after a dump was restored into a cluster with other roles (postern install
-- --repair).
do $$
begin
  insert into postern_internal.allowed_login as a (db_role, role_oid, system_identifier)
  select r.rolname, r.oid, c.system_identifier
    from pg_roles as r
   cross join pg_control_system() as c
   where r.rolname = session_user
     and not r.rolsuper
  on conflict on constraint allowed_login_pkey do update
     set role_oid = excluded.role_oid, system_identifier = excluded.system_identifier,
         allowed_at = excluded.allowed_at, allowed_by = excluded.allowed_by
   where (a.role_oid, a.system_identifier) <> (excluded.role_oid, excluded.system_identifier);
end
$$;
