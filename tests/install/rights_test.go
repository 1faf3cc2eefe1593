package install_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
)

// administrator is a role as managed servers provide it: it owns the database and may create roles.
func administrator(t *testing.T, database *database) *testdb.Login {
	t.Helper()
	login := database.Login(t)
	database.run("alter role " + login.Name + " createrole; alter database " + database.Name + " owner to " + login.Name)
	t.Cleanup(func() {
		// Before the role is dropped, because what is dropped with it belongs to nobody else.
		connection, err := pgx.Connect(context.Background(), database.Server.URL)
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close(context.Background())
		if _, err := connection.Exec(context.Background(), "alter database "+database.Name+" owner to current_user"); err != nil {
			t.Error(err)
		}
	})
	// Since PostgreSQL 16, only the creator of the roles that own objects, or somebody to whom they were granted, can
	// take them.
	database.run(`
do $$
begin
  if current_setting('server_version_num')::integer >= 160000 then
    execute 'grant postern_owner, postern_event_function to ` + login.Name + ` with admin true, inherit false, set false';
  end if;
end
$$`)
	return login
}

// requireFirstAdministrator checks that the installing user, once a member, can administer and allow others, and that a
// repair allows that user again.
func requireFirstAdministrator(t *testing.T, database *database, login *testdb.Login, config *pgx.ConnConfig) {
	t.Helper()
	database.run("grant postern_admin to " + login.Name)
	administer := func() error {
		_, err := login.Connect(t).Exec(t.Context(), "select postern.set_setting('max_failures', '5')")
		return err
	}
	if err := administer(); err != nil {
		t.Errorf("the login that installed Postern cannot administer it: %v", err)
	}
	if got := database.text("select string_agg(db_role, ', ') from postern.allowed_login"); got != login.Name {
		t.Errorf("allowed logins are %q, want only %q", got, login.Name)
	}
	// As after a restored dump that does not name this login.
	database.run("delete from postern_internal.allowed_login")
	if err := administer(); testdb.Code(err) != "42501" {
		t.Errorf("a login that is not allowed administers: got %v, want 42501", err)
	}
	if _, err := install.Install(t.Context(), config, install.Options{Repair: true}); err != nil {
		t.Error(err)
	}
	if err := administer(); err != nil {
		t.Errorf("a repair allows nobody: %v", err)
	}
	database.run("revoke postern_admin from " + login.Name)
}

func members(database *database) string {
	return database.text(`
select string_agg(m.member::regrole::text, ', ') from pg_auth_members as m
 where m.roleid in ('postern_owner'::regrole, 'postern_event_function'::regrole)
   and coalesce(to_jsonb(m) ->> 'set_option', 'true')::boolean`)
}

