// Package upgrade_test restores what each release of Postern had in a database, and upgrades it to this build.
//
// A folder with the version of a release has what the release itself has made: the script for psql, the files of the
// extension, and a dump of the database that fill.sql describes, with everything that its owners had beside it. Nothing in
// such a folder is ever changed. docs/internals/releasing.md says when one is made.
package upgrade_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

var keep = flag.Bool("keep", false, "make the folder of this build, as that of a release")

// Files of a release's folder.
const (
	psqlScript    = "postern.sql"
	extension     = "extension"
	roles         = "roles.sql"
	dump          = "filled.sql"
	configuration = "configuration.yaml"
	key           = "postern-log.key" // of this test, and of nobody's log
	heads         = "heads"
	proof         = "proof.json"
	exported      = "log.jsonl"
)

const (
	pin          = "846205" // ANN's, as fill.sql sets it
	origin       = "test.example/log"
	proved       = 4 // an entry of fill.sql
	noDifference = `No difference: what is installed is what Postern ` + install.Version + ` installs`
)

// world is a server with the database erp.
type world struct {
	*testing.T
	server *server.Server
	// folder has the files of the release.
	folder string
}

func newWorld(t *testing.T, folder string) *world {
	t.Helper()
	testdb.Server(t) // the version is asserted
	started, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t, started, folder}
	w.psql("", strings.NewReader("create database erp template template0"))
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

// run runs a program of PostgreSQL.
func (w *world) run(database string, input io.Reader, output io.Writer, name string, arguments ...string) error {
	w.Helper()
	var said bytes.Buffer
	err := w.server.Run(w.Context(), server.Program{Name: name, Arguments: arguments, Database: database, Stdin: input, Stdout: output, Stderr: &said})
	if err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return nil
}

func (w *world) psql(database string, input io.Reader) {
	w.Helper()
	if err := w.run(database, input, io.Discard, "psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", "-"); err != nil {
		w.Fatal(err)
	}
}

// psqlFile runs a file of the release's folder.
func (w *world) psqlFile(name string) {
	w.Helper()
	file, err := os.Open(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	defer file.Close()
	w.psql("erp", file)
}

func (w *world) write(name string, make func(out io.Writer) error) {
	w.Helper()
	file, err := os.Create(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	if err := errors.Join(make(file), file.Close()); err != nil {
		w.Fatalf("%s: %v", name, err)
	}
}

func (w *world) config() *pgx.ConnConfig {
	w.Helper()
	address, err := w.server.ConnectionString("erp", "", "")
	if err != nil {
		w.Fatal(err)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		w.Fatal(err)
	}
	return config
}

func (w *world) connect() *pgx.Conn {
	w.Helper()
	connection, err := pgx.ConnectConfig(w.Context(), w.config())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = connection.Close(w.Context()) })
	return connection
}

// postern runs a command, which must end with this code, and returns what it says.
func (w *world) postern(code int, arguments ...string) (said string) {
	w.Helper()
	var out bytes.Buffer
	if got := cli.RunOn(w.Context(), w.config(), arguments, strings.NewReader(""), &out, &out); got != code {
		w.Fatalf("postern %s ended with %d, want %d: %s", strings.Join(arguments, " "), got, code, out.String())
	}
	return out.String()
}

func (w *world) seal(code int, more ...string) (said string) {
	w.Helper()
	return w.postern(code, append([]string{"log", "seal", "--key", w.path(key), "--heads", w.path(heads)}, more...)...)
}

