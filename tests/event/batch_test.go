package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// patience is how long a call or a transaction may take if nothing blocks it.
const patience = 20 * time.Second

// addFunction has events call app.on_approval, which notes its session and then does what body says.
func addFunction(t testing.TB, database *testdb.Database, body string) {
	t.Helper()
	owner := database.Login(t)
	testsql.Run(t, database.Pool, `
create schema app authorization "`+owner.Name+`";
set role "`+owner.Name+`";
grant usage on schema app to public;
create table app.call (log_id bigint, gate_id text, pid integer, found text);
create sequence app.number;
create function app.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  this app.call := row((event ->> 'log_id')::bigint, event ->> 'gate_id', pg_backend_pid(), '');
begin `+body+` end $$;
revoke execute on function app.on_approval(jsonb) from public;
grant usage on schema app to postern_event_function;
grant execute on function app.on_approval(jsonb) to postern_event_function;
reset role`)
	testsql.Run(t, database.Pool, "select postern.add_event_action('call', $1, 'function', 'app.on_approval')", success)
}

// deliverAlone delivers with one worker, so that all calls are of the same batch.
func deliverAlone(t testing.TB, database *testdb.Database, timeout time.Duration) event.Summary {
	t.Helper()
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 1, SendTimeout: timeout})
	if err := worker.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return worker.Summary()
}

// The calls of a batch share a session, but find nothing in it that an earlier call has left.
func TestEventFunctionLeavesNothingToTheNextCall(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	const found = `
  this.found := concat_ws(' ',
    (select 'setting' where current_setting('app.left', true) <> '' or current_setting('work_mem') = '77MB'),
    (select 'timeout' where current_setting('lock_timeout') = '7s' or current_setting('statement_timeout') = '1h'),
    (select 'table' where to_regclass('pg_temp.left_table') is not null),
    (select 'function' where to_regprocedure('pg_temp.left_function()') is not null),
    (select 'lock' from pg_locks as l where l.locktype = 'advisory' and l.pid = pg_backend_pid()),
    (select 'channel' from pg_listening_channels()),
    (select 'statement' from pg_prepared_statements as s where s.from_sql),
    (select 'cursor' from pg_cursors as c where c.is_holdable),
    (select 'role' where current_setting('role') <> 'none'));
  begin
    this.found := this.found || ' sequence ' || currval('app.number');
  exception when object_not_in_prerequisite_state then
    null;
  end;
  begin
    this.found := this.found || ' last ' || lastval();
  exception when object_not_in_prerequisite_state then
    null;
  end;
  begin
    this.found := this.found || ' shadow ' || (select max(number) from left_table);
  exception when undefined_table then
    null;
  end;
  insert into app.call values (this.*);`
	const leave = `
  if this.found <> '' then
    return;
  end if;
  perform set_config('app.left', 'here', false), set_config('work_mem', '77MB', false), set_config('lock_timeout', '7s', false), set_config('statement_timeout', '1h', false),
          pg_advisory_lock(4711), nextval('app.number');
  create temporary table left_table as select 7 as number;
  execute 'create function pg_temp.left_function() returns integer language sql return 1';
  execute 'listen left_channel';
  execute 'prepare left_statement as select 1';
  begin
    set role postern_owner;
    this.found := 'role';
    insert into app.call values (this.*);
  exception when others then
    null;
  end;`
	addFunction(t, database, found+leave)

	naive := database.Connect(t)
	for range 2 {
		testsql.Run(t, naive, `select app.on_approval('{"log_id": 0}')`)
	}
	if got := testsql.Value[string](t, database.Pool, "select found from app.call where found <> ''"); got != "setting timeout table function lock channel statement sequence 1 last 1 shadow 7" {
		t.Fatalf("the naive version leaves %q", got)
	}
	testsql.Run(t, naive, "discard all")
	testsql.Run(t, database.Pool, "delete from app.call")

	for range 5 {
		log(t, database.Pool, "APP_PAY")
	}
	requireSummary(t, deliverAlone(t, database, patience), event.Summary{Delivered: 5})
	if got := testsql.Values[string](t, database.Pool, "select distinct found from app.call"); !slices.Equal(got, []string{""}) {
		t.Errorf("calls have found %q", got)
	}
	if got := testsql.Value[string](t, database.Pool, "select concat_ws(' ', count(*), count(distinct pid)) from app.call"); got != "5 1" {
		t.Errorf("calls and sessions: %s", got)
	}
}

