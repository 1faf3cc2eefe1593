package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// lockModes are those that make other readers and writers wait. ACCESS SHARE, which every reader takes, is not one of
// them.
var lockModes = []string{"row share", "row exclusive", "share update exclusive", "share", "share row exclusive", "exclusive", "access exclusive"}

// Somebody who may lock a table that everybody needs can stop everybody for any time. No role has a right that suffices
// for that.
func TestNobodyLocksWhatOthersNeed(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "create table public.naive_gate (gate_id text); grant select, update on public.naive_gate to public")
	// locks says in which modes a role can lock a relation, and whether it can lock rows.
	locks := func(t *testing.T, q testsql.Querier, relation string) (possible []string) {
		t.Helper()
		for _, mode := range lockModes {
			_, err := q.Exec(t.Context(), fmt.Sprintf("begin; lock table %s in %s mode; rollback", relation, mode))
			if err == nil {
				possible = append(possible, mode)
				continue
			}
			if testdb.Code(err) != "42501" {
				t.Errorf("%s in mode %s: got %v, want 42501", relation, mode, err)
			}
			testsql.Run(t, q, "rollback")
		}
		for _, strength := range []string{"key share", "share", "no key update", "update"} {
			_, err := q.Exec(t.Context(), fmt.Sprintf("begin; select from %s for %s; rollback", relation, strength))
			if err == nil {
				possible = append(possible, "for "+strength)
				continue
			}
			// 0A000, 42809: there are no rows that could be locked.
			if code := testdb.Code(err); code != "42501" && code != "0A000" && code != "42809" && !strings.HasPrefix(code, "PS") {
				t.Errorf("rows of %s for %s: got %v, want a refusal", relation, strength, err)
			}
			testsql.Run(t, q, "rollback")
		}
		return possible
	}
	if got := locks(t, loginOf(t, s.Database, ""), "public.naive_gate"); len(got) != len(lockModes)+4 {
		t.Fatalf("naive: a stranger can lock only in %v", got)
	}

	relations := testsql.Values[string](t, s.Pool, `
select c.oid::regclass::text from pg_class as c
 where c.relowner = 'postern_owner'::regrole and c.relkind in ('r', 'p', 'v', 'm')`)
	if len(relations) < 30 {
		t.Fatalf("only %d relations were tried", len(relations))
	}
	for _, role := range everybody {
		connection := loginOf(t, s.Database, role)
		for _, relation := range relations {
			if role == "postern_admin" && relation == "postern.protected_table" {
				continue // the functions that protect tables write to it with the administrator's own rights
			}
			if got := locks(t, connection, relation); len(got) != 0 {
				t.Errorf("a member of %q can lock %s: %v", role, relation, got)
			}
		}
	}

	// A lock that anybody may take must be one that Postern never waits for: an advisory one.
	if waiting := testsql.Values[string](t, s.Pool, `
select p.oid::regprocedure::text from pg_proc as p
 where p.proowner = 'postern_owner'::regrole and pg_get_functiondef(p.oid) ~* 'advisory'`); len(waiting) != 0 {
		t.Errorf("these take advisory locks: %v", waiting)
	}
}

// A member of a role may drop what the role owns, and grants that the role may pass on.
func TestMembersCannotDropWhatTheirRoleOwns(t *testing.T) {
	s := newScene(t, alice)
	member := s.Login(t, "postern_user", "postern_app", "postern_trusted_app", "postern_admin", "postern_auditor", "postern_sealer", "postern_redactor", "postern_event_worker")
	naive := s.Login(t)
	testsql.Run(t, s.Pool, "create table public.naive_gate (); alter table public.naive_gate owner to "+naive.Name+"; grant "+naive.Name+" to "+member.Name)
	connection := member.Connect(t)
	testsql.Run(t, connection, "drop owned by "+naive.Name)
	if testsql.Value[bool](t, s.Pool, "select to_regclass('public.naive_gate') is not null") {
		t.Fatal("naive: the table is still there")
	}

	const rights = `
select string_agg(r.line, E'\n' order by r.line)
  from (select c.oid::regclass::text || ' ' || coalesce(c.relacl::text, '') from pg_class as c where c.relowner = 'postern_owner'::regrole
        union all
        select p.oid::regprocedure::text || ' ' || coalesce(p.proacl::text, '') from pg_proc as p where p.proowner = 'postern_owner'::regrole
        union all
        select n.nspname || ' ' || coalesce(n.nspacl::text, '') from pg_namespace as n where n.nspowner = 'postern_owner'::regrole
        union all
        select d.defaclrole::regrole::text || ' ' || d.defaclacl::text from pg_default_acl as d where d.defaclrole::regrole::text like 'postern\_%') as r (line)`
	before := testsql.Value[string](t, s.Pool, rights)
	for _, role := range everybody[1:] {
		testsql.Run(t, connection, "drop owned by "+role+" cascade")
		testsql.Run(t, connection, "reassign owned by "+role+" to "+role)
	}
	if after := testsql.Value[string](t, s.Pool, rights); after != before {
		t.Errorf("the rights were\n%s\nand are\n%s", before, after)
	}
	requireDenied(t, connection, "drop owned by postern_owner")
	requireDenied(t, connection, "reassign owned by postern_owner to "+member.Name)
	requireDenied(t, connection, "alter default privileges for role postern_owner grant execute on functions to public")
	approve(t, s.connect(t), alice, releaseGate, "{}")
}