func TestAdministratorInstallsWithoutSuperuser(t *testing.T) {
	testdb.New(t) // the roles exist, and belong to somebody else
	database := newDatabase(t)
	database.changeRoles()
	login := administrator(t, database)
	config := configOf(t, login)
	for range 2 {
		if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if found := members(database); found != "" {
		t.Errorf("%s is left in the roles that own objects", found)
	}
	requireFirstAdministrator(t, database, login, config)
	differences, err := install.Verify(t.Context(), config, install.VerifyOptions{})
	if err != nil || len(differences) != 0 {
		t.Errorf("verify finds %v; error: %v", differences, err)
	}
	if found := members(database); found != "" {
		t.Errorf("after verify %s is left in the roles that own objects", found)
	}
	status, err := install.ReadStatus(t.Context(), config, nil)
	if err != nil || len(status.Pending) != 0 || status.InstalledAt != nil {
		t.Errorf("status: %+v, %v; want nothing pending, and a date that the user may not read", status, err)
	}
	other := newDatabase(t)
	other.install()
	if database.dump() != strings.ReplaceAll(other.dump(), other.Name, database.Name) {
		t.Error("an administrator's installation is not a superuser's")
	}
	removal, err := install.Uninstall(t.Context(), config, install.UninstallOptions{})
	if err != nil || removal.LogSchema == "" {
		t.Errorf("uninstall kept no log; error: %v, %v", removal, err)
	}
	if found := members(database); found != "" {
		t.Errorf("after uninstall %s is left in the roles that own objects", found)
	}
}

// A cluster that has never seen Postern: the administrator creates the roles too.
func TestAdministratorInstallsIntoNewCluster(t *testing.T) {
	newDatabase(t).changeRoles()
	cluster, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	superuser, err := pgx.Connect(t.Context(), cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	// The cluster may be an existing one.
	defer func() {
		for _, statement := range []string{"drop database if exists new_cluster with (force)", "drop owned by new_administrator", "drop role new_administrator"} {
			if _, err := superuser.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
		superuser.Close(context.Background())
	}()
	for _, statement := range []string{
		"create role new_administrator login createrole password 'a secret'",
		"create database new_cluster owner new_administrator",
		`do $$
		begin
		  if current_setting('server_version_num')::integer >= 160000 then
		    -- Who creates roles may have asked to become a full member of each.
		    execute $q$alter role new_administrator set createrole_self_grant = 'set, inherit'$q$;
		    if exists (select from pg_roles where rolname = 'postern_owner') then
		      execute 'grant postern_owner, postern_event_function to new_administrator with admin true, inherit false, set false';
		    end if;
		  end if;
		end
		$$`,
	} {
		if _, err := superuser.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	address, err := cluster.ConnectionString("new_cluster", "new_administrator", "a secret")
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Fatal(err)
	}
	differences, err := install.Verify(t.Context(), config, install.VerifyOptions{})
	if err != nil || len(differences) != 0 {
		t.Errorf("verify finds %v; error: %v", differences, err)
	}
}

// Two installations by one administrator need the same memberships at the same moment, and no lock spans their
// databases.
func TestAdministratorInstallsIntoTwoDatabasesAtOnce(t *testing.T) {
	testdb.New(t)
	databases := []*database{newDatabase(t), newDatabase(t)}
	databases[0].changeRoles()
	databases[1].alone = true // this test already holds the lock
	login := administrator(t, databases[0])
	databases[0].run("grant create on database " + databases[1].Name + " to " + login.Name)
	// The login owns the extension pgcrypto.
	defer databases[1].run("reassign owned by " + login.Name + " to current_user; drop owned by " + login.Name)
	var group sync.WaitGroup
	failures := make([]error, 6)
	for index := range failures {
		group.Go(func() {
			config := configOf(t, login)
			config.Database = databases[index%2].Name
			_, failures[index] = install.Install(t.Context(), config, install.Options{})
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	if found := members(databases[0]); found != "" {
		t.Errorf("%s is left in the roles that own objects", found)
	}
	for _, database := range databases {
		if count := database.text("select count(*)::text from postern_internal.installation"); count != "1" {
			t.Errorf("%s installations are recorded, want 1", count)
		}
		database.mustBeClean()
	}
}

// A failure, or a person's Ctrl-C, ends the membership.
func TestFailureLeavesNobodyInPosternOwner(t *testing.T) {
	testdb.New(t)
	for name, stop := range map[string]func(cancel context.CancelFunc) install.Options{
		"broken function": func(context.CancelFunc) install.Options {
			broken := files(t)
			addFunction(broken, "broken.sql", "select no_such_column;")
			return install.Options{Files: broken}
		},
		"cancelled": func(cancel context.CancelFunc) install.Options {
			return install.Options{OnStep: func(_ install.Step, number, _ int) {
				if number == 3 {
					cancel()
				}
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			database := newDatabase(t)
			database.changeRoles()
			config := configOf(t, administrator(t, database))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if _, err := install.Install(ctx, config, stop(cancel)); err == nil {
				t.Fatal("the installation did not fail")
			}
			if found := members(database); found != "" {
				t.Errorf("%s is left in the roles that own objects", found)
			}
			if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
				t.Fatal(err)
			}
			database.mustBeClean()
		})
	}
}

func TestMissingRightIsNamed(t *testing.T) {
	testdb.New(t)
	database := newDatabase(t)
	database.changeRoles()
	login := database.Login(t)
	config := configOf(t, login)
	hint := func() string {
		t.Helper()
		_, err := install.Install(t.Context(), config, install.Options{})
		var server *pgconn.PgError
		if !errors.As(err, &server) || server.Code != "42501" {
			t.Fatalf("%v, want 42501", err)
		}
		return server.Hint
	}
	statements, forSuperuser := strings.CutPrefix(hint(), "As a superuser, in database "+database.Name+": ")
	if !forSuperuser {
		t.Fatalf("the hint is %q", hint())
	}
	for _, want := range []string{"grant postern_owner to " + login.Name, "grant postern_event_function to " + login.Name, "grant create on database " + database.Name + " to " + login.Name + ";"} {
		if !strings.Contains(statements, want) {
			t.Errorf("%q is not in %q", want, statements)
		}
	}
	database.run(statements)
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Errorf("with all that the hint asked for: %v", err)
	}
	if found := members(database); found != "" {
		t.Errorf("%s is left in the roles that own objects", found)
	}
	database.run("revoke postern_owner, postern_event_function from " + login.Name)
	var server *pgconn.PgError
	if _, err := install.Uninstall(t.Context(), config, install.UninstallOptions{}); !errors.As(err, &server) || !strings.HasPrefix(server.Hint, "As a superuser: grant postern_owner to ") {
		t.Errorf("uninstall: %v, want a hint", err)
	}
}

// pgcrypto already existed in a separate schema: a managed server's "extensions", or a developer's.
func TestExistingPgcryptoIsUsed(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	developer := database.Login(t)
	database.run("grant create on database " + database.Name + " to " + developer.Name)
	run := func(statement string) {
		t.Helper()
		if _, err := developer.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run("create schema cryptography")
	run("create extension pgcrypto schema cryptography")
	_, err := install.Install(t.Context(), database.config(), install.Options{})
	var server *pgconn.PgError
	const want = "grant usage on schema cryptography to postern_owner;"
	if !errors.As(err, &server) || !strings.HasSuffix(server.Hint, want) {
		t.Fatalf("%v, want the hint %q", err, want)
	}
	run(want) // the owner of the schema may do that too
	database.install()
	database.mustBeClean()

	// Its owner may drop it, together with Postern's two functions that use it. Then no response is accepted or
	// checked.
	database.run("select postern.create_user('ALICE', 'Alice'); select postern.reset_pin('ALICE', '482913')")
	const attempt = `
begin;
select postern.assume_user('ALICE');
select postern.authenticate(postern.challenge('POSTERN_PIN_CHANGE'), 'ALICE', '482913');
commit`
	database.run(attempt)
	run("drop extension pgcrypto cascade")
	connection := database.plain()
	defer connection.Close(context.Background())
	if _, err := connection.Exec(t.Context(), attempt); testdb.Code(err) != "42883" {
		t.Errorf("a response without pgcrypto: got %v, want 42883", err)
	}
	if count := database.text("select count(*)::text from postern_internal.ticket"); count != "1" {
		t.Errorf("%s tickets, want the one from before", count)
	}
	found := []string{}
	for _, difference := range database.verify() {
		found = append(found, difference.Change+" "+difference.Name)
	}
	if got := strings.Join(found, ", "); got != "missing pgcrypto, missing postern_internal.bcrypt(secret text, hash text), missing postern_internal.bcrypt_salt(), missing postern_internal.hmac_sha1(data bytea, key bytea), missing postern_internal.random_bytes(length integer)" {
		t.Errorf("verify finds %s", got)
	}
	if _, err := install.Install(t.Context(), database.config(), install.Options{Repair: true}); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()
	database.run(attempt)
}

// The owner of a schema can drop what is in it, whoever created that.
func TestSchemaOfAnotherOwnerIsRefused(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*database) string{
		"install": func(database *database) string {
			_, err := install.Install(t.Context(), database.config(), install.Options{})
			var server *pgconn.PgError
			if !errors.As(err, &server) {
				return ""
			}
			return server.Message
		},
		"psql": func(database *database) string {
			output, _ := database.psql(render(t))
			return output
		},
	} {
		database := newDatabase(t)
		database.run("create schema message_sys; grant all on schema message_sys to public")
		if message := call(database); !strings.Contains(message, "Schema message_sys exists and is not Postern's") {
			t.Errorf("%s: the message %q does not name the schema", name, message)
		}
		if left := database.text("select string_agg(nspname, ',') from pg_namespace where nspname like 'postern%'"); left != "" {
			t.Errorf("%s has left the schemas %s", name, left)
		}
	}
}

// A role of that name may already exist, with a password that somebody knows.
func TestOwnerThatMayLogInIsRefused(t *testing.T) {
	testdb.New(t)
	database := newDatabase(t)
	database.changeRoles()
	database.run("alter role postern_owner login")
	_, err := install.Install(t.Context(), database.config(), install.Options{})
	output, psqlErr := database.psql(render(t))
	database.run("alter role postern_owner nologin")
	var server *pgconn.PgError
	if !errors.As(err, &server) || server.Detail != "It has: login." {
		t.Errorf("%v, want a refusal", err)
	}
	if psqlErr == nil || !strings.Contains(output, "It has: login.") {
		t.Errorf("the script does not refuse the role: %v\n%s", psqlErr, output)
	}
	if left := database.text("select string_agg(nspname, ',') from pg_namespace where nspname like 'postern%'"); left != "" {
		t.Errorf("schemas %s were left", left)
	}
}
