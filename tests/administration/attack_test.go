package administration_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveAdministration is a gate whose change is recorded by the function that makes it, and by an ordinary trigger.
const naiveAdministration = `
create table public.naive_gate (gate_id text primary key, active boolean);
create table public.naive_log (what text);
insert into public.naive_gate values ('APP_PAY', true);
create function public.naive_switch(on_off boolean) returns void language plpgsql security definer as $$
begin
  update public.naive_gate set active = on_off;
  begin
    insert into naive_log values ('switched');
  exception when others then
    null; -- the log must not stop the administration
  end;
end $$;
create function public.naive_record() returns trigger language plpgsql as $$
begin
  insert into public.naive_log values ('trigger');
  return null;
end $$;
create trigger naive_record after update on public.naive_gate for each row execute function public.naive_record()`

func newAdministered(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, naiveAdministration)
	testsql.Run(t, database.Pool, "select postern.register_gate('APP_PAY', 'Pay', 'Paid', active => true)")
	database.ForgetLog(t)
	return database
}

const recorded = "select count(*)::int from postern.administration_log where kind = 'gate' and before -> 'active' = 'true'"

// An administrator may change the gate, but only with an entry: no function writes entries, and no right reaches the
// table below.
func TestAdministratorCannotForgeAnEntryOfTheAdministration(t *testing.T) {
	t.Parallel()
	database := newAdministered(t)
	mallory := database.Login(t, "postern_admin", "postern_auditor", "postern_sealer", "postern_trusted_app", "postern_event_worker").Connect(t)

	// A naive log that administrators may write is a log of what they like.
	testsql.Run(t, database.Pool, "grant insert, delete on public.naive_log to public; grant usage on schema public to public")
	testsql.Run(t, mallory, "insert into public.naive_log values ('BOB switched the gate off')")
	if testsql.Value[int](t, database.Pool, "select count(*)::int from public.naive_log") != 1 {
		t.Fatal("the naive log could not be forged: the test shows nothing")
	}

	for _, statement := range []string{
		"select postern_internal.record_administration('gate', '{\"gate_id\": \"APP_PAY\"}', '{}', '{}')",
		"select postern_internal.record_administered_row('gate', '', '{}', '{}', '{}', '{}', '{}')",
		"insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('administered', 'X', '', 'x', '{}')",
		"update postern_internal.gate set active = false",
		"alter table postern_internal.gate disable trigger all",
		"set session_replication_role = replica",
		"create table pg_temp.gate (gate_id text); create trigger forged after insert on pg_temp.gate for each row execute function postern_internal.record_change('gate', '', '{}', '{}', '{}', '{}')",
		"delete from postern.administration_log",
		"insert into postern.administration_log (kind) values ('gate')",
	} {
		testsql.Fails(t, mallory, "42501", statement)
	}
	if got := testsql.Value[int](t, database.Pool, "select count(*)::int from postern_internal.checkpoint_entry"); got != 0 {
		t.Errorf("the log has %d entries", got)
	}
}

// A change that stays has its entry, and one that is rolled back has none, wherever the savepoint is.
func TestSavepointPartsNoEntryFromItsChange(t *testing.T) {
	t.Parallel()
	database := newAdministered(t)
	mallory := database.Login(t, "postern_admin").Connect(t)

	// The naive function loses its entry to an error that Mallory causes: the name of the log leads to her own table.
	testsql.Run(t, mallory, "create table pg_temp.naive_log (wrong integer); set search_path = pg_temp, public; select public.naive_switch(false); reset search_path")
	if testsql.Value[bool](t, database.Pool, "select active from public.naive_gate") ||
		testsql.Value[int](t, database.Pool, "select count(*)::int from public.naive_log where what = 'switched'") != 0 {
		t.Fatal("the naive function kept change and entry together: the test shows nothing")
	}

	testsql.Run(t, mallory, `
create table pg_temp.checkpoint_entry (wrong integer);
create table pg_temp.end_user (wrong integer);
create function pg_temp.to_jsonb(anyelement) returns jsonb language sql as 'select null::jsonb';
create function pg_temp.jsonb_each(jsonb) returns table (key text, value jsonb) language sql as 'select null::text, null::jsonb where false';
set search_path = pg_temp, pg_catalog`)
	testsql.Run(t, mallory, "select postern.set_gate_active('APP_PAY', false)")
	testsql.Run(t, mallory, "reset search_path")
	if got := testsql.Value[int](t, database.Pool, recorded); got != 1 {
		t.Fatalf("%d entries after the change under another search_path", got)
	}
	tx, err := mallory.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, `
select postern.set_gate_active('APP_PAY', true);
savepoint a;
select postern.set_gate_active('APP_PAY', false);
rollback to savepoint a;
savepoint b;
select postern.set_gate_active('APP_PAY', false);
release savepoint b;
savepoint c;
select postern.set_gate_active('APP_PAY', true);
select postern.set_gate_active('APP_PAY', false);
rollback to savepoint c`)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := testsql.Values[string](t, database.Pool, "select after ->> 'active' from postern.administration_log where after ? 'active' order by log_id"); len(got) != 3 || got[0] != "false" || got[1] != "true" || got[2] != "false" {
		t.Errorf("the log has the changes %q", got)
	}
}