// Two actions never share a session, even if they call the same function.
func TestEventActionsShareNoSession(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	addFunction(t, database, "insert into app.call values (this.*);")
	testsql.Run(t, database.Pool, "select postern.add_event_action('call_too', $1, 'function', 'app.on_approval')", success)
	for range 3 {
		log(t, database.Pool, "APP_PAY")
	}
	requireSummary(t, deliverAlone(t, database, patience), event.Summary{Delivered: 6})
	if got := testsql.Value[string](t, database.Pool, "select concat_ws(' ', count(*), count(distinct pid)) from app.call"); got != "6 2" {
		t.Errorf("calls and sessions: %s", got)
	}
}

// A session keeps the meaning that a statement had when it first ran. So a call must not run a statement that first ran
// under an earlier call's settings, whether that call left the settings or restored them.
func TestEventFunctionReadsNothingUnderAnEarlierCallsSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"of the session":     "perform set_config('datestyle', 'SQL, DMY', false);",
		"of the transaction": "perform set_config('datestyle', 'SQL, DMY', true);",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			addFunction(t, database, `
  if this.gate_id = 'APP_BAD' then `+change+` end if;
  this.found := to_char('01/02/2026'::date, 'DD Mon');
  insert into app.call values (this.*);`)
			gates := []string{"APP_BAD", "APP_PAY", "APP_BAD", "APP_PAY", "APP_PAY"}

			naive := database.Connect(t)
			for _, gate := range gates {
				testsql.Run(t, naive, "select app.on_approval($1)", map[string]any{"log_id": 0, "gate_id": gate})
				testsql.Run(t, naive, "reset all")
			}
			if got := testsql.Values[string](t, database.Pool, "select distinct found from app.call where gate_id = 'APP_PAY'"); !slices.Equal(got, []string{"01 Feb"}) {
				t.Fatalf("the naive version reads %q", got)
			}
			testsql.Run(t, database.Pool, "delete from app.call")

			for _, gate := range gates {
				log(t, database.Pool, gate)
			}
			requireSummary(t, deliverAlone(t, database, patience), event.Summary{Delivered: 5})
			if got := testsql.Values[string](t, database.Pool, "select concat_ws(' ', gate_id, found) from app.call order by log_id"); !slices.Equal(got,
				[]string{"APP_BAD 01 Feb", "APP_PAY 02 Jan", "APP_BAD 02 Jan", "APP_PAY 02 Jan", "APP_PAY 02 Jan"}) {
				t.Errorf("calls have read %q", got)
			}
		})
	}
}

// A worker can have its rights from a role that its login becomes when it connects.
func TestEventFunctionIsCalledInTheRoleOfTheConnection(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	addFunction(t, database, "this.found := session_user || ' ' || current_setting('role'); insert into app.call values (this.*);")
	login := database.Login(t, "postern_event_worker")
	testsql.Run(t, database.Pool, fmt.Sprintf("alter role %[1]q noinherit; alter role %[1]q set role = postern_event_worker", login.Name))
	for range 3 {
		log(t, database.Pool, "APP_PAY")
	}
	pool, err := pgxpool.New(t.Context(), login.URL) // its sessions begin after the change
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	worker := event.New(pool, event.Options{Workers: 1})
	if err := worker.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireSummary(t, worker.Summary(), event.Summary{Delivered: 3})
	if got := testsql.Values[string](t, database.Pool, "select distinct found from app.call"); !slices.Equal(got, []string{login.Name + " postern_event_worker"}) {
		t.Errorf("the function was called as %q", got)
	}
}

