-- Called first by every function that speaks for others, administers, seals or delivers. By session_user: SET ROLE and
-- SECURITY DEFINER do not change it, so a membership that comes by either of them does not pass for the login itself. And by
-- its own membership: somebody else's trigger or function, which an allowed login runs, would otherwise use its owner's. A
-- member of postern_owner is who installs.
--
-- A row counts by name and by OID: somebody who may create roles could otherwise take the name of a role that was dropped.
-- In another cluster, where a dump was restored, OIDs mean nothing, and the name alone counts.
--
-- assume_user calls this in each transaction. Hence PL/pgSQL, no SET clause, and one look-up by key in the usual case. Called
-- only by functions that pin their search_path.

create or replace function postern_internal.require_allowed_login(
  role name,
  other_role name default null
)
returns boolean
language plpgsql
stable
as $$
declare
  is_member constant boolean := pg_has_role(session_user, role, 'member') or pg_has_role(session_user, 'postern_owner', 'member')
                                or other_role is not null and pg_has_role(session_user, other_role, 'member');
begin
  if not is_member then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('The login %I is not a member of %I', session_user, role),
      detail = 'This was called by the code of somebody who is, and what counts is the role that logged in.',
      hint = format('Have a member of %I call it, or grant that role: grant %I to %I;', role, role, session_user);
  end if;
  if exists (select
               from postern_internal.allowed_login as a
              where a.db_role = session_user
                and pg_get_userbyid(a.role_oid) = a.db_role) then
    return true;
  end if;
  if exists (select from pg_roles as r where r.rolname = session_user and r.rolsuper)
     or exists (select
                  from postern_internal.allowed_login as a
                 where a.db_role = session_user
                   and a.system_identifier <> (select c.system_identifier from pg_control_system() as c)) then
    return true;
  end if;
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('The login %I is not allowed to do this in database %I', session_user, current_database()),
    detail = format('Roles belong to the cluster. That %I is a member of a role of Postern''s counts here only if this database allows the login.', session_user),
    hint = format('Have an administrator of this database, or a superuser, run: select postern.allow_login(%L);', session_user);
end
$$;
revoke execute on function postern_internal.require_allowed_login(name, name) from public;
comment on function postern_internal.require_allowed_login(name, name) is
'Whether session_user is a member of role, or of other_role, and may use that in this database: true, or an error. Superusers may. Errors: 42501.';
