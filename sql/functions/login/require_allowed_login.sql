-- Called first by every function that speaks for others, administers, seals or delivers. It checks session_user, which
-- SET ROLE and SECURITY DEFINER do not change: what somebody gains through either of them is not a right of their
-- login. It also checks that login's own membership. Otherwise a stranger's trigger or function, run by an allowed
-- login, would act with the membership of its owner. A member of postern_owner passes, because that is the role that
-- installs.
--
-- An entry must match by name and by OID: somebody who may create roles could otherwise take the name of a dropped
-- role. In another cluster, into which a dump was restored, OIDs mean nothing, and the name alone counts.
--
-- assume_user calls this in each transaction. Hence PL/pgSQL, no SET clause, and one look-up by key in the usual case.
-- Called only by functions that pin their search_path.

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
      detail = 'Somebody else''s code called this. Only the membership of the role that logged in counts.',
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
    detail = format('Roles belong to the whole cluster. The membership of %I counts in this database only after the database has allowed the login.', session_user),
    hint = format('Have an administrator of this database, or a superuser, run: select postern.allow_login(%L);', session_user);
end
$$;
revoke execute on function postern_internal.require_allowed_login(name, name) from public;
comment on function postern_internal.require_allowed_login(name, name) is
'Returns true if session_user is a member of role, or of other_role, and may use that membership in this database; otherwise raises an error. Superusers always may. Errors: 42501.';