// committed is when HEAD was. A release's binary has that in it, and writes it into its scripts.
func committed(t *testing.T) time.Time {
	t.Helper()
	if !*keep {
		return time.Time{}
	}
	said, err := exec.CommandContext(t.Context(), "git", "log", "-1", "--format=%cI").Output()
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(said)))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// make fills the folder with what a release leaves behind: this build.
func (w *world) make() {
	w.Helper()
	ctx, options := w.Context(), install.Options{BuiltAt: committed(w.T)}
	w.write(psqlScript, func(out io.Writer) error { return install.RenderPsql(ctx, options, out) })
	if err := os.Mkdir(w.path(extension), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := install.RenderExtension(ctx, options, w.path(extension), nil); err != nil {
		w.Fatal(err)
	}
	w.psqlFile(psqlScript)
	story, err := os.Open("fill.sql")
	if err != nil {
		w.Fatal(err)
	}
	defer story.Close()
	w.psql("erp", story)
	w.postern(0, "log", "key", "create", "--key", w.path(key), "--origin", origin)
	w.seal(0)
	w.postern(0, "log", "prove", fmt.Sprint(proved), "--heads", w.path(heads), "-o", w.path(proof))
	w.postern(0, "log", "export", "--proofs", "--heads", w.path(heads), "-o", w.path(exported))
	w.write(configuration, func(out io.Writer) error { _, err := io.WriteString(out, w.postern(0, "export")); return err })
	w.write(roles, func(out io.Writer) error {
		return w.run("", nil, out, "pg_dumpall", "--roles-only", "--no-role-passwords")
	})
	w.write(dump, func(out io.Writer) error { return w.run("erp", nil, out, "pg_dump") })
}

// restore gives a new server what the folder has.
func (w *world) restore() {
	w.Helper()
	file, err := os.Open(w.path(roles))
	if err != nil {
		w.Fatal(err)
	}
	defer file.Close()
	// The superuser is there already, so not all statements can succeed.
	if err := w.run("", file, io.Discard, "psql", "--no-psqlrc", "--quiet", "-f", "-"); err != nil {
		w.Fatal(err)
	}
	w.psqlFile(dump)
}

// releases are the folders of all releases. If there is none of this build's version, a folder is made, as it would be if
// this build was released.
func releases(t *testing.T) []string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join("*", psqlScript))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, script := range scripts {
		folders = append(folders, filepath.Dir(script))
	}
	if slices.Contains(folders, install.Version) {
		return folders
	}
	folder := filepath.Join(t.TempDir(), install.Version)
	if *keep {
		if version := os.Getenv(testdb.VersionVariable); !strings.HasPrefix(version, "15.") {
			t.Fatalf("a release's dump is made on PostgreSQL 15, so that each version can restore it, and %s is %q", testdb.VersionVariable, version)
		}
		folder = install.Version
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	newWorld(t, folder).make()
	return append(folders, folder)
}

// What a company has with a release goes on after the upgrade: nothing has to be configured, approved or sealed again.
func TestDatabaseOfEachReleaseGoesOn(t *testing.T) {
	for _, folder := range releases(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			// The directory of heads is written into.
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(copied, key), 0o600); err != nil { // git keeps no such mode
				t.Fatal(err)
			}
			w := newWorld(t, copied)
			w.restore()
			connection := w.connect()
			before := readNames(t, connection)
			w.postern(0, "install")
			if said := w.postern(0, "verify", "--accept", "accepted.yaml"); !strings.Contains(said, noDifference) {
				t.Errorf("verify says %s", said)
			}
			requireNames(t, before, readNames(t, connection))

			w.requireLog(connection)
			w.postern(0, "apply", "-f", w.path(configuration), "--prune", "--plan") // 3 if anything differed
			w.requireApprovals(connection)
			w.requireProtection(connection)
			w.requireLog(connection)
			w.postern(0, "uninstall", "--yes", "--with-dependents", "--open-tables")
		})
	}
}

// requireLog checks all that was written of the log, with the log as it is now. It seals what is not sealed.
func (w *world) requireLog(connection *pgx.Conn) {
	w.Helper()
	if said := w.postern(0, "log", "verify", "--heads", w.path(heads)); !strings.Contains(said, "the log is what was signed") {
		w.Errorf("log verify says %s", said)
	}
	for _, file := range []string{proof, exported} {
		w.postern(0, "log", "check-proof", w.path(file), "--public-key", w.path(key+".pub"))
	}
	if testsql.Value[bool](w, connection, "select postern_internal.current_place() <> s.place from postern_internal.sealing as s") {
		refusal := w.seal(1)
		place := regexp.MustCompile(`--confirm-database ([^\s"]+)`).FindStringSubmatch(refusal)
		if place == nil {
			w.Fatalf("it does not say how to go on sealing: %s", refusal)
		}
		w.seal(0, "--confirm-database", place[1])
	}
	w.seal(0)
}