// What a superuser does without Postern's functions is recorded too, unless the triggers are switched off.
func TestSuperuserChangesNothingWithoutAnEntry(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"update":         "update %s set active = false where gate_id = 'APP_PAY'",
		"as a replica":   "set session_replication_role = replica; update %s set active = false where gate_id = 'APP_PAY'; reset session_replication_role",
		"another key":    "update %s set gate_id = 'APP_GONE', active = false where gate_id = 'APP_PAY'",
		"delete":         "delete from %s where gate_id = 'APP_PAY'",
		"merge":          "merge into %s as g using (select 1) as s on g.gate_id = 'APP_PAY' when matched then update set active = false",
		"rows put again": "create temporary table kept as table %[1]s; delete from %[1]s where gate_id = 'APP_PAY'; update kept set active = false; insert into %[1]s select * from kept where gate_id = 'APP_PAY'",
		"search_path":    "create function pg_temp.to_jsonb(anyelement) returns jsonb language sql as 'select null::jsonb'; set search_path = pg_temp, pg_catalog; update %s set active = false where gate_id = 'APP_PAY'; reset search_path",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newAdministered(t)
			testsql.Run(t, database.Connect(t), fmt.Sprintf(change, "postern_internal.gate"))
			if got := testsql.Value[int](t, database.Pool, recorded); got != 1 {
				t.Errorf("%d entries say that the gate was switched off or removed", got)
			}
		})
	}
	// An ordinary trigger is silent on a replica: that is why these are always enabled.
	database := newAdministered(t)
	testsql.Run(t, database.Connect(t), "set session_replication_role = replica; update public.naive_gate set active = false")
	if testsql.Value[int](t, database.Pool, "select count(*)::int from public.naive_log") != 0 {
		t.Error("an ordinary trigger fired as a replica: the test shows nothing")
	}
	testsql.Fails(t, database.Pool, "55000", "truncate postern_internal.allowed_login")
}

// A login that got rights on a table below the functions is recorded by its own name.
func TestEntryNamesTheLoginWhateverItsRole(t *testing.T) {
	t.Parallel()
	database := newAdministered(t)
	mallory := database.Login(t, "postern_admin")
	testsql.Run(t, database.Pool, "grant usage on schema postern_internal to "+pgx.Identifier{mallory.Name}.Sanitize()+"; grant select, update on postern_internal.gate to "+pgx.Identifier{mallory.Name}.Sanitize())
	connection := mallory.Connect(t)
	testsql.Run(t, connection, "set application_name = 'postern installer'")
	testsql.Run(t, connection, "update postern_internal.gate set active = false where gate_id = 'APP_PAY'")
	testsql.Run(t, connection, "set role postern_admin; select postern.set_gate_active('APP_PAY', true); reset role")
	if got := testsql.Value[int](t, database.Pool, "select count(*)::int from postern.administration_log where kind = 'gate' and session_role = $1", mallory.Name); got != 2 {
		t.Errorf("%d of 2 entries name the login", got)
	}
}

// A superuser may switch a trigger off, change something, and switch the trigger on again. That leaves no entry.
func TestSuperuserMaySwitchTheRecordOff(t *testing.T) {
	t.Parallel()
	database := newAdministered(t)
	testsql.Run(t, database.Pool, `
begin;
alter table postern_internal.gate disable trigger administered_changed;
update postern_internal.gate set active = false where gate_id = 'APP_PAY';
alter table postern_internal.gate enable always trigger administered_changed;
commit`)
	if got := testsql.Value[int](t, database.Pool, recorded); got != 0 {
		t.Errorf("%d entries name the change: this is withstood now", got)
	}
}
