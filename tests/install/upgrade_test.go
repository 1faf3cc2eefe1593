package install_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
)

// The times at which the builds of these tests were committed.
var (
	earlier = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later   = earlier.Add(time.Hour)
)

// formerCode has objects of an earlier build that this one does not have: of all kinds, some depending on others.
func formerCode(t *testing.T) fstest.MapFS {
	t.Helper()
	former := files(t)
	addFunction(former, "former.sql", `
create or replace function postern_internal.former(one text) returns text language sql return upper(one);
create or replace function postern_internal.former(one text, other text) returns text language sql return postern_internal.former(one);
create or replace procedure postern_internal.former_procedure(inout one text) language plpgsql as 'begin end';
create or replace view postern.a_former_view as select postern_internal.former('a', 'b') as one;
create or replace view postern.b_former_view as select one from postern.a_former_view;
drop policy if exists former on postern.posting_combination;
create policy former on postern.posting_combination as restrictive for select using (postern_internal.former('a') = 'A');
create or replace function postern_internal.former_trigger() returns trigger language plpgsql as 'begin return null; end';
create or replace trigger former after insert on postern.posting_combination for each statement execute function postern_internal.former_trigger();
`)
	return former
}

const countFormer = `
select (select count(*) from pg_proc where proname like 'former%') + (select count(*) from pg_class where relname like '%former_view')
     + (select count(*) from pg_policy where polname = 'former') + (select count(*) from pg_trigger where tgname = 'former')`

// files may be nil: then they are those of this binary.
func (d *database) installBuild(files fstest.MapFS, builtAt time.Time) error {
	d.t.Helper()
	options := install.Options{BuiltAt: builtAt}
	if files != nil {
		options.Files = files
	}
	_, err := install.Install(d.t.Context(), d.config(), options)
	return err
}

func TestUpgradeDropsWhatTheCodeLaneNoLongerHas(t *testing.T) {
	t.Parallel()
	database, fresh := newDatabase(t), newDatabase(t)
	if err := database.installBuild(formerCode(t), earlier); err != nil {
		t.Fatal(err)
	}
	if count := database.text("select (" + countFormer + ")::text"); count != "8" {
		t.Fatalf("the former build has %s objects more, want 8", count)
	}
	// Objects that others made there, under whatever owner, are not Postern's.
	database.run(`
create view postern.of_a_superuser as select 1 as one;
set role postern_owner;
create function postern.by_hand() returns integer language sql return 1;
create view postern.seen_by_hand as select postern.by_hand() as one;
create trigger by_hand before truncate on postern.posting_combination for each statement execute function postern.refuse_truncate();`)
	if err := database.installBuild(nil, later); err != nil {
		t.Fatal(err)
	}
	if count := database.text("select (" + countFormer + ")::text"); count != "0" {
		t.Errorf("%s objects of the former build are left", count)
	}
	var found []string
	for _, difference := range database.verify() {
		found = append(found, difference.Change+" "+difference.Kind+" "+difference.Name)
	}
	want := []string{
		"extra function postern.by_hand()", "extra trigger by_hand on postern.posting_combination",
		"extra view postern.of_a_superuser", "extra view postern.seen_by_hand",
	}
	if !slices.Equal(found, want) {
		t.Errorf("verify finds %q, want %q", found, want)
	}
	database.run("drop view postern.of_a_superuser, postern.seen_by_hand; drop function postern.by_hand(); drop trigger by_hand on postern.posting_combination")
	if err := fresh.installBuild(nil, later); err != nil {
		t.Fatal(err)
	}
	if database.dump() != fresh.dump() {
		t.Error("an upgraded database and a fresh one differ")
	}
	// A repair records the same.
	if _, err := install.Install(t.Context(), database.config(), install.Options{Repair: true, BuiltAt: later}); err != nil {
		t.Fatal(err)
	}
	if count := database.text("select count(distinct code_objects)::text from postern_internal.installation as i where installation_id > (select min(installation_id) from postern_internal.installation)"); count != "1" {
		t.Errorf("the same code lane was recorded in %s ways", count)
	}
}

