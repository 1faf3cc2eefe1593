package install_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testsql"
	postern "github.com/posternsql/postern/sql"
)

// psql runs a script as a DBA without this binary does.
func (d *database) psql(script string, arguments ...string) (output string, err error) {
	d.t.Helper()
	var out bytes.Buffer
	err = d.Server.Run(d.t.Context(), server.Program{
		Name:      "psql",
		Arguments: append([]string{"--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", "-"}, arguments...),
		Database:  d.Name,
		Stdin:     strings.NewReader(script),
		Stdout:    &out,
		Stderr:    &out,
	})
	return out.String(), err
}

func render(t *testing.T) string {
	t.Helper()
	var script bytes.Buffer
	if err := install.RenderPsql(t.Context(), install.Options{}, &script); err != nil {
		t.Fatal(err)
	}
	return script.String()
}

func TestRenderedScriptHasTheResultOfInstall(t *testing.T) {
	t.Parallel()
	installed, rendered := newDatabase(t), newDatabase(t)
	installed.install()
	script := render(t)
	if output, err := rendered.psql(script); err != nil || output != "Postern "+install.Version+" is installed.\n" {
		t.Fatalf("psql: %v\n%s", err, output)
	}
	if rendered.dump() != installed.dump() {
		t.Error("the two dumps differ")
	}
	// The installer treats the database as one of its own.
	if report := rendered.install(); len(report.Steps) != 0 {
		t.Errorf("install after the script ran %q", report.Steps)
	}
	rendered.mustBeClean()
	const counted = "select version || ' of ' || (select count(*) from postern_internal.schema_version) from postern_internal.schema_version"
	if tern, psql := installed.text(counted), rendered.text(counted); tern != psql {
		t.Errorf("tern counted %s, the script %s", tern, psql)
	}

	// The script runs again: on its own installation, and on the installer's.
	for _, database := range []*database{rendered, installed} {
		before := database.dump()
		if output, err := database.psql(script); err != nil || !strings.Contains(output, "already installed") {
			t.Errorf("the script again: %v\n%s", err, output)
		}
		if database.dump() != before {
			t.Error("the script changed what was installed")
		}
	}
}

// renderBuild renders the script of a build with other files; nil means those of this binary.
func renderBuild(t *testing.T, files fstest.MapFS, builtAt time.Time) string {
	t.Helper()
	options := install.Options{BuiltAt: builtAt}
	if files != nil {
		options.Files = files
	}
	var script bytes.Buffer
	if err := install.RenderPsql(t.Context(), options, &script); err != nil {
		t.Fatal(err)
	}
	return script.String()
}

// Scripts and installers alternate. Each upgrades what the other one left, and neither goes back.
func TestRenderedScriptUpgrades(t *testing.T) {
	t.Parallel()
	former, upgrade := formerCode(t), files(t)
	addMigration(upgrade, "create table postern_internal.addition (id integer);")
	addFunction(upgrade, "addition.sql", "create or replace function postern_internal.addition() returns integer language sql return 1;")
	builds := map[string]struct {
		files   fstest.MapFS
		builtAt time.Time
	}{"former": {former, earlier}, "this": {nil, later}, "upgrade": {upgrade, later.Add(time.Hour)}}

	fresh := map[string]string{}
	for name, build := range builds {
		database := newDatabase(t)
		if err := database.installBuild(build.files, build.builtAt); err != nil {
			t.Fatal(err)
		}
		fresh[name] = database.dump()
	}
	for _, way := range [][]string{
		{"installer former", "psql this", "psql this", "psql upgrade", "installer upgrade"},
		{"psql former", "installer this", "psql upgrade"},
		{"psql this", "installer upgrade", "psql upgrade"},
		{"psql former", "psql upgrade"},
	} {
		database := newDatabase(t)
		last := ""
		for _, turn := range way {
			by, name, _ := strings.Cut(turn, " ")
			build := builds[name]
			if by == "installer" {
				if err := database.installBuild(build.files, build.builtAt); err != nil {
					t.Fatalf("%q: the installer fails at %s: %v", way, turn, err)
				}
			} else {
				// A role that has every name quoted gets the same.
				output, err := database.psql("set quote_all_identifiers = on;\n" + renderBuild(t, build.files, build.builtAt))
				if err != nil || strings.Contains(output, "already installed") != (name == last) {
					t.Fatalf("%q: at %s, the script fails or installs wrongly: %v\n%s", way, turn, err, output)
				}
			}
			if database.dump() != fresh[name] {
				t.Errorf("%q: after %s the database is not as a fresh one", way, turn)
			}
			last = name
		}
		// Going back is refused, and nothing is changed.
		for _, name := range []string{"former", "this"} {
			output, err := database.psql(renderBuild(t, builds[name].files, builds[name].builtAt))
			if err == nil || !strings.Contains(output, "holds a newer Postern") || !strings.Contains(output, "HINT:  Use a script of that version") {
				t.Errorf("%q: %s over a newer schema: %v\n%s", way, name, err, output)
			}
		}
		if database.dump() != fresh[last] {
			t.Errorf("%q: a refused script changed the schema", way)
		}
	}
}

