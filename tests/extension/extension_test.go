// Package extension_test creates the extension postern, dumps and restores it, updates it and drops it, on a server of its
// own, since an extension's files belong into the folders of a server.
package extension_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
	postern "github.com/posternsql/postern/sql"
)

// world is a server from copied programs, with a folder for extensions.
type world struct {
	*testing.T
	server     *server.Server
	extensions string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	programs := os.Getenv(server.BinariesVariable)
	if programs == "" {
		installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
		if err != nil || len(installed) == 0 {
			if os.Getenv("CI") != "" {
				t.Fatal("CI needs PostgreSQL's binaries")
			}
			t.Skip("not tested without PostgreSQL's binaries on this machine")
		}
		programs = filepath.Dir(installed[len(installed)-1])
	}
	folder, err := os.MkdirTemp("/var/tmp", "postern-extension-") // where the server's user may read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	copied, extensions := testdb.CopyPrograms(t, programs, folder)
	t.Setenv(server.WayVariable, "binaries")
	t.Setenv(server.BinariesVariable, copied)
	started, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t, started, extensions}
}

// in is the same world for a part of a test.
func (w *world) in(t *testing.T) *world { return &world{t, w.server, w.extensions} }

// render writes the files of the extension where the server finds them.
func (w *world) render(options install.Options, former ...string) {
	w.Helper()
	if err := install.RenderExtension(w.Context(), options, w.extensions, former); err != nil {
		w.Fatal(err)
	}
}

func (w *world) config(database string) *pgx.ConnConfig {
	w.Helper()
	address, err := w.server.ConnectionString(database, "", "")
	if err != nil {
		w.Fatal(err)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		w.Fatal(err)
	}
	return config
}

// create makes an empty database, and returns a connection to it.
func (w *world) create(database string) *pgx.Conn {
	w.Helper()
	at, err := pgx.ConnectConfig(w.Context(), w.config("postgres"))
	if err != nil {
		w.Fatal(err)
	}
	defer at.Close(context.Background())
	testsql.Run(w.T, at, "create database "+database+" template template0")
	connection, err := pgx.ConnectConfig(w.Context(), w.config(database))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = connection.Close(context.Background()) })
	return connection
}

// postern runs a command, which must end with this code, and say this.
func (w *world) postern(database string, code int, want string, arguments ...string) {
	w.Helper()
	var said bytes.Buffer
	if got := cli.RunOn(w.Context(), w.config(database), arguments, strings.NewReader(""), &said, &said); got != code || !strings.Contains(said.String(), want) {
		w.Errorf("postern %s ended with %d: %s", strings.Join(arguments, " "), got, said.String())
	}
}

// run runs a program of PostgreSQL.
func (w *world) run(database, input, name string, arguments ...string) (output string, err error) {
	w.Helper()
	var out bytes.Buffer
	err = w.server.Run(w.Context(), server.Program{Name: name, Arguments: arguments, Database: database, Stdin: strings.NewReader(input), Stdout: &out, Stderr: &out})
	return out.String(), err
}

func (w *world) dump(database string) string {
	w.Helper()
	dump, err := w.run(database, "", "pg_dump", "--restrict-key=same")
	if err != nil {
		dump, err = w.run(database, "", "pg_dump") // a version without that option
	}
	if err != nil {
		w.Fatalf("pg_dump: %v: %s", err, dump)
	}
	return dump
}

const (
	// grants counts what a dump would leave out: PostgreSQL takes what an extension has granted for granted.
	grants = `select count(*) from pg_init_privs as i
 where i.privtype = 'e' and (i.classoid, i.objoid) in (
   select 'pg_proc'::regclass, p.oid from pg_proc as p where p.proowner::regrole::text like 'postern%'
   union all select 'pg_class'::regclass, c.oid from pg_class as c where c.relowner::regrole::text like 'postern%'
   union all select 'pg_namespace'::regclass, n.oid from pg_namespace as n where n.nspowner::regrole::text like 'postern%')`
	members = "select count(*) from pg_depend as d join pg_extension as e on e.oid = d.refobjid and e.extname = 'postern' where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'"
	objects = "select count(*) from pg_proc as p where p.pronamespace::regnamespace::text like 'postern%'"
	entry   = "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'SHOP_PAY', 'ANN', 'Paid', '{}')"
)

