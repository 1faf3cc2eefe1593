package attack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// bindingRoles are the roles whose memberships count for logins that a database allows, and for no others.
var bindingRoles = []string{"postern_trusted_app", "postern_admin", "postern_sealer", "postern_redactor", "postern_event_worker"}

// stranger is a login of another database of the same cluster. Its memberships apply here too.
func stranger(t testing.TB, database *testdb.Database, memberOf ...string) *testdb.Login {
	t.Helper()
	login := database.Login(t)
	for _, role := range memberOf {
		testsql.Run(t, database.Pool, "grant "+role+" to "+login.Name)
	}
	return login
}

func allow(t testing.TB, database *testdb.Database, login string) {
	t.Helper()
	testsql.Run(t, database.Pool, "select postern.allow_login($1)", login)
}

func requireNotAllowed(t testing.TB, q testsql.Querier, login, sql string, arguments ...any) {
	t.Helper()
	_, err := q.Exec(t.Context(), sql, arguments...)
	if testdb.Code(err) != "42501" {
		t.Errorf("%s: got %v, want insufficient_privilege", sql, err)
		return
	}
	if got := testdb.RequireCode(t, err, "42501"); !strings.Contains(got.Message, login+" is not allowed to do this in database") ||
		!strings.HasSuffix(got.Hint, "run: select postern.allow_login('"+login+"');") {
		t.Errorf("%s: MESSAGE %q, HINT %q", sql, got.Message, got.Hint)
	}
}

func TestMembershipOfAnotherDatabaseDoesNotCountHere(t *testing.T) {
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user($1, $1)", alice)
	application := stranger(t, database, "postern_trusted_app", "postern_admin")
	connection := application.Connect(t)
	// The naive version only grants EXECUTE to the role: memberships in it hold in all databases of the cluster.
	testsql.Run(t, database.Pool, `
create schema naive; grant usage on schema naive to public;
create function naive.assume_user(userid text) returns text language sql security definer return 'speaks for ' || userid;
revoke execute on function naive.assume_user from public; grant execute on function naive.assume_user to postern_trusted_app`)
	if got := testsql.Value[string](t, connection, "select naive.assume_user($1)", alice); got != "speaks for ALICE" {
		t.Fatalf("the naive version withstood: %s", got)
	}

	requireNotAllowed(t, connection, application.Name, "select postern.assume_user($1)", alice)
	requireNotAllowed(t, connection, application.Name, "select postern.set_setting('checkpoints_enabled', 'false')")
	testsql.Run(t, connection, "set role postern_trusted_app")
	requireNotAllowed(t, connection, application.Name, "select postern.assume_user($1)", alice)
	testsql.Run(t, connection, "reset role")
	requireNotAllowed(t, connection, application.Name, "select postern.allow_login($1)", application.Name)

	// Reading, and what every user may do, needs no allowed login.
	testsql.Run(t, connection, "select from postern.setting")
	testsql.Run(t, connection, "select postern.message_to_jsonb('!A')")

	// The HINT has the statement that allows it.
	got := testsql.Refused(t, connection, "42501", "select postern.assume_user($1)", alice)
	_, statement, _ := strings.Cut(got.Hint, "run: ")
	testsql.Run(t, database.Pool, statement)
	testsql.As(t, connection, alice, func(tx pgx.Tx) {})
	testsql.Run(t, connection, "set role postern_admin")
	testsql.Run(t, connection, "select postern.set_setting('max_failures', '3')") // SET ROLE does not change who logged in
	testsql.Run(t, connection, "reset role")

	testsql.Run(t, database.Pool, "select postern.disallow_login($1)", application.Name)
	requireNotAllowed(t, connection, application.Name, "select postern.assume_user($1)", alice)
	requireNotAllowed(t, connection, application.Name, "select postern.assume_user($1, gen_random_uuid())", alice)
}

