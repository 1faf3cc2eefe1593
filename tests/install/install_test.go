package install_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
)

func TestSecondInstallationChangesNothing(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	if report := database.install(); len(report.Steps) == 0 {
		t.Fatal("the first installation did nothing")
	}
	before := database.dump()
	if report := database.install(); len(report.Steps) != 0 {
		t.Errorf("the second installation ran %q", report.Steps)
	}
	if after := database.dump(); after != before {
		t.Error("the second installation changed the schema")
	}
	if count := database.text("select count(*)::text from postern_internal.installation"); count != "1" {
		t.Errorf("%s installations are recorded, want 1", count)
	}
	database.mustBeClean()
}

func TestTwentyInstallationsAtOnceLeaveOneGoodOne(t *testing.T) {
	t.Parallel()
	// Two databases share the roles, and no lock spans them.
	databases := []*database{newDatabase(t), newDatabase(t)}
	var group sync.WaitGroup
	failures := make([]error, 20)
	for index := range failures {
		group.Go(func() {
			_, failures[index] = install.Install(t.Context(), databases[index%2].config(), install.Options{})
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	for _, database := range databases {
		if count := database.text("select count(*)::text from postern_internal.installation"); count != "1" {
			t.Errorf("%s installations are recorded, want 1", count)
		}
		database.mustBeClean()
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]string{
		"version": `{"version": "99.1.0", "schema_version": 1, "code_sha256": "00", "server_major": 15}`,
		"schema":  `{"version": "99.1.0", "schema_version": 9999}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newDatabase(t)
			database.install()
			database.run("comment on table postern_internal.installation is 'Last: " + record + "'")
			before := database.dump()
			calls := map[string]func() error{
				"install": func() error {
					_, err := install.Install(t.Context(), database.config(), install.Options{})
					return err
				},
				"verify": func() error {
					_, err := install.Verify(t.Context(), database.config(), install.VerifyOptions{})
					return err
				},
				"uninstall": func() error {
					_, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{})
					return err
				},
			}
			for name, call := range calls {
				var newer *install.NewerError
				if err := call(); !errors.As(err, &newer) {
					t.Errorf("%s: %v, want a NewerError", name, err)
				} else if !strings.Contains(newer.Error(), "99.1.0 or later") {
					t.Errorf("%s does not say which version it needs: %v", name, newer)
				}
			}
			if database.dump() != before {
				t.Error("a refused command changed the schema")
			}
			status, err := install.ReadStatus(t.Context(), database.config(), nil)
			if err != nil || !status.DatabaseIsNewer || status.Version != "99.1.0" {
				t.Errorf("status is %+v, %v; want newer", status, err)
			}
		})
	}
}

// An installation that another one overtakes finds that nothing is left to do.
func TestOvertakenInstallationSucceeds(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	stopped, release := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() {
		_, err := install.Install(context.WithoutCancel(t.Context()), database.config(), install.Options{
			OnStep: func(_ install.Step, number, _ int) {
				if number == 1 {
					close(stopped)
					<-release
				}
			},
		})
		first <- err
	}()
	<-stopped
	database.install()
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if count := database.text("select count(*)::text from postern_internal.installation"); count != "1" {
		t.Errorf("%s installations are recorded, want that of the faster one", count)
	}
	database.mustBeClean()
}

// Any login may take any advisory lock, so no command of the installer waits for one. tern's Migrator does: its number
// is the second one here.
func TestAdvisoryLocksOfStrangersStopNothing(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	numbers := []int64{0x706f737465726e, 9628173550095224}
	stranger := database.Login(t).Connect(t)
	if _, err := stranger.Exec(t.Context(), "select pg_advisory_lock(n) from unnest($1::bigint[]) as n", numbers); err != nil {
		t.Fatal(err)
	}
	limit := 5 * time.Second
	naive := database.plain()
	defer naive.Close(context.Background())
	if _, err := naive.Exec(t.Context(), fmt.Sprintf("set lock_timeout = 100; select pg_advisory_lock(%d)", numbers[0])); testdb.Code(err) != "55P03" {
		t.Fatalf("a lock that a stranger holds was taken: %v", err)
	}
	for range 2 {
		if _, err := install.Install(t.Context(), database.config(), install.Options{Repair: true, LockTimeout: limit}); err != nil {
			t.Fatal(err)
		}
	}
	database.mustBeClean()
	if _, err := stranger.Exec(t.Context(), "do 'begin lock table postern_internal.installation in access share mode; end'"); testdb.Code(err) != "42501" {
		t.Errorf("a stranger locked what installations lock: %v", err)
	}
	if _, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{LockTimeout: limit, DropLog: true}); err != nil {
		t.Error(err)
	}
}

func TestDryRunChangesNothingAndShowsWhatRuns(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	empty := database.dump()
	var shown []install.Step
	dry, err := install.Install(t.Context(), database.config(), install.Options{
		DryRun: true,
		OnStep: func(step install.Step, _, _ int) { shown = append(shown, step) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if database.dump() != empty {
		t.Error("the dry run changed the schema")
	}
	real := database.install()
	if strings.Join(real.Steps, "\n") != strings.Join(dry.Steps, "\n") {
		t.Errorf("shown: %q\nran: %q", dry.Steps, real.Steps)
	}

	// Running by hand what was shown gives an installation.
	byHand := newDatabase(t)
	config := byHand.config()
	config.RuntimeParams["search_path"] = "pg_catalog, pg_temp"
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	for _, step := range shown {
		if _, err := connection.Exec(t.Context(), step.SQL); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	if byHand.dump() != database.dump() {
		t.Error("the SQL that was shown leaves another schema than the installation")
	}
	if report := byHand.install(); len(report.Steps) != 0 {
		t.Errorf("the installer ran %q after the SQL that was shown", report.Steps)
	}
}

func TestUpgradeRunsOnlyNewParts(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	database.install()
	upgrade := files(t)
	addMigration(upgrade, "create table postern_internal.addition (id integer);")
	addFunction(upgrade, "addition.sql", "create or replace function postern_internal.addition() returns integer language sql return 1;")

	report, err := install.Install(t.Context(), database.config(), install.Options{Files: upgrade})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Steps) != 4 || !strings.HasSuffix(report.Steps[1], "_test.sql") {
		t.Errorf("the upgrade ran %q; want bootstrap, one migration, functions, and leaving", report.Steps)
	}
	if found := database.text("select postern_internal.addition()::text"); found != "1" {
		t.Errorf("the new function gives %s", found)
	}
	fresh := newDatabase(t)
	if _, err := install.Install(t.Context(), fresh.config(), install.Options{Files: upgrade}); err != nil {
		t.Fatal(err)
	}
	if fresh.dump() != database.dump() {
		t.Error("an upgraded database and a fresh one differ")
	}
	if _, err := install.Install(t.Context(), database.config(), install.Options{}); err == nil {
		t.Error("the older binary installed over the newer schema")
	}
}

func TestFailureNamesFileAndLineAndChangesNothingMore(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	broken := files(t)
	addFunction(broken, "broken.sql", "-- a comment with an umlaut: ü\ncreate function postern_internal.broken() returns integer\n  language sql return no_such_function();")
	_, err := install.Install(t.Context(), database.config(), install.Options{Files: broken})
	var failure *install.ScriptError
	if !errors.As(err, &failure) {
		t.Fatalf("%v, want a ScriptError", err)
	}
	if !strings.HasPrefix(failure.Error(), "functions/broken.sql, line 3:") {
		t.Errorf("the error says %q", failure.Error())
	}
	if want := "LINE 3:   language sql return no_such_function();\n                              ^"; failure.Excerpt() != want {
		t.Errorf("the excerpt is\n%s\nwant\n%s", failure.Excerpt(), want)
	}
	if count := database.text("select count(*)::text from pg_proc where pronamespace::regnamespace::text like 'postern%'"); count != "0" {
		t.Errorf("%s functions were left of a code lane that failed", count)
	}
	// The next installation continues where this one stopped.
	database.install()
	database.mustBeClean()
}

func TestRepairPutsFunctionsRight(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(`
alter function security_sys.security_checkpoint(text, text) cost 77;
drop trigger refuse_change on postern_internal.checkpoint_entry;
alter table ` + partition(1) + ` disable trigger refuse_change;
grant delete on ` + partition(2) + ` to public;`)
	if report := database.install(); len(report.Steps) != 0 {
		t.Errorf("an installation with nothing to do ran %q", report.Steps)
	}
	var found []string
	for _, difference := range database.verify() {
		found = append(found, difference.Change+": "+difference.Kind+" "+difference.Name)
	}
	want := []string{
		"changed: function security_sys.security_checkpoint(gate_id text, msg text)",
		"extra: grant delete on table " + partition(2) + " to public",
		"missing: trigger refuse_change on postern_internal.checkpoint_entry",
		"changed: trigger refuse_change on " + partition(1),
	}
	if !slices.Equal(found, want) {
		t.Errorf("verify finds %q, want %q", found, want)
	}
	if _, err := install.Install(t.Context(), database.config(), install.Options{Repair: true}); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()
}

// A running installation holds locks until it ends. status answers meanwhile, without what it cannot read.
func TestStatusWaitsForNoInstallation(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	connection := database.plain()
	defer func() { _ = connection.Close(context.Background()) }()
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table postern_internal.overdue_upkeep in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, err := install.ReadStatus(ctx, database.config(), nil)
	if err != nil || !status.Installed || status.OverdueUpkeep != nil {
		t.Errorf("status: %+v, %v; want that Postern is installed, and nothing known of upkeep", status, err)
	}
}

func TestInstallMakesTheMonthsThatAreMissing(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run("drop table " + partition(1) + ", " + partition(3))
	status, err := install.ReadStatus(t.Context(), database.config(), nil)
	if err != nil || !slices.Equal(status.Pending, []string{"the log's partitions for the coming months"}) {
		t.Errorf("the pending steps are %q; error: %v", status.Pending, err)
	}
	database.install()
	if months := database.text("select count(*)::text from pg_inherits where inhparent = 'postern_internal.checkpoint_entry'::regclass"); months != "5" {
		t.Errorf("the log has %s partitions, want those of four months, and the default one", months)
	}
	database.mustBeClean()
	if report := database.install(); len(report.Steps) != 0 {
		t.Errorf("once more ran %q", report.Steps)
	}
}

// A schema before pg_catalog could otherwise replace functions that run as the installing user.
func TestHostileSearchPathIsIgnored(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	database.run(`
create schema hostile;
create table hostile.trap (called boolean);
create function hostile.format(text, variadic text[]) returns text language plpgsql as 'begin insert into hostile.trap values (true); return ''select 1''; end';
create function hostile.set_config(text, text, boolean) returns text language plpgsql as 'begin insert into hostile.trap values (true); return $2; end';
create function hostile.pg_advisory_unlock(bigint) returns boolean language plpgsql as 'begin insert into hostile.trap values (true); return true; end';
create function hostile.count() returns bigint language plpgsql as 'begin insert into hostile.trap values (true); return 1; end';`)
	database.run("alter database " + database.Name + " set search_path = hostile, pg_catalog")
	database.run("select set_config('a.b', 'c', false)")
	const trapped = "select pg_catalog.count(*)::text from hostile.trap"
	if called := database.text(trapped); called != "1" {
		t.Fatal("the trap does not work: set_config is PostgreSQL's own")
	}
	database.install()
	database.mustBeClean()
	if _, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{DropLog: true}); err != nil {
		t.Fatal(err)
	}
	if called := database.text(trapped); called != "1" {
		t.Errorf("functions of the hostile schema were called %s times", called)
	}
}
