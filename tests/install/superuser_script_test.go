package install_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

// ownCluster is a server that no other test uses, because roles are created and dropped in it.
type ownCluster struct {
	*server.Server
	t         *testing.T
	superuser *pgx.Conn
}

func newOwnCluster(t *testing.T) *ownCluster {
	t.Helper()
	newDatabase(t).changeRoles() // the cluster may be an existing one
	started, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	superuser, err := pgx.Connect(t.Context(), started.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { superuser.Close(context.Background()) })
	return &ownCluster{Server: started, t: t, superuser: superuser}
}

func (c *ownCluster) run(statements string) {
	c.t.Helper()
	if _, err := c.superuser.Exec(c.t.Context(), statements); err != nil {
		c.t.Fatalf("%s: %v", statements, err)
	}
}

// inDatabase runs statements as the superuser in another database.
func (c *ownCluster) inDatabase(name, statements string) {
	c.t.Helper()
	config := c.superuser.Config().Copy()
	config.Database = name
	connection, err := pgx.ConnectConfig(c.t.Context(), config)
	if err != nil {
		c.t.Fatal(err)
	}
	defer connection.Close(context.Background())
	if _, err := connection.Exec(c.t.Context(), statements); err != nil {
		c.t.Fatalf("in %s: %s: %v", name, statements, err)
	}
}

