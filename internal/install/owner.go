package install

import (
	_ "embed"
	"fmt"
)

// rightsSQL asks for the rights that the current user needs and has not.
//
//go:embed rights.sql
var rightsSQL string

// requireRightsSQL fails where rights are missing, with all of them in its DETAIL and all that helps in its HINT.
var requireRightsSQL = fmt.Sprintf(`
do $rights$
declare
  problems text;
  statements text;
begin
  select pg_catalog.string_agg(m.problem || '.', ' ' order by m.position, m.statement),
         pg_catalog.string_agg(m.statement, ' ' order by m.position, m.statement)
    into problems, statements
    from (
%s) as m;
  if problems is not null then
    raise exception 'Rights are missing to install Postern into database %%', pg_catalog.current_database()
      using errcode = 'insufficient_privilege',
            detail = problems,
            hint = pg_catalog.format('As a superuser, in database %%I: %%s', pg_catalog.current_database(), statements);
  end if;
end
$rights$;
`, rightsSQL)

// membershipsSQL is an expression for the roles among those that own objects which the current user is a member of itself,
// as an array. From PostgreSQL 16 on, who may only grant a role is a member without any of its rights.
const membershipsSQL = `array(select distinct r.rolname::text
         from pg_catalog.pg_auth_members as m
         join pg_catalog.pg_roles as r on r.oid = m.roleid
         join pg_catalog.pg_roles as u on u.oid = m.member
        where r.rolname in ('postern_owner', 'postern_event_function') and u.rolname = current_user
          and (coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean, true)
               or coalesce((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true)))`

// What a removal runs to become postern_owner, which bootstrap.sql does for an installation.
var enterOwnerSQL = `
do $$
declare
  may_become_owner boolean;
begin
  select ` + mayBecomeSQL("'postern_owner'") + ` into may_become_owner;
  if not may_become_owner then
    execute format('grant postern_owner to %I', current_user);
  end if;
exception when insufficient_privilege then
  raise exception '% may not become postern_owner', current_user
    using errcode = 'insufficient_privilege',
          detail = format('Granting it was refused: %s', sqlerrm),
          hint = format('As a superuser: grant postern_owner to %I; and take it away afterwards.', current_user);
end
$$;
`

// leaveOwnerSQL gives back what was granted in the same transaction, and what an older installer has left that was killed: a
// membership in a role that owns objects reads all keys and may change everything. One that the current user may not end
// stays.
const leaveOwnerSQL = `reset role;

do $leave$
declare
  given record;
  modern constant boolean := pg_catalog.current_setting('server_version_num')::integer >= 160000;
begin
  for given in
    select r.rolname as role, u.rolname as member, g.rolname as grantor, m.admin_option
      from pg_catalog.pg_auth_members as m
      join pg_catalog.pg_roles as r on r.oid = m.roleid
      join pg_catalog.pg_roles as u on u.oid = m.member
      left join pg_catalog.pg_roles as g on g.oid = m.grantor
     where r.rolname in ('postern_owner', 'postern_event_function') and u.rolname = current_user
       and (coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean, true)
            or coalesce((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true))
  loop
    begin
      if not modern then
        execute pg_catalog.format('revoke %I from %I', given.role, given.member);
      elsif given.admin_option then
        -- Who may grant a role goes on doing so: the next upgrade needs it.
        execute pg_catalog.format('revoke inherit option for %I from %I granted by %I', given.role, given.member, given.grantor);
        execute pg_catalog.format('revoke set option for %I from %I granted by %I', given.role, given.member, given.grantor);
      else
        execute pg_catalog.format('revoke %I from %I granted by %I', given.role, given.member, given.grantor);
      end if;
    exception when insufficient_privilege then
      null;
    end;
  end loop;
end
$leave$;
`