// All functions that write and are only for one of these roles check the login first.
func TestEveryWriteOfABindingRoleAsksForTheLogin(t *testing.T) {
	database := testdb.New(t)
	login := stranger(t, database, bindingRoles...)
	connection := login.Connect(t)
	privileged := testsql.Values[string](t, database.Pool, `
select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and n.nspname <> 'postern_internal'
   and p.provolatile = 'v'
   and exists (select from unnest($1::text[]) as r where pg_catalog.has_function_privilege(r, p.oid, 'execute'))
   and not pg_catalog.has_function_privilege('postern_app', p.oid, 'execute')`, bindingRoles)
	asks := map[string]bool{}
	for _, signature := range privileged {
		asks[signature] = true
	}
	walked := 0
	for _, f := range publicFunctions(t, database.Pool) {
		if !asks[f.signature] {
			continue
		}
		walked++
		arguments := make([]any, len(f.parameters))
		switch f.signature {
		case "sec_checkpoint_gate_api.register(text,text)": // calls register_gate with what the message says
			arguments = []any{"APP_PAY", "!GATE\n$DESCRIPTION=Pay\n$MESSAGE=Paid"}
		case "postern.assume_user(text,text)": // calls the next one with the ticket
			arguments = []any{alice, "00000000-0000-0000-0000-000000000000"}
		}
		requireNotAllowed(t, connection, login.Name, f.call(), arguments...)
	}
	if walked < 55 {
		t.Errorf("only %d functions were examined", walked)
	}

	// What these roles write or read without a function.
	requireNotAllowed(t, connection, login.Name, "insert into postern.protected_table (schema_name, table_name, protection, company_column) values ('public', 'payment', 'company', 'company')")
	requireNotAllowed(t, connection, login.Name, "delete from postern.protected_table")
	requireNotAllowed(t, connection, login.Name, "select name, secrets from postern.event_worker_action")
	requireNotAllowed(t, connection, login.Name, "select postern.check_allowed_login('postern_admin')")
	for _, view := range testsql.Values[string](t, connection, `
select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c
 where pg_catalog.pg_get_userbyid(c.relowner) = 'postern_owner' and c.relkind in ('r', 'v', 'p')
   and pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
   and pg_catalog.has_table_privilege(c.oid, 'insert, update, delete, truncate')`) {
		if view != "postern.protected_table" {
			t.Errorf("these roles write %s directly: does it ask for the login?", view)
		}
	}
}

// The opposite walk: auditors and end users need no allowed login, so nothing that they may call or read asks for one.
// Logins of other tests are all allowed, so only this test notices a function that asks without need.
func TestReadersAndUsersNeedNoAllowedLogin(t *testing.T) {
	database := testdb.New(t)
	for _, role := range []string{"postern_auditor", "postern_app"} {
		login := stranger(t, database, role)
		connection := login.Connect(t)
		mayCall := testsql.Values[string](t, connection, `
select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc as p
 where pg_catalog.has_schema_privilege(p.pronamespace, 'usage') and pg_catalog.has_function_privilege(p.oid, 'execute')`)
		walked := 0
		for _, f := range publicFunctions(t, database.Pool) {
			if !slices.Contains(mayCall, f.signature) {
				continue
			}
			walked++
			if _, err := connection.Exec(t.Context(), f.call(), make([]any, len(f.parameters))...); testdb.Code(err) == "42501" {
				t.Errorf("a login in %s that nobody has allowed calls %s: %v", role, f.signature, err)
			}
		}
		for _, view := range testsql.Values[string](t, connection, `
select c.oid::pg_catalog.regclass::text
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and c.relkind in ('r', 'v', 'p')
   and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')`) {
			walked++
			if _, err := connection.Exec(t.Context(), "select from "+view); testdb.Code(err) == "42501" {
				t.Errorf("a login in %s that nobody has allowed reads %s: %v", role, view, err)
			}
		}
		if walked < 40 {
			t.Errorf("only %d functions and views for %s", walked, role)
		}
	}

	// Auditors change nothing. A function that writes is for one of the other roles, and asks for the login. Everybody may
	// call what a guard calls, which passes only what the current user has approved.
	for _, signature := range testsql.Values[string](t, database.Pool, `
select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and n.nspname <> 'postern_internal'
   and p.provolatile = 'v'
   and pg_catalog.has_schema_privilege('postern_auditor', n.oid, 'usage')
   and pg_catalog.has_function_privilege('postern_auditor', p.oid, 'execute')
   and p.oid <> 'postern.reach_guard(text, jsonb)'::pg_catalog.regprocedure`) {
		t.Errorf("auditors may call %s, which may write: make it stable, or grant it to another role", signature)
	}
}

func TestALaterRoleOfTheSameNameIsNotAllowed(t *testing.T) {
	database := testdb.New(t)
	login := stranger(t, database, "postern_admin")
	allow(t, database, login.Name)
	const set = "select postern.set_setting('max_failures', '3')"
	as := func(name, sql string, before ...string) error {
		tx, err := database.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		for _, statement := range before {
			testsql.Run(t, tx, statement)
		}
		testsql.Run(t, tx, "set local session authorization "+name)
		_, err = tx.Exec(t.Context(), sql)
		return err
	}
	if err := as(login.Name, set); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		return testsql.Value[string](t, database.Pool, "select state from postern.allowed_login where db_role = $1", login.Name)
	}
	if got := state(); got != "allowed" {
		t.Errorf("the state is %q", got)
	}

	// A name alone would admit anybody who may create roles.
	testsql.Run(t, database.Pool, "create table public.naive_allowed as select $1::name as db_role", login.Name)
	testsql.Run(t, database.Pool, fmt.Sprintf("drop role %[1]s; create role %[1]s login; grant postern_admin to %[1]s", login.Name))
	if !testsql.Value[bool](t, database.Pool, "select exists (select from public.naive_allowed as a join pg_catalog.pg_roles as r on r.rolname = a.db_role)") {
		t.Fatal("the naive version withstood")
	}
	if got := as(login.Name, set); testdb.Code(got) != "42501" {
		t.Errorf("a later role of this name: %v", got)
	}
	if got := state(); got != "other_role" {
		t.Errorf("the state is %q", got)
	}
	allow(t, database, login.Name)
	if err := as(login.Name, set); err != nil {
		t.Error(err)
	}

	// A renamed role has to be allowed again, and whoever takes its old name gains nothing.
	other := stranger(t, database, "postern_admin")
	for _, name := range []string{login.Name, login.Name + "_renamed"} {
		if got := as(name, set, fmt.Sprintf("alter role %s rename to %s_renamed", login.Name, login.Name), fmt.Sprintf("alter role %s rename to %s", other.Name, login.Name)); testdb.Code(got) != "42501" {
			t.Errorf("%s, with the name of an allowed login: got %v, want 42501", name, got)
		}
	}
}