// Savepoints give later rows transaction ids of their own. That must not look like the work of others.
func TestUpgradeUnderSavepointsDropsNothingOfItsOwn(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	config := database.config()
	config.RuntimeParams["search_path"] = "pg_catalog, pg_temp"
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	var steps []install.Step
	_, err = install.Install(t.Context(), database.config(), install.Options{
		DryRun: true, Repair: true, OnStep: func(step install.Step, _, _ int) { steps = append(steps, step) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for number, step := range steps {
		text := step.SQL
		if number > 0 && number < len(steps)-1 {
			text = "savepoint step;\n" + text + "\nrelease savepoint step;"
		}
		if _, err := connection.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	database.mustBeClean()
}

func TestUpgradeNamesWhatDependsOnWhatItDrops(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	if err := database.installBuild(formerCode(t), earlier); err != nil {
		t.Fatal(err)
	}
	database.run("create view public.report as select * from postern.b_former_view; create table public.invoice (code text check (postern_internal.former(code) = code))")
	before := database.dump()
	err := database.installBuild(nil, later)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "2BP01" || refused.Hint == "" {
		t.Fatalf("%v, want 2BP01", err)
	}
	for _, dependent := range []string{"view report depends on view postern.b_former_view", "constraint invoice_code_check on table invoice depends on function"} {
		if !strings.Contains(strings.ReplaceAll(refused.Detail, "public.", ""), dependent) {
			t.Errorf("%q is not in %q", dependent, refused.Detail)
		}
	}
	if database.dump() != before {
		t.Error("a refused upgrade changed the schema")
	}
	database.run("drop view public.report; drop table public.invoice")
	if err := database.installBuild(nil, later); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()
}

// For a binary of the same version and schema, only the date of its commit can tell which is newer.
func TestOlderBuildOverwritesNothingSilently(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	newer := files(t)
	addFunction(newer, "newer.sql", "create or replace function postern_internal.newer() returns integer language sql return 1;")
	if err := database.installBuild(newer, later); err != nil {
		t.Fatal(err)
	}
	before := database.dump()
	for name, builtAt := range map[string]time.Time{"older": earlier, "of the same commit": later, "of an unknown date": {}} {
		var refused *install.BuildError
		if err := database.installBuild(nil, builtAt); !errors.As(err, &refused) || !strings.Contains(refused.Hint(), "--allow-downgrade") {
			t.Errorf("%s: %v, want a BuildError", name, err)
		}
		_, err := install.Install(t.Context(), database.config(), install.Options{BuiltAt: builtAt, Repair: true})
		if !errors.As(err, &refused) {
			t.Errorf("repair by one %s: %v, want a BuildError", name, err)
		}
	}
	if database.dump() != before {
		t.Error("a refused build changed the schema")
	}
	status, err := install.ReadStatus(t.Context(), database.config(), nil)
	if err != nil || status.Refused == "" || len(status.Pending) > 0 {
		t.Errorf("the status is %+v; error: %v", status, err)
	}
	// The installed build continues, whatever it knows about its date.
	if err := database.installBuild(newer, time.Time{}); err != nil {
		t.Error(err)
	}
	if _, err := install.Install(t.Context(), database.config(), install.Options{BuiltAt: earlier, AllowDowngrade: true}); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()
	if err := database.installBuild(newer, later); err != nil {
		t.Errorf("the newer build again: %v", err)
	}
}

func TestOlderVersionWithTheSameTablesIsADowngrade(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(`
do $$
begin
  execute format('comment on table postern_internal.installation is %L',
                 replace(obj_description('postern_internal.installation'::regclass), '"version": "` + install.Version + `"', '"version": "9.8.7"'));
end
$$`)
	var refused *install.NewerError
	if err := database.installBuild(nil, later); !errors.As(err, &refused) || !refused.CanDowngrade || !strings.Contains(refused.Hint(), "--allow-downgrade") {
		t.Errorf("%v, want a NewerError that names the way back", err)
	}
	if _, err := install.Install(t.Context(), database.config(), install.Options{AllowDowngrade: true}); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()

	// Other migrations make no downgrade.
	upgraded := files(t)
	addMigration(upgraded, "create table postern_internal.addition (id integer);")
	if err := database.installBuild(upgraded, later); err != nil {
		t.Fatal(err)
	}
	_, err := install.Install(t.Context(), database.config(), install.Options{AllowDowngrade: true})
	if !errors.As(err, &refused) || refused.CanDowngrade {
		t.Errorf("%v, want a NewerError without a way back", err)
	}
}

func TestEditedMigrationIsRefused(t *testing.T) {
	t.Parallel()
	edited := files(t)
	edited["schema/003_checkpoint.sql"] = &fstest.MapFile{Data: append(slices.Clone(edited["schema/003_checkpoint.sql"].Data), "\n-- edited\n"...)}
	longer := files(t)
	longer["schema/003_checkpoint.sql"] = edited["schema/003_checkpoint.sql"]
	addMigration(longer, "create table postern_internal.addition (id integer);")
	for name, test := range map[string]struct {
		files    fstest.MapFS
		damage   string
		sentence string
	}{
		"edited":                 {files: edited, sentence: "made by an unreleased build"},
		"edited, with a new one": {files: longer, sentence: "made by an unreleased build"},
		"no digest":              {damage: `comment on table postern_internal.installation is '{"version": "0.1.0", "schema_version": 3, "code_sha256": "00"}'`, sentence: "made by an unreleased build"},
		"no record":              {damage: "comment on table postern_internal.installation is null", sentence: "or restored without comments"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newInstalled(t)
			if test.damage != "" {
				database.run(test.damage)
			}
			before := database.dump()
			for _, options := range []install.Options{{}, {Repair: true}, {AllowDowngrade: true, BuiltAt: later}} {
				if test.files != nil {
					options.Files = test.files
				}
				_, err := install.Install(t.Context(), database.config(), options)
				var refused *install.MigrationsError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.sentence) || !strings.Contains(refused.Hint(), " uninstall --yes") {
					t.Errorf("%+v: %v, want a MigrationsError", options, err)
				}
			}
			if database.dump() != before {
				t.Error("a refused installation changed the schema")
			}
			// The remedy that the HINT names.
			if _, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{}); err != nil {
				t.Fatal(err)
			}
			database.install()
			database.mustBeClean()
		})
	}
}

// The installing user is a member of postern_owner only within one transaction. Whenever that is killed, no member
// remains.
func TestKilledInstallationLeavesNothing(t *testing.T) {
	testdb.New(t)
	database := newDatabase(t)
	database.changeRoles()
	login := administrator(t, database)
	steps := 0
	_, err := install.Install(t.Context(), configOf(t, login), install.Options{OnStep: func(step install.Step, _, _ int) {
		steps++
		if found := members(database); found != "" {
			t.Errorf("at %q others see that %s is a member", step.Name, found)
		}
	}})
	if err != nil || steps < 5 {
		t.Fatalf("the installation has %d steps; error: %v", steps, err)
	}
	database.mustBeClean()

	killed := newDatabase(t)
	killed.alone = true // this test already holds the lock
	database.run("grant create on database " + killed.Name + " to " + login.Name)
	defer database.run("revoke create on database " + killed.Name + " from " + login.Name)
	config := configOf(t, login)
	config.Database = killed.Name
	_, err = install.Install(t.Context(), config, install.Options{OnStep: func(_ install.Step, number, _ int) {
		if number == 5 {
			killed.run("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and usename = '" + login.Name + "'")
		}
	}})
	if err == nil {
		t.Fatal("the installation did not notice that its session was ended")
	}
	if found := members(killed); found != "" {
		t.Errorf("%s is left in the roles that own objects", found)
	}
	if left := killed.text("select string_agg(nspname, ',') from pg_namespace where nspname like 'postern%'"); left != "" {
		t.Errorf("schemas %s are left", left)
	}
	killed.install()
	killed.mustBeClean()
}

// Older installers granted the membership in a separate transaction, and left it when they were killed.
func TestLeftMembershipIsFoundAndMended(t *testing.T) {
	testdb.New(t)
	database := newDatabase(t)
	database.changeRoles()
	login := administrator(t, database)
	config := configOf(t, login)
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Fatal(err)
	}
	leave := func() {
		t.Helper()
		connection := login.Connect(t)
		if _, err := connection.Exec(t.Context(), "grant postern_owner, postern_event_function to "+login.Name); err != nil {
			t.Fatal(err)
		}
		connection.Close(t.Context())
		if found := members(database); !strings.Contains(found, login.Name) {
			t.Fatalf("members are %q: this test shows nothing", found)
		}
	}
	leave()
	var found []string
	for _, difference := range database.verify() {
		found = append(found, difference.Kind+" "+difference.Name)
	}
	if want := []string{"role postern_event_function", "role postern_owner"}; !slices.Equal(found, want) {
		t.Errorf("verify finds %q, want %q", found, want)
	}
	for _, options := range []install.Options{{}, {Repair: true}} {
		report, err := install.Install(t.Context(), config, options)
		if err != nil || !slices.Equal(report.Ended, []string{"postern_event_function", "postern_owner"}) || len(report.Members) > 0 {
			t.Errorf("repair %t: ended %q, left %v, %v", options.Repair, report.Ended, report.Members, err)
		}
		if found := members(database); found != "" {
			t.Errorf("repair %t: %s is left in the roles that own objects", options.Repair, found)
		}
		leave()
	}
	// Another user's run reports it, and a dry run changes nothing.
	report, err := install.Install(t.Context(), database.config(), install.Options{})
	if want := (install.Membership{Role: "postern_owner", Member: login.Name}); err != nil || len(report.Ended) > 0 || !slices.Contains(report.Members, want) {
		t.Errorf("ended were the memberships %q, left are %v; error: %v", report.Ended, report.Members, err)
	}
	if _, err := install.Install(t.Context(), config, install.Options{DryRun: true}); err != nil || members(database) == "" {
		t.Errorf("a dry run took the membership away, or failed: %v", err)
	}
	if _, err := install.Uninstall(t.Context(), config, install.UninstallOptions{DropLog: true}); err != nil {
		t.Fatal(err)
	}
	if found := members(database); found != "" {
		t.Errorf("after uninstall %s is left in the roles that own objects", found)
	}
}

// The first installation is in its own table only. What comes later is an entry, and nobody has to approve it.
func TestUpgradeIsRecordedAndNeedsNoApproval(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	const entries = "select string_agg(l.message, '; ' order by l.log_id) from postern.administration_log as l where l.kind = 'installation'"
	if got := database.text(entries); got != "" {
		t.Errorf("the log of a new database has %s", got)
	}
	database.run("begin; select postern_internal.lift_administration_gate('test'); select postern.set_setting('administration_gate', 'all'); commit")
	database.run("comment on function postern.set_pin(text) is 'Another one'")
	if _, err := install.Install(t.Context(), database.config(), install.Options{Repair: true}); err != nil {
		t.Fatal(err)
	}
	want := database.text("select format('installation %s added', max(installation_id)) from postern_internal.installation")
	if got := database.text(entries); got != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
	if got := database.text("select l.session_role || ' ' || (l.after ->> 'version') from postern.administration_log as l where l.kind = 'installation'"); !strings.Contains(got, " 0.") {
		t.Errorf("the entry says %q", got)
	}
	if got := database.text("select value from postern.setting where name = 'administration_gate'"); got != "all" {
		t.Errorf("the setting is %q", got)
	}
	database.mustBeClean()
}