// requireApprovals passes each gate of the filled database: with the PIN that ANN had, and not with another one.
func (w *world) requireApprovals(connection *pgx.Conn) {
	w.Helper()
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		w.Fatal(err)
	}
	config.ConnConfig = w.config()
	config.ConnConfig.RuntimeParams["role"] = "shop"
	pool, err := pgxpool.NewWithConfig(w.Context(), config)
	if err != nil {
		w.Fatal(err)
	}
	defer pool.Close()
	for _, work := range []string{
		"select shop.pay(3)",
		"update shop.invoice set approved = true where invoice_no = 3",
		"update shop.invoice set closed = true where invoice_no in (4, 5)",
		"select postern.begin_action('ShopPayNow', '{}'), shop.pay(4)",
	} {
		for _, answer := range []string{"000000", pin} {
			entries := testsql.Value[int](w, connection, "select count(*) from postern.checkpoint_log where outcome = 'passed'")
			asked := 0
			err := postern.Do(w.Context(), pool, postern.TrustedSession("ANN"), func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
				if asked++; asked > 1 {
					return postern.Answer{}, errors.New("it asks again")
				}
				return postern.Answer{Username: "ANN", Response: answer}, nil
			}, func(tx pgx.Tx) error {
				_, err := tx.Exec(w.Context(), work)
				return err
			})
			passed := testsql.Value[int](w, connection, "select count(*) from postern.checkpoint_log where outcome = 'passed'") - entries
			if asked == 0 || (answer == pin) != (err == nil && passed > 0) {
				w.Errorf("%s with PIN %s: asked %d times, %d passed; %v", work, answer, asked, passed, err)
			}
		}
	}
}