func TestRenderedScriptRefusesWhatInstallRefuses(t *testing.T) {
	t.Parallel()
	setRecord := func(from, to string) string {
		return `do $$ begin execute format('comment on table postern_internal.installation is %L',
			regexp_replace(obj_description('postern_internal.installation'::regclass), '` + from + `', '` + to + `')); end $$`
	}
	for name, test := range map[string]struct{ damage, want string }{
		"newer version":   {setRecord(`"version": ?"[^"]*"`, `"version": "10.0.0"`), "holds a newer Postern"},
		"other migration": {setRecord(`"schema_sha256": ?"[^"]*"`, `"schema_sha256": "00"`), "unreleased build"},
		"no digest":       {setRecord(`"schema_sha256": ?"[^"]*",`, ""), "unreleased build"},
		"no record":       {"comment on table postern_internal.installation is null", "no record of what made them"},
		"later build":     {setRecord(`"code_sha256": ?"[^"]*"`, `"code_sha256": "00", "built_at": "2999-01-01T00:00:00Z"`), "holds another build"},
		"unknown build":   {setRecord(`"code_sha256": ?"[^"]*"`, `"code_sha256": "00"`), "holds another build"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newInstalled(t)
			database.run(test.damage)
			before := database.dump()
			output, err := database.psql(render(t))
			if err == nil || !strings.Contains(output, test.want) || !strings.Contains(output, "DETAIL:") || !strings.Contains(output, "HINT:") {
				t.Errorf("the script: %v\n%s", err, output)
			}
			if _, err := install.Install(t.Context(), database.config(), install.Options{}); err == nil {
				t.Error("the installer does not refuse that")
			}
			if database.dump() != before {
				t.Error("the refused script changed the schema")
			}
			output, err = database.psql("\\set allow_downgrade on\n" + render(t))
			if downgrade := strings.HasPrefix(test.want, "holds"); (err == nil) != downgrade {
				t.Errorf("with allow_downgrade: %v\n%s", err, output)
			} else if downgrade {
				database.mustBeClean()
			}
		})
	}
}

// If nothing has to be done, no privilege is needed. If a privilege for an upgrade is missing, nothing is changed.
func TestRenderedScriptNeedsNoRightsIfUpToDate(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	as := "set session authorization " + database.Login(t).Name + ";\n"
	if output, err := database.psql(as + render(t)); err != nil || !strings.Contains(output, "already installed") {
		t.Errorf("with nothing to do, the script needs a right: %v\n%s", err, output)
	}
	before := database.dump()
	output, err := database.psql(as + renderBuild(t, formerCode(t), later) + "\n")
	if err == nil || !strings.Contains(output, "holds another build") {
		t.Errorf("without rights, the script does not report another build: %v\n%s", err, output)
	}
	output, err = database.psql("\\set allow_downgrade on\n" + as + renderBuild(t, formerCode(t), later))
	if err == nil || !strings.Contains(output, "Rights are missing") || !strings.Contains(output, "HINT:  As a superuser, in database "+database.Name+": grant ") {
		t.Errorf("the script does not name the missing right: %v\n%s", err, output)
	}
	if database.dump() != before {
		t.Error("a script that failed changed the schema")
	}
}