// A call that fails, or that never ends, undoes only its own work. Those before it and behind it are made.
func TestFailedEventFunctionUndoesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attack  string
		timeout time.Duration
		fails   bool
	}{
		"fails":            {"raise exception 'not today';", patience, true},
		"never ends":       {"loop begin perform pg_sleep(3600); exception when query_canceled then null; end; end loop;", 10 * time.Second, true},
		"ends its session": {"perform set_config('exit_on_error', 'on', false); raise exception 'gone';", patience, true},
		"commits":          {"commit;", patience, true},
		"rolls back":       {"rollback;", patience, true},
		// The worker cannot read this, so it must not keep the worker from recording what became of the others.
		"fails in another encoding": {"perform set_config('client_encoding', 'LATIN1', false); raise exception 'not today: %', chr(228);", patience, true},
		"hinders the next call": {`
perform set_config('statement_timeout', '1', false), set_config('default_transaction_read_only', 'on', false),
        set_config('default_transaction_isolation', 'serializable', false);`, patience, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			addFunction(t, database, "insert into app.call values (this.*); if this.gate_id = 'APP_BAD' then "+test.attack+" end if;")
			gates := []string{"APP_PAY", "APP_BAD", "APP_PAY", "APP_PAY"}
			for _, gate := range gates {
				log(t, database.Pool, gate)
			}
			summary := deliverAlone(t, database, test.timeout)
			if test.fails {
				gates = slices.Delete(gates, 1, 2)
			}
			if got := testsql.Values[string](t, database.Pool, "select gate_id from app.call order by log_id"); !slices.Equal(got, gates) || summary.Delivered != int64(len(gates)) || summary.Failed > 0 != test.fails {
				t.Errorf("the function was called for %q, want all of %q; %+v", got, gates, summary)
			}
			if got := testsql.Value[int](t, database.Pool, "select count(*) from postern_internal.event_delivery where state = 'delivered'"); got != len(gates) {
				t.Errorf("%d deliveries are recorded as delivered, want %d", got, len(gates))
			}
			if got := testsql.Value[int](t, database.Pool, "select count(*) from postern_internal.event_delivery where state = 'pending' and lease is null and last_error <> ''"); got != 4-len(gates) {
				t.Errorf("%d wait for their next attempt", got)
			}
		})
	}
}

// Notifications are committed together. One that cannot be sent keeps back none of the others, and none is sent twice.
func TestFailedNotificationKeepsBackNoOther(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.add_event_action('wake', $1, 'notify', 'approvals')", success)
	logged := []int64{}
	for range 5 {
		logged = append(logged, log(t, database.Pool, "APP_PAY"))
	}
	testsql.Run(t, database.Pool, fmt.Sprintf(`
create table public.committed (transaction_id xid8);
grant insert on public.committed to postern_owner;
create function public.refuse() returns trigger language plpgsql as $$
begin
  if new.log_id = %d then raise exception 'not this one'; end if;
  insert into public.committed values (pg_current_xact_id());
  return new;
end $$;
create trigger refuse before update on postern_internal.event_delivery for each row when (new.state = 'delivered') execute function public.refuse()`, logged[2]))
	listener := database.Connect(t)
	testsql.Run(t, listener, "listen approvals")
	requireSummary(t, deliverAlone(t, database, patience), event.Summary{Delivered: 4, Failed: 1})
	testsql.Run(t, database.Pool, "drop trigger refuse on postern_internal.event_delivery")
	got := []int64{}
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		notification, err := listener.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var payload struct {
			LogID int64 `json:"log_id"`
		}
		if err := json.Unmarshal([]byte(notification.Payload), &payload); err != nil {
			t.Fatal(err)
		}
		got = append(got, payload.LogID)
	}
	if want := slices.Delete(slices.Clone(logged), 2, 3); !slices.Equal(got, want) {
		t.Errorf("notified of %v, want %v", got, want)
	}
	if got := testsql.Value[int](t, database.Pool, "select count(distinct transaction_id::text) from public.committed"); got != 4 {
		t.Errorf("sent in %d transactions", got)
	}
	// Without a failure, one transaction sends all.
	testsql.Run(t, database.Pool, `
create or replace function public.refuse() returns trigger language plpgsql as $$
begin insert into public.committed values (pg_current_xact_id()); return new; end $$;
create trigger refuse before update on postern_internal.event_delivery for each row when (new.state = 'delivered') execute function public.refuse();
delete from public.committed`)
	later(t, database, "1 day")
	for range 5 {
		log(t, database.Pool, "APP_PAY")
	}
	requireSummary(t, deliverAlone(t, database, patience), event.Summary{Delivered: 6})
	if got := testsql.Value[int](t, database.Pool, "select count(distinct transaction_id::text) from public.committed"); got != 1 {
		t.Errorf("sent in %d transactions", got)
	}
}

// A worker that is stopped in the middle of a batch gives the rest back, and does not claim it again.
func TestStoppedWorkerDoesNotClaimAgain(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told := receive(t, func(int, http.ResponseWriter, *http.Request, message) { stop() })
	addHook(t, database, "hook", success, told.URL)
	for range 3 {
		log(t, database.Pool, "APP_PAY")
	}
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 1})
	if err := worker.RunOnce(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the stopped worker returned %v, want context.Canceled", err)
	}
	requireSummary(t, worker.Summary(), event.Summary{Delivered: 1})
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 2})
}
