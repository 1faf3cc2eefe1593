// Package install_test installs Postern into databases of a real server, breaks it, and uninstalls it.
package install_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	postern "github.com/posternsql/postern/sql"
)

// database is the database of one test, with what the tests of this package ask of it.
type database struct {
	*testdb.Database
	t *testing.T
	// alone says that the test has called changeRoles.
	alone bool
}

// Tests that change Postern's roles hold rolesLock, and tests that verify roles share it, because other test binaries
// may use the same cluster. It is taken in the database that the server's URL names.
const rolesLock = 7061

func holdRoles(t *testing.T, database *testdb.Database, statement string) (release func()) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), database.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Exec(t.Context(), statement, rolesLock); err != nil {
		t.Fatal(err)
	}
	return func() { connection.Close(context.Background()) }
}

// changeRoles keeps other tests from verifying roles until this one ends.
func (d *database) changeRoles() {
	d.t.Helper()
	d.alone = true
	d.t.Cleanup(holdRoles(d.t, d.Database, "select pg_advisory_lock($1)"))
}

// newDatabase makes a database without Postern.
func newDatabase(t *testing.T) *database {
	t.Helper()
	return &database{Database: testdb.Empty(t), t: t}
}

// newInstalled makes a database with Postern.
func newInstalled(t *testing.T) *database {
	t.Helper()
	return &database{Database: testdb.New(t), t: t}
}

// month is the first moment of a month; ahead counts months from this one.
func month(ahead int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC)
}

// partition is the table with the log of a month; ahead counts months from this one.
func partition(ahead int) string {
	return "postern_internal.checkpoint_entry_" + month(ahead).Format("2006_01")
}

// config connects to the database as the superuser.
func (d *database) config() *pgx.ConnConfig {
	d.t.Helper()
	return d.Config(d.t)
}

// configOf connects to the database as another role.
func configOf(t *testing.T, login *testdb.Login) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(login.URL)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// plain is a connection with the settings of the database, including its search_path.
func (d *database) plain() *pgx.Conn {
	d.t.Helper()
	connection, err := pgx.ConnectConfig(d.t.Context(), d.config())
	if err != nil {
		d.t.Fatal(err)
	}
	return connection
}

// run runs statements in the database as the superuser.
func (d *database) run(statements string) {
	d.t.Helper()
	connection := d.plain()
	defer connection.Close(context.Background())
	if _, err := connection.Exec(d.t.Context(), statements); err != nil {
		d.t.Fatalf("%s: %v", statements, err)
	}
}

// text returns one value as text.
func (d *database) text(query string, arguments ...any) string {
	d.t.Helper()
	connection := d.plain()
	defer connection.Close(context.Background())
	var value *string
	if err := connection.QueryRow(d.t.Context(), query, arguments...).Scan(&value); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	if value == nil {
		return ""
	}
	return *value
}

func (d *database) install() install.Report {
	d.t.Helper()
	report, err := install.Install(d.t.Context(), d.config(), install.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	return report
}

func (d *database) verify() []install.Difference {
	d.t.Helper()
	if !d.alone {
		defer holdRoles(d.t, d.Database, "select pg_advisory_lock_shared($1)")()
	}
	differences, err := install.Verify(d.t.Context(), d.config(), install.VerifyOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	return differences
}

// mustBeClean fails if verify finds anything.
func (d *database) mustBeClean() {
	d.t.Helper()
	for _, found := range d.verify() {
		d.t.Errorf("verify finds %s: %s %s\n%s", found.Change, found.Kind, found.Name, found.Diff)
	}
}

// restrictPattern matches the random key that pg_dump wraps its output in.
var restrictPattern = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

// dump is the schema of the whole database, without what differs between dumps.
func (d *database) dump() string {
	d.t.Helper()
	var out, problems bytes.Buffer
	err := d.Server.Run(d.t.Context(), server.Program{
		Name: "pg_dump", Arguments: []string{"--schema-only"}, Database: d.Name, Stdout: &out, Stderr: &problems,
	})
	if err != nil {
		d.t.Fatalf("pg_dump fails: %v: %s", err, problems.String())
	}
	return restrictPattern.ReplaceAllString(out.String(), "")
}

// files is a copy of the SQL that this binary carries, for a test to change.
func files(t *testing.T) fstest.MapFS {
	t.Helper()
	copied := fstest.MapFS{}
	err := fs.WalkDir(postern.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(postern.Files, path)
		copied[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// addMigration appends a migration after the last one.
func addMigration(files fstest.MapFS, text string) {
	last := 0
	for path := range files {
		var number int
		if _, err := fmt.Sscanf(path, "schema/%d_", &number); err == nil {
			last = max(last, number)
		}
	}
	files[fmt.Sprintf("schema/%03d_test.sql", last+1)] = &fstest.MapFile{Data: []byte(text)}
}

// addFunction appends a file to the code lane.
func addFunction(files fstest.MapFS, path, text string) {
	files["functions/"+path] = &fstest.MapFile{Data: []byte(text)}
	index := files["functions/install.sql"]
	files["functions/install.sql"] = &fstest.MapFile{Data: append(append([]byte{}, index.Data...), []byte("\n\\ir "+path+"\n")...)}
}