// A dry run prints everything that a superuser has to run. After that, the installation succeeds.
func TestDryRunPrintsOneScriptForASuperuser(t *testing.T) {
	cluster := newOwnCluster(t)
	cluster.run("set allow_in_place_tablespaces = on")
	cluster.run("create tablespace rights_disk location ''")
	t.Cleanup(func() {
		if _, err := cluster.superuser.Exec(context.Background(), "drop tablespace if exists rights_disk"); err != nil {
			t.Error(err)
		}
	})
	const (
		extensionElsewhere = "create schema cryptography; create extension pgcrypto schema cryptography"
		strangeTablespace  = "alter role rights_dba set default_tablespace = rights_disk"
	)
	for _, test := range []struct {
		name string
		// attributes are those of the installing role; owner says that it owns the database.
		attributes string
		owner      bool
		setUp      string // runs in the database
		// roles says that another database has Postern, so the roles exist and belong to somebody else.
		roles bool
		// missing is what the statements contain, in this order; empty if no privilege is missing.
		missing []string
	}{
		{name: "nothing", missing: []string{"alter role rights_dba createrole;", "grant create on database"}},
		{name: "owner of the database", owner: true, missing: []string{"alter role rights_dba createrole;"}},
		{name: "CREATEROLE only", attributes: "createrole", missing: []string{"grant create on database"}},
		{name: "CREATEROLE and owner", attributes: "createrole", owner: true},
		{name: "superuser", attributes: "superuser"},
		{name: "pgcrypto elsewhere", attributes: "createrole", owner: true, setUp: extensionElsewhere,
			missing: []string{"create role postern_owner nologin;", "grant usage on schema cryptography to postern_owner;"}},
		{name: "nothing, pgcrypto elsewhere, tablespace", setUp: extensionElsewhere + ";" + strangeTablespace,
			missing: []string{"alter role rights_dba createrole;", "create role postern_owner nologin;",
				"grant usage on schema cryptography to postern_owner;", "grant create on tablespace rights_disk to postern_owner;", "grant create on database"}},
		{name: "superuser, pgcrypto elsewhere, tablespace", attributes: "superuser", setUp: extensionElsewhere + ";" + strangeTablespace,
			missing: []string{"create role postern_owner nologin;", "grant usage on schema cryptography to postern_owner;", "grant create on tablespace rights_disk to postern_owner;"}},
		{name: "everybody may use what is elsewhere", attributes: "createrole", owner: true,
			setUp: extensionElsewhere + "; grant usage on schema cryptography to public; grant create on tablespace rights_disk to public;" + strangeTablespace},
		{name: "nothing, roles of others", roles: true, missing: []string{"grant postern_event_function to rights_dba", "grant postern_owner to rights_dba", "grant create on database"}},
		{name: "one role of others is missing", roles: true, owner: true, setUp: "drop role postern_sealer", missing: []string{"alter role rights_dba createrole;"}},
		{name: "one membership of others is missing", roles: true, owner: true, setUp: "revoke postern_user from postern_app",
			missing: []string{"grant postern_event_function to rights_dba", "grant postern_owner to rights_dba", "grant postern_user to postern_app;"}},
		{name: "roles of others, pgcrypto elsewhere, tablespace", roles: true, owner: true, setUp: extensionElsewhere + ";" + strangeTablespace,
			missing: []string{"grant postern_event_function to rights_dba", "grant postern_owner to rights_dba",
				"grant usage on schema cryptography to postern_owner;", "grant create on tablespace rights_disk to postern_owner;"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cluster.run("create role rights_dba login password 'a secret' " + test.attributes)
			cluster.run("create database rights_test")
			defer func() {
				for _, statement := range []string{
					"drop database rights_test with (force)", "drop owned by rights_dba cascade", "revoke create on tablespace rights_disk from public",
					`do $$ declare one name; begin
					   for one in select rolname from pg_roles where rolname like 'postern\_%' loop
					     execute format('drop owned by %I cascade', one);
					     execute format('drop role %I', one);
					   end loop;
					 end $$`,
					"drop role rights_dba",
				} {
					if _, err := cluster.superuser.Exec(context.Background(), statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
			}()
			if test.roles {
				cluster.run("create database rights_other")
				config := cluster.superuser.Config().Copy()
				config.Database = "rights_other"
				if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
					t.Fatal(err)
				}
				cluster.run("drop database rights_other with (force)")
			}
			if test.owner {
				cluster.run("alter database rights_test owner to rights_dba")
			}
			if test.setUp != "" {
				cluster.inDatabase("rights_test", test.setUp)
			}
			address, err := cluster.ConnectionString("rights_test", "rights_dba", "a secret")
			if err != nil {
				t.Fatal(err)
			}
			config, err := pgx.ParseConfig(address)
			if err != nil {
				t.Fatal(err)
			}

			dry, err := install.Install(t.Context(), config, install.Options{DryRun: true})
			if err != nil {
				t.Fatalf("the dry run failed: %v", err)
			}
			script := ""
			for _, missing := range dry.Missing {
				if missing.Problem == "" {
					t.Errorf("%q is for nothing", missing.Statement)
				}
				script += missing.Statement + "\n"
			}
			rest := script
			for _, want := range test.missing {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("%q is not in its place in\n%s", want, script)
				}
				rest = after
			}
			if (script == "") != (len(test.missing) == 0) {
				t.Errorf("the script is\n%s", script)
			}
			if script != "" {
				_, err := install.Install(t.Context(), config, install.Options{})
				if err == nil {
					t.Fatal("the installation succeeds without what is missing")
				}
				cluster.inDatabase("rights_test", script)
				if dry, err := install.Install(t.Context(), config, install.Options{DryRun: true}); err != nil || len(dry.Missing) > 0 {
					t.Errorf("after the script %v is missing, %v", dry.Missing, err)
				}
			}
			report, err := install.Install(t.Context(), config, install.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Members) > 0 {
				t.Errorf("%v are left in the roles that own objects", report.Members)
			}
			differences, err := install.Verify(t.Context(), config, install.VerifyOptions{})
			for _, difference := range differences {
				t.Errorf("verify finds %s %s %s\n%s", difference.Change, difference.Kind, difference.Name, difference.Diff)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Roles belong to the whole cluster, so the first installation into another database is in the way for a while.
func TestDryRunWaitsForAnInstallationElsewhere(t *testing.T) {
	cluster := newOwnCluster(t)
	cluster.run("create database elsewhere")
	var first install.Step
	dry := install.Options{DryRun: true, OnStep: func(step install.Step, number, _ int) {
		if number == 1 {
			first = step
		}
	}}
	if _, err := install.Install(t.Context(), cluster.superuser.Config(), dry); err != nil {
		t.Fatal(err)
	}
	elsewhere := cluster.superuser.Config().Copy()
	elsewhere.Database = "elsewhere"
	connection, err := pgx.ConnectConfig(t.Context(), elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(context.Background()) }()
	if _, err := connection.Exec(t.Context(), first.SQL); err != nil { // begins a transaction, and does not end it
		t.Fatal(err)
	}
	waited := false
	dry.OnBusy = func(install.Step, error) {
		waited = true
		_ = connection.Close(t.Context())
	}
	if _, err := install.Install(t.Context(), cluster.superuser.Config(), dry); err != nil {
		t.Errorf("the dry run gave up: %v", err)
	}
	if !waited {
		t.Error("the installation elsewhere was not in the way")
	}
}