// A dump has names. In another cluster the names count, and OIDs do not.
func TestARestoredListCountsByName(t *testing.T) {
	database := testdb.New(t)
	login := stranger(t, database, "postern_admin")
	allow(t, database, login.Name)
	other := stranger(t, database, "postern_admin")
	connection := login.Connect(t)
	const set = "select postern.set_setting('max_failures', '3')"
	testsql.Run(t, database.Pool, "update postern_internal.allowed_login set role_oid = (select oid from pg_catalog.pg_roles where rolname = $1) where db_role = $2", other.Name, login.Name)
	requireNotAllowed(t, connection, login.Name, set)
	testsql.Run(t, database.Pool, "update postern_internal.allowed_login set system_identifier = 1")
	testsql.Run(t, connection, set)
	requireNotAllowed(t, other.Connect(t), other.Name, set)
}

// An allowed login may run somebody else's code: a trigger, an event function, a function of the application. The
// membership of that code's owner, whom this database may not allow at all, does not count for the login.
func TestForeignCodeDoesNotLendItsMembership(t *testing.T) {
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user($1, $1)", alice)
	mallory := stranger(t, database, "postern_trusted_app", "postern_admin")
	web, app := stranger(t, database), stranger(t, database, "postern_trusted_app")
	testsql.Run(t, database.Pool, `
create schema app; grant usage on schema app to public;
create function app.speak_for(userid text) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp
as 'begin return postern.assume_user(userid); end';
create function app.take_over() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$ begin perform postern.allow_login('`+mallory.Name+`'); return new; end $$;
create table app.inbox (letter text);
create trigger take_over before insert on app.inbox for each row execute function app.take_over();
grant insert on app.inbox to public;
alter function app.speak_for(text) owner to `+mallory.Name+`;
alter function app.take_over() owner to `+mallory.Name)
	allow(t, database, web.Name)
	allow(t, database, app.Name)
	speak, write := "select app.speak_for('"+alice+"')", "insert into app.inbox values ('hello')"
	// If only the list counted, as in a first version, any listed login would do.
	if !testsql.Value[bool](t, database.Pool, "select count(*) = 2 from postern_internal.allowed_login where db_role in ($1, $2)", web.Name, app.Name) {
		t.Fatal("the logins are not allowed")
	}
	for _, statement := range []string{speak, write} {
		testdb.RequireCode(t, fail(t, web.Connect(t), statement), "42501")
	}
	testdb.RequireCode(t, fail(t, app.Connect(t), write), "42501")
	if allowed := testsql.Value[bool](t, database.Pool, "select exists (select from postern.allowed_login where db_role = $1)", mallory.Name); allowed {
		t.Error("somebody had himself allowed by others' sessions")
	}
	// Code of others may run for a member who is allowed, and not for a login that is not.
	if got := testsql.Value[string](t, app.Connect(t), speak); got != alice {
		t.Errorf("the naive version makes the user %q, want %q", got, alice)
	}
	batch := stranger(t, database, "postern_trusted_app")
	requireNotAllowed(t, batch.Connect(t), batch.Name, speak)
}

func fail(t *testing.T, connection *pgx.Conn, statement string) error {
	t.Helper()
	_, err := connection.Exec(t.Context(), statement)
	return err
}

// An allowed login is not thereby a member.
func TestAnAllowedLoginGainsNoRight(t *testing.T) {
	database := testdb.New(t)
	login := stranger(t, database)
	allow(t, database, login.Name)
	connection := login.Connect(t)
	requireDenied(t, connection, "select postern.assume_user('ALICE')")
	requireDenied(t, connection, "select postern.set_setting('max_failures', '3')")
	requireDenied(t, connection, "select postern.allow_login('postgres')")
	requireDenied(t, connection, "select * from postern.allowed_login")
	requireDenied(t, connection, "insert into postern_internal.allowed_login (db_role, role_oid, system_identifier) values ('x', 1, 1)")
}