// Whoever may create schemas can make some that look like Postern's, with the record of this very version in a comment. The
// script must not believe it: the next statement of a superuser would call a function of theirs.
func TestRenderedScriptBelievesNoForgedRecord(t *testing.T) {
	t.Parallel()
	installed, database := newInstalled(t), newDatabase(t)
	record := testsql.Value[string](t, installed.Pool, "select obj_description('postern_internal.installation'::regclass)")
	mallory := database.Login(t)
	testsql.Run(t, database.Pool, "create schema extensions; create extension pgcrypto schema extensions; grant usage on schema extensions to public; grant create on database "+pgx.Identifier{database.Name}.Sanitize()+" to "+mallory.Name)
	forge := ""
	for _, schema := range postern.OwnNames().Schemas {
		forge += "create schema " + schema + ";\n"
	}
	testsql.Run(t, mallory.Connect(t), forge+"create table postern_internal.installation (x integer); comment on table postern_internal.installation is '"+record+"'")
	output, err := database.psql(render(t))
	if err == nil || strings.Contains(output, "already installed") || !strings.Contains(output, "is not Postern's") {
		t.Errorf("the script believes it: %v\n%s", err, output)
	}
}

// psql's own transaction around the script does no harm, and neither does a person's savepoint setting.
func TestRenderedScriptWorksWithOptionsOfPsql(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	if err := database.installBuild(formerCode(t), earlier); err != nil {
		t.Fatal(err)
	}
	output, err := database.psql("\\set ON_ERROR_ROLLBACK on\n"+renderBuild(t, nil, later), "--single-transaction")
	if err != nil {
		t.Fatalf("the script fails: %v\n%s", err, output)
	}
	database.mustBeClean()
}

// Several replicas of an application may run the script when they start.
func TestRenderedScriptsAtOnceLeaveOneInstallation(t *testing.T) {
	t.Parallel()
	one, another := newDatabase(t), newDatabase(t)
	script := render(t)
	var runs errgroup.Group
	for _, target := range []*database{one, one, one, another} {
		runs.Go(func() error {
			output, err := target.psql(script)
			if err != nil || !strings.Contains(output, "installed") {
				return fmt.Errorf("psql: %v\n%s", err, output)
			}
			return nil
		})
	}
	if err := runs.Wait(); err != nil {
		t.Fatal(err)
	}
	one.mustBeClean()
	another.mustBeClean()
}

// An upgrade by script waits in short attempts for a session that is idle in a transaction, and others pass.
func TestRenderedScriptStopsNobodyBehindAnIdleReader(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run("select postern.create_user('ALICE', 'Alice', session_user)")
	reader, other := database.plain(), database.plain()
	defer reader.Close(context.Background())
	defer other.Close(context.Background())
	for _, statement := range []string{"begin", "select fnd_session_api.get_fnd_user()"} {
		if _, err := reader.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	upgrade := files(t)
	addFunction(upgrade, "addition.sql", "create or replace function postern_internal.addition() returns integer language sql return 1;")
	ended := make(chan error, 1)
	go func() {
		_, err := database.psql("\\set allow_downgrade on\n" + renderBuild(t, upgrade, later))
		ended <- err
	}()
	// A script that waited for the reader without a limit would let nobody pass, because the reader stays.
	if _, err := other.Exec(t.Context(), "set statement_timeout = '1 min'"); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 3*time.Second; {
		if _, err := other.Exec(t.Context(), "select fnd_session_api.get_fnd_user()"); err != nil {
			t.Fatalf("others waited: %v", err)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the script did not wait for the reader: %v", err)
	default:
	}
	if _, err := reader.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if one := database.text("select postern_internal.addition()::text"); one != "1" {
		t.Errorf("the new function gives %s", one)
	}
}

func TestRenderedScriptIsAllOrNothing(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	empty := database.dump()
	script := strings.Replace(render(t), "-- record the installation\n", "select no_such_column;\n", 1)
	if output, err := database.psql(script); err == nil || !strings.Contains(output, "no_such_column") {
		t.Fatalf("the broken script: %v\n%s", err, output)
	}
	if database.dump() != empty {
		t.Error("a script that failed left something")
	}
}

func TestMigrationOutsideTransactionsCannotBeRendered(t *testing.T) {
	t.Parallel()
	changed := files(t)
	addMigration(changed, "---- tern: disable-tx ----\nselect 1;")
	var script bytes.Buffer
	if err := install.RenderPsql(t.Context(), install.Options{Files: changed}, &script); err == nil || script.Len() > 0 {
		t.Errorf("got %v, and %d bytes, want an error and nothing", err, script.Len())
	}
}