func TestExtension(t *testing.T) {
	w := newWorld(t)
	w.render(install.Options{})
	folder := t.TempDir()
	key, heads := filepath.Join(folder, "key"), filepath.Join(folder, "heads")

	t.Run("has the result of install", func(t *testing.T) {
		w := w.in(t)
		erp := w.create("erp")
		testsql.Run(t, erp, "create extension postern cascade")
		w.postern("erp", 0, "No difference", "verify")
		if got := testsql.Value[int](t, erp, members); got != 0 {
			t.Errorf("the extension has %d members", got)
		}
		if got := testsql.Value[int](t, erp, grants); got != 0 {
			t.Errorf("a dump would leave out the grants on %d objects", got)
		}
		if got := testsql.Values[string](t, erp, "select u.rolname from pg_auth_members as m join pg_roles as u on u.oid = m.member where m.roleid = 'postern_owner'::regrole"); len(got) != 0 {
			t.Errorf("members of postern_owner are %v", got)
		}
	})

	t.Run("is not changed by the installer", func(t *testing.T) {
		w := w.in(t)
		w.postern("erp", 1, "alter extension postern update", "install")
		w.postern("erp", 3, "as an extension", "status")
		var script bytes.Buffer
		if err := install.RenderPsql(t.Context(), install.Options{}, &script); err != nil {
			t.Fatal(err)
		}
		if said, err := w.run("erp", script.String(), "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"); err == nil || !strings.Contains(said, "has Postern as an extension") {
			t.Errorf("psql: %v: %s", err, said)
		}
	})

	t.Run("is dumped and restored whole", func(t *testing.T) {
		w := w.in(t)
		erp := w.connect("erp")
		testsql.Run(t, erp, "select postern.create_user('ANN', 'Ann'), postern.register_gate('SHOP_PAY', 'Pay', 'Paid', active => true), postern.set_setting('comment_required', 'true')")
		for range 3 {
			testsql.Run(t, erp, entry)
		}
		w.postern("erp", 0, "", "log", "key", "create", "--key", key, "--origin", "test.example/log")
		w.postern("erp", 0, "", "log", "seal", "--key", key, "--heads", heads)
		dump := w.dump("erp")
		if !strings.Contains(dump, "CREATE EXTENSION IF NOT EXISTS postern") {
			t.Fatal("the dump has no extension")
		}
		w.create("restored")
		if said, err := w.run("restored", dump, "psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"); err != nil {
			t.Fatalf("restore: %v: %s", err, said)
		}
		if got := w.dump("restored"); got != dump {
			t.Error("what was restored is not what was dumped")
		}
		w.postern("restored", 0, "No difference", "verify")
		w.postern("restored", 0, "", "log", "verify", "--heads", heads)
		restored := w.connect("restored")
		if got := testsql.Value[string](t, restored, "select e.extversion from pg_extension as e where e.extname = 'postern'"); got != install.Version {
			t.Errorf("the extension has version %s", got)
		}
	})

	t.Run("removes nothing when it is dropped", func(t *testing.T) {
		w := w.in(t)
		restored := w.connect("restored")
		testsql.Run(t, restored, "drop extension postern cascade")
		w.postern("restored", 0, "No difference", "verify")
		w.postern("restored", 0, "nothing to do", "install")
		testsql.Run(t, restored, "create extension postern")
		w.postern("restored", 0, "No difference", "verify")
		w.postern("restored", 0, "", "uninstall", "--yes")
		if got := testsql.Value[int](t, restored, "select count(*) from pg_extension as e where e.extname = 'postern'"); got != 0 {
			t.Error("uninstall leaves the extension")
		}
		if got := testsql.Value[int](t, restored, "select count(*) from pg_namespace as n where n.nspname like 'postern_log_%'"); got != 1 {
			t.Error("uninstall keeps no log")
		}
	})

	t.Run("needs no superuser", func(t *testing.T) {
		w := w.in(t)
		managed := w.create("managed")
		testsql.Run(t, managed, "create role dba login createrole password 'dba'; grant create on database managed to dba; grant postern_owner, postern_event_function to dba with admin option")
		config := w.config("managed")
		config.User, config.Password = "dba", "dba"
		dba, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer dba.Close(context.Background())
		testsql.Run(t, dba, "create extension postern cascade")
		w.postern("managed", 0, "No difference", "verify")
		if got := testsql.Value[string](t, managed, "select e.extowner::regrole::text from pg_extension as e where e.extname = 'postern'"); got != "dba" {
			t.Errorf("the extension belongs to %s", got)
		}
	})

	t.Run("creates nothing beside schemas of others", func(t *testing.T) {
		w := w.in(t)
		planted := w.create("planted")
		testsql.Run(t, planted, "create extension pgcrypto; create role mallory; grant create on database planted to mallory; create schema postern_internal authorization mallory")
		if _, err := planted.Exec(t.Context(), "set session authorization mallory; create extension postern"); testdb.Code(err) != "42501" {
			t.Errorf("somebody who may create extensions is not refused: %v", err)
		}
		if _, err := planted.Exec(t.Context(), "reset session authorization; create extension postern"); err == nil || !strings.Contains(err.Error(), "belongs to mallory") {
			t.Errorf("a superuser takes somebody's schema for Postern's: %v", err)
		}
		testsql.Run(t, planted, "alter schema postern_internal owner to current_user; create extension postern") // as a dump without owners
		if got := testsql.Value[int](t, planted, objects); got != 0 {
			t.Errorf("%d functions were created", got)
		}
	})

	t.Run("runs nothing of others", func(t *testing.T) {
		w := w.in(t)
		attacked := w.create("attacked")
		testsql.Run(t, attacked, "create role trudy; grant create on database attacked to trudy")
		testsql.Run(t, attacked, "set session authorization trudy; create schema trap; create extension pgcrypto schema trap; grant usage on schema trap to public")
		testsql.Run(t, attacked, `create function trap.gain(oid, regclass) returns boolean language plpgsql as $$
begin
  if (select r.rolsuper from pg_roles as r where r.rolname = current_user) then
    alter role trudy superuser;
  end if;
  return $1 operator(pg_catalog.=) $2::oid;
end $$;
create operator trap.= (leftarg = oid, rightarg = regclass, function = trap.gain)`)
		testsql.Run(t, attacked, "reset session authorization")
		w.postern("attacked", 0, "", "install")
		const gained = "select r.rolsuper from pg_roles as r where r.rolname = 'trudy'"
		// Without the path the attack works.
		file := filepath.Join(w.extensions, "postern--"+install.Version+".sql")
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		naive := strings.Replace(string(script), "set local search_path = pg_catalog, pg_temp;\n", "", 1)
		if err := os.WriteFile(file, []byte(naive), 0o644); err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, attacked, "create extension postern")
		if !testsql.Value[bool](t, attacked, gained) {
			t.Error("the attack does not work on the naive script")
		}
		testsql.Run(t, attacked, "drop extension postern; alter role trudy nosuperuser")
		w.render(install.Options{})
		testsql.Run(t, attacked, "create extension postern")
		if testsql.Value[bool](t, attacked, gained) {
			t.Error("whoever may create in the database becomes a superuser")
		}
	})

	t.Run("is updated", func(t *testing.T) {
		w := w.in(t)
		built := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		w.render(install.Options{BuiltAt: built})
		if err := os.Rename(filepath.Join(w.extensions, "postern--"+install.Version+".sql"), filepath.Join(w.extensions, "postern--0.0.9.sql")); err != nil {
			t.Fatal(err)
		}
		older := w.create("older")
		testsql.Run(t, older, "create role boss login createrole password 'boss'; grant create on database older to boss; grant postern_owner, postern_event_function to boss with admin option")
		config := w.config("older")
		config.User, config.Password = "boss", "boss"
		boss, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer boss.Close(context.Background())
		testsql.Run(t, boss, "create extension postern version '0.0.9' cascade")
		testsql.Run(t, older, entry)
		newer := changed(t)
		w.render(install.Options{Files: newer, BuiltAt: built.Add(time.Hour)}, "0.0.9")
		testsql.Run(t, boss, "set quote_all_identifiers = on; alter extension postern update")
		if got := testsql.Value[int](t, older, grants); got != 0 {
			t.Errorf("a dump would leave out the grants on %d objects", got)
		}
		if got := testsql.Value[int](t, older, "select count(*) from pg_auth_members as m where m.member = 'boss'::regrole and m.roleid in ('postern_owner'::regrole, 'postern_event_function'::regrole)"); got != 0 {
			t.Errorf("boss is a member of %d roles that own objects", got)
		}
		if got := testsql.Value[string](t, older, "select concat_ws(' ', (select e.extversion from pg_extension as e where e.extname = 'postern'), (select max(version) from postern_internal.schema_version), postern_internal.added(), to_regprocedure('postern_internal.new_uuid()'), (select count(*) from postern.checkpoint_log))"); got != install.Version+" 12 42 postern_internal.new_uuid() 1" {
			t.Errorf("after the update there is %s", got)
		}
		if got := testsql.Value[int](t, older, members); got != 0 {
			t.Errorf("the extension has %d members", got)
		}
		// Not back to what is older.
		w.render(install.Options{BuiltAt: built}, "0.2.0")
		if err := os.Rename(filepath.Join(w.extensions, "postern--"+install.Version+".sql"), filepath.Join(w.extensions, "postern--0.2.0.sql")); err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, older, "drop extension postern; create extension postern version '0.2.0'")
		if _, err := older.Exec(t.Context(), "alter extension postern update to '"+install.Version+"'"); err == nil || !strings.Contains(err.Error(), "migrations") && !strings.Contains(err.Error(), "newer") {
			t.Errorf("an older script: %v", err)
		}
	})
}

// connect returns another connection to a database.
func (w *world) connect(database string) *pgx.Conn {
	w.Helper()
	connection, err := pgx.ConnectConfig(w.Context(), w.config(database))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = connection.Close(context.Background()) })
	return connection
}

// changed is a later version: with another migration, and another function.
func changed(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	if err := fs.WalkDir(postern.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(postern.Files, path)
		files[path] = &fstest.MapFile{Data: text}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	files["schema/012_added.sql"] = &fstest.MapFile{Data: []byte("create table postern_internal.added_table (n integer);\n")}
	files["functions/added.sql"] = &fstest.MapFile{Data: []byte("create or replace function postern_internal.added() returns integer language sql set search_path = pg_catalog, pg_temp return 42;\n")}
	index := files["functions/install.sql"]
	index.Data = append(index.Data, "\\ir added.sql\n"...)
	return files
}
