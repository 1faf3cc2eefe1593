package install

import (
	_ "embed"
	"fmt"
	"strings"

	postern "github.com/posternsql/postern/sql"
)

//go:embed rights.sql
var rightsText string

// rightsSQL lists the privileges that the current user needs but lacks.
var rightsSQL = func() string {
	var memberships []string
	for _, role := range postern.OwnNames().Roles {
		for _, group := range role.MemberOf {
			memberships = append(memberships, "("+listOf([]string{group, role.Name})+")")
		}
	}
	return strings.NewReplacer(
		"ROLES", listOf(roleNames), "OWNING", listOf(owningRoles), "MEMBERSHIPS", strings.Join(memberships, ", "),
	).Replace(rightsText)
}()

// listOf writes names as an SQL list. Names of Postern's roles and schemas need no quoting.
func listOf(names []string) string { return "'" + strings.Join(names, "', '") + "'" }

// requireRightsSQL fails if privileges are missing. DETAIL lists all of them, and HINT has all statements that help.
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

// ownersMembersSQL is a FROM clause: u is a member, by the membership m, of a role r that owns objects. From PostgreSQL
// 16 on, a user who may only grant a role is listed as a member without having any of its privileges. The clause leaves
// such members out.
var ownersMembersSQL = `pg_catalog.pg_auth_members as m
      join pg_catalog.pg_roles as r on r.oid = m.roleid and r.rolname in (` + listOf(owningRoles) + `)
      join pg_catalog.pg_roles as u on u.oid = m.member
       and (coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean, true)
            or coalesce((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true))`

// membershipsSQL is an expression for an array of the roles that own objects and that the current user is a direct
// member of.
var membershipsSQL = `array(select distinct r.rolname::text
      from ` + ownersMembersSQL + `
     where u.rolname = current_user)`

// enterOwnerSQL makes a removal postern_owner. bootstrap.sql does so for an installation.
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

// leaveOwnerSQL revokes what was granted in the same transaction. It also revokes memberships that an older installer
// left when it was killed: a member of a role that owns objects can read all keys and change everything. It leaves a
// membership that the current user may not revoke.
var leaveOwnerSQL = `reset role;

do $leave$
declare
  given record;
  modern constant boolean := pg_catalog.current_setting('server_version_num')::integer >= 160000;
begin
  for given in
    select r.rolname as role, u.rolname as member, g.rolname as grantor, m.admin_option
      from ` + ownersMembersSQL + `
      left join pg_catalog.pg_roles as g on g.oid = m.grantor
     where u.rolname = current_user
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
