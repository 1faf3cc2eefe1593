package install_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/install"
)

const logEntry = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', 'SUPINV_APPROVE', 'ALICE', 'kept', '{}')`

func TestUninstallKeepsTheLog(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(logEntry + `;
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at)
values ('passed', 'X', 'X', 'of no month', '{}', '2001-02-03'), ('passed', 'X', 'X', 'detached', '{}', clock_timestamp() + interval '40 days');
do $$
begin
  execute (select format('alter table postern_internal.checkpoint_entry detach partition %s', e.tableoid::regclass)
             from postern_internal.checkpoint_entry as e where e.message = 'detached');
end
$$`)
	removal, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^postern_log_\d{8}t\d{6}z$`).MatchString(removal.LogSchema) {
		t.Errorf("the log was kept in %q", removal.LogSchema)
	}
	if left := database.text("select string_agg(nspname, ',') from pg_namespace where nspname = any ($1)", removal.Schemas); left != "" {
		t.Errorf("schemas %s were left", left)
	}
	if kept := database.text("select message || ' ' || outcome from " + removal.LogSchema + ".checkpoint_entry where message <> 'of no month'"); kept != "kept passed" {
		t.Errorf("the kept log reads %q", kept)
	}
	if tables := database.text("select count(*)::text from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and relname like 'checkpoint_entry%'", removal.LogSchema); tables != "5" {
		t.Errorf("%s tables of the log were kept, want those of four months, and the default one", tables)
	}
	if entries := database.text("select count(*)::text from " + removal.LogSchema + ".checkpoint_entry"); entries != "2" {
		t.Errorf("the kept log has %s entries", entries)
	}
	if readers := database.text(`
select string_agg(r.rolname, ',' order by r.rolname) from pg_roles as r
 where r.rolname like 'postern\_%' and r.rolname not like 'postern\_test%'
   and has_schema_privilege(r.oid, $1, 'usage') and has_table_privilege(r.oid, $1 || '.checkpoint_entry', 'select')`, removal.LogSchema); readers != "postern_auditor,postern_owner" {
		t.Errorf("the kept log can be read by %s", readers)
	}
	if kept := database.text("select count(*)::text from " + removal.LogSchema + ".leaf"); kept != "0" {
		t.Errorf("the kept tree has %s leaves", kept)
	}
	if writers := database.text(`
select string_agg(r.rolname, ',') from pg_roles as r
 where r.rolname like 'postern\_%' and r.rolname <> 'postern_owner'
   and has_table_privilege(r.oid, $1 || '.checkpoint_entry', 'insert, update, delete, truncate')`, removal.LogSchema); writers != "" {
		t.Errorf("the kept log can be written by %s", writers)
	}

	// A second time, with a log that was kept before.
	database.install()
	database.mustBeClean()
	if count := database.text("select count(*)::text from postern_internal.checkpoint_entry"); count != "0" {
		t.Errorf("the new log has %s rows", count)
	}
	if _, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{DropLog: true}); err != nil {
		t.Fatal(err)
	}
	if kept := database.text("select message from " + removal.LogSchema + ".checkpoint_entry where message <> 'of no month'"); kept != "kept" {
		t.Errorf("the log that was kept first reads %q", kept)
	}
	if count := database.text(`select count(*)::text from pg_namespace where nspname like 'postern\_log%'`); count != "1" {
		t.Errorf("%s logs are kept, want 1", count)
	}
}

func TestUninstallNamesDependentsAndStops(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(logEntry)
	database.run(`
create schema application;
create table application.invoice (
  approved_by text references postern_internal.end_user,
  outcome postern_internal.outcome,
  gate_state text default security_sys.security_checkpoint('SUPINV_APPROVE')::text
);
alter table application.invoice enable row level security;
create policy users_only on application.invoice using (fnd_session_api.get_fnd_user() is not null);
create view application.passed as select * from postern.checkpoint_log;
create view application.passed_today as select * from application.passed where logged_at > now() - interval '1 day';
create function application.approve() returns void language plpgsql as
  'begin perform Security_SYS.Security_Checkpoint(''SUPINV_APPROVE''); end';
create function application.current_approver() returns text begin atomic select fnd_session_api.get_fnd_user(); end;
create trigger log_copy after insert on postern_internal.checkpoint_entry for each statement
  execute function suppress_redundant_updates_trigger();
create table postern.guest (id integer);`)
	want := []string{
		"column outcome of table application.invoice",
		"constraint invoice_approved_by_fkey on table application.invoice",
		"default value for column gate_state of table application.invoice",
		"function application.approve(), which names Postern in its text and would fail",
		"function application.current_approver()",
		"policy users_only on table application.invoice",
		"table postern.guest, which postgres put into schema postern",
		"view application.passed",
		"view application.passed_today",
	}
	before := database.dump()
	_, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{})
	var dependents *install.DependentsError
	if !errors.As(err, &dependents) {
		t.Fatalf("%v, want a DependentsError", err)
	}
	if !slices.Equal(dependents.Dependents, want) {
		t.Errorf("named:\n%s\nwant:\n%s", strings.Join(dependents.Dependents, "\n"), strings.Join(want, "\n"))
	}
	if database.dump() != before {
		t.Error("the refused removal changed the schema")
	}

	dry, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{DryRun: true, WithDependents: true})
	if err != nil || !slices.Equal(dry.Dependents, want) {
		t.Errorf("the dry run says %v, %v", dry, err)
	}
	if database.dump() != before {
		t.Error("the dry run changed the schema")
	}

	removal, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{WithDependents: true})
	if err != nil {
		t.Fatal(err)
	}
	if columns := database.text("select string_agg(attname, ',' order by attnum) from pg_attribute where attrelid = 'application.invoice'::regclass and attnum > 0 and not attisdropped"); !strings.HasPrefix(columns, "approved_by,") || !strings.HasSuffix(columns, "gate_state") {
		t.Errorf("the application's table has the columns %s", columns)
	}
	if kept := database.text("select message from " + removal.LogSchema + ".checkpoint_entry where message <> 'of no month'"); kept != "kept" {
		t.Errorf("the kept log reads %q", kept)
	}
}

func TestUninstallTwice(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	removal, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{})
	if err != nil || len(removal.Schemas) != 0 {
		t.Errorf("without Postern, uninstall returns %v; error: %v", removal, err)
	}
}

// When Postern is removed, a protected table is closed, or its owner has agreed that it is open.
func TestUninstallOpensNoTableUnasked(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(`
create schema application;
create table application.closed (company text);
create table application.opened (company text);
create table application.own (company text);
create table application.untouched (company text);
alter table application.untouched enable row level security;
create policy everybody on application.untouched using (true);
create policy everybody on application.opened using (true);
alter table application.own enable row level security;
create policy everybody on application.own using (true);
create policy users_only on application.own as restrictive using (fnd_session_api.get_fnd_user() is not null);
select postern.protect_company('application.closed'), postern.protect_company('application.opened')`)
	before := database.dump()
	dry, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{DryRun: true})
	if err != nil || !slices.Equal(dry.Opened, []string{"application.opened", "application.own"}) || !slices.Equal(dry.Closed, []string{"application.closed"}) {
		t.Errorf("the dry run says %+v, %v", dry, err)
	}
	_, err = install.Uninstall(t.Context(), database.config(), install.UninstallOptions{WithDependents: true})
	var opened *install.OpenedError
	if !errors.As(err, &opened) || !slices.Equal(opened.Tables, dry.Opened) {
		t.Fatalf("%v, want an OpenedError", err)
	}
	if database.dump() != before {
		t.Error("the refused removal changed the schema")
	}
	if _, err := install.Uninstall(t.Context(), database.config(), install.UninstallOptions{WithDependents: true, OpenTables: true}); err != nil {
		t.Fatal(err)
	}
	if left := database.text("select string_agg(c.relname || ' ' || p.polname, ',' order by c.relname) from pg_policy as p join pg_class as c on c.oid = p.polrelid"); left != "opened everybody,own everybody,untouched everybody" {
		t.Errorf("the policies left are %s", left)
	}
	if closed := database.text("select format('%s %s', relrowsecurity, relforcerowsecurity) from pg_class where oid = 'application.closed'::regclass"); closed != "t t" {
		t.Errorf("row security of the closed table: %s", closed)
	}
}