// requireProtection looks at what each user sees.
func (w *world) requireProtection(connection *pgx.Conn) {
	w.Helper()
	for user, want := range map[string]string{"ANN": "{1,2,3,4,5} {1}", "BOB": "{6,7,8} "} {
		tx, err := connection.Begin(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		testsql.Run(w, tx, "set local role shop")
		testsql.Run(w, tx, "select postern.assume_user($1)", user)
		got := testsql.Value[string](w, tx, "select format('%s %s', (select array_agg(invoice_no order by invoice_no) from shop.invoice), (select array_agg(entry_id order by entry_id) from shop.entry))")
		if err := tx.Rollback(w.Context()); err != nil {
			w.Fatal(err)
		}
		if got != want {
			w.Errorf("%s sees %s, want %s", user, got, want)
		}
	}
}

// names are what applications, administrators and reports use of Postern.
type names struct {
	functions []function
	// others are columns of views, roles, settings, and codes of findings.
	others []string
}

type function struct {
	Name, Result string
	// Columns of the result have names and types, if it has several.
	Columns []string
	// Arguments have names and types. The last of them have defaults, as many as Defaults says.
	Arguments []string
	Defaults  int
	// Roles may call it.
	Roles []string
}

// readNames leaves out what is there for Postern's own commands, policies and triggers: its comment begins with "For".
func readNames(t *testing.T, connection *pgx.Conn) names {
	t.Helper()
	rows, err := connection.Query(t.Context(), `
select p.pronamespace::regnamespace::text || '.' || p.proname as name,
       case when p.prokind = 'p' then 'procedure ' when p.proretset then 'setof ' else '' end || format_type(p.prorettype, null) as result,
       array(select format('%s %s', (p.proargnames)[a.n], format_type(a.type, null)) from unnest(p.proallargtypes) with ordinality as a (type, n)
              where (p.proargmodes)[a.n] in ('o', 'b', 't') order by a.n) as columns,
       array(select format('%s %s', (p.proargnames)[a.n], format_type(a.type, null)) from unnest(p.proargtypes) with ordinality as a (type, n) order by a.n) as arguments,
       p.pronargdefaults as defaults,
       array(select r.rolname::text from pg_roles as r
              where starts_with(r.rolname, 'postern_') and r.rolname <> 'postern_owner' and has_function_privilege(r.oid, p.oid, 'execute') order by 1) as roles
  from pg_proc as p
 where p.proowner = 'postern_owner'::regrole and p.pronamespace::regnamespace::text <> 'postern_internal'
   and not starts_with(coalesce(obj_description(p.oid, 'pg_proc'), ''), 'For ')
 order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := pgx.CollectRows(rows, pgx.RowToStructByName[function])
	if err != nil {
		t.Fatal(err)
	}
	others := testsql.Values[string](t, connection, `
with relation as (
  select c.*
    from pg_class as c
   where c.relowner = 'postern_owner'::regrole and c.relkind in ('v', 'r', 'p') and c.relnamespace::regnamespace::text <> 'postern_internal'
     and not starts_with(coalesce(obj_description(c.oid, 'pg_class'), ''), 'For ')
)
select format('column %s.%s %s', c.oid::regclass, a.attname, format_type(a.atttypid, null))
  from pg_class as c
  join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.oid in (select r.oid from relation as r)
    or c.reltype in (select p.prorettype from pg_proc as p where p.proowner = 'postern_owner'::regrole and p.pronamespace = 'postern'::regnamespace
                        and not starts_with(coalesce(obj_description(p.oid, 'pg_proc'), ''), 'For '))
union all
select format('%s may %s %s', r.rolname, lower(g.privilege), c.oid::regclass)
  from relation as c
 cross join pg_roles as r
 cross join (values ('SELECT'), ('REFERENCES')) as g (privilege)
 where starts_with(r.rolname, 'postern_') and r.rolname <> 'postern_owner' and has_table_privilege(r.oid, c.oid, g.privilege)
union all
select 'role ' || r.rolname from pg_roles as r where starts_with(r.rolname, 'postern_')
union all
select 'setting ' || s.name from postern.setting as s
union all
select 'event ' || e.event from postern.event as e
union all
select 'scheme ' || s.scheme from postern_internal.scheme as s
union all
select 'finding ' || c.relname from pg_class as c where starts_with(obj_description(c.oid, 'pg_class'), 'Check of postern.doctor')`)
	return names{functions, others}
}

// keeps reports whether whatever calls a function may call the other one instead.
func (f function) keeps(other function) bool {
	more := len(f.Arguments) - len(other.Arguments)
	return f.Name == other.Name && f.Result == other.Result && more >= 0 && startsWith(f.Columns, other.Columns) && f.Defaults >= other.Defaults+more &&
		startsWith(f.Arguments, other.Arguments) &&
		!slices.ContainsFunc(other.Roles, func(role string) bool { return !slices.Contains(f.Roles, role) })
}

func startsWith(all, first []string) bool {
	return len(all) >= len(first) && slices.Equal(all[:len(first)], first)
}

// requireNames names what a release had, and this build no longer has.
func requireNames(t *testing.T, before, after names) {
	t.Helper()
	if len(before.functions) < 100 || len(before.others) < 100 {
		t.Fatalf("only %d functions and %d other names", len(before.functions), len(before.others))
	}
	for _, former := range before.functions {
		if !slices.ContainsFunc(after.functions, func(f function) bool { return f.keeps(former) }) {
			t.Errorf("nothing keeps %+v", former)
		}
	}
	for _, name := range before.others {
		if !slices.Contains(after.others, name) {
			t.Errorf("%q is gone", name)
		}
	}
}

func TestChangedNamesAreNoticed(t *testing.T) {
	former := function{Name: "postern.f", Result: "record", Columns: []string{"x text", "y text"}, Arguments: []string{"a text", "b integer"}, Defaults: 1, Roles: []string{"postern_user"}}
	for name, change := range map[string]func(*function){
		"another name":                  func(f *function) { f.Name = "postern.g" },
		"another result":                func(f *function) { f.Result = "jsonb" },
		"another column":                func(f *function) { f.Columns = []string{"x text", "z text"} },
		"one column less":               func(f *function) { f.Columns = []string{"x text"} },
		"another argument":              func(f *function) { f.Arguments = []string{"c text", "b integer"} },
		"one argument less":             func(f *function) { f.Arguments = []string{"a text"} },
		"one argument more, no default": func(f *function) { f.Arguments = append(f.Arguments, "c text") },
		"no default":                    func(f *function) { f.Defaults = 0 },
		"nobody may call it":            func(f *function) { f.Roles = nil },
	} {
		changed := former
		changed.Arguments = slices.Clone(former.Arguments)
		if !changed.keeps(former) {
			t.Fatal("the same function does not keep itself")
		}
		if change(&changed); changed.keeps(former) {
			t.Errorf("%s: not noticed", name)
		}
	}
	more := former
	more.Arguments, more.Defaults = append(slices.Clone(former.Arguments), "c text"), 2
	more.Columns = append(slices.Clone(former.Columns), "z text")
	if !more.keeps(former) {
		t.Error("one argument more with a default, or one column more, is refused")
	}
}
