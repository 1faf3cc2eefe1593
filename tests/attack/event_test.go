package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const logPass = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', 'SINWOF_APPROVE', 'ALICE', 'paid', '{}')`

// deliverAs delivers what is due with the rights of one pool, and returns the last error of each delivery.
func deliverAs(t testing.TB, database *testdb.Database, pool *pgxpool.Pool) []string {
	t.Helper()
	if err := event.New(pool, event.Options{}).RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return testsql.Values[string](t, database.Pool, "select coalesce(last_error, state) from postern.event_delivery order by log_id, name")
}

// An administrator wants to run a function that he may not run himself, and names it as an event's function.
func TestAdministratorCannotHaveAForeignFunctionCalled(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
create table public.loot (taken_by text);
create function public.drop_everything(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin insert into public.loot values (current_user); end $$;
create function public.naive_run(name text) returns void language plpgsql security definer as $$
begin execute format('select %s(null)', name); end $$`)
	administrator := database.Login(t, "postern_admin").Connect(t)
	testsql.Run(t, administrator, "select public.naive_run('public.drop_everything')")
	if testsql.Value[int](t, database.Pool, "select count(*) from public.loot") != 1 {
		t.Fatal("the naive version withstood")
	}
	add := "select postern.add_event_action('steal', 'SECURITY_CHECKPOINT_SUCCESS', 'function', $1)"
	for _, name := range []string{
		"public.drop_everything", // executable for PUBLIC, but not meant for events
		"postern_internal.event_function", "postern.set_setting", "pg_catalog.pg_reload_conf", "pg_catalog.pg_terminate_backend(integer)",
		"drop_everything", "public.drop_everything(jsonb) from x; drop table public.loot; --", "public.drop_everything)", `public."drop_everything`, "", "a.b.c", "(", "lo_export(jsonb)",
	} {
		_, err := administrator.Exec(t.Context(), add, name)
		testdb.RequireCode(t, err, "PS107")
	}
	// Only the owner of the function can grant. Anybody else gets just a warning.
	testsql.Run(t, administrator, "grant execute on function public.drop_everything(jsonb) to postern_event_function")
	_, err := administrator.Exec(t.Context(), add, "public.drop_everything")
	testdb.RequireCode(t, err, "PS107")
}

// hostileOwner owns the function that events may call, and attacks its caller: app.strike() records with whose rights
// it runs.
func hostileOwner(t testing.TB, database *testdb.Database) *testdb.Login {
	t.Helper()
	owner := database.Login(t)
	testsql.Run(t, database.Pool, `
create schema app authorization "`+owner.Name+`";
set role "`+owner.Name+`";
grant usage on schema app to public;
create table app.loot (taken_by name, by text);
grant insert on app.loot to public;
create function app.strike(text) returns integer language plpgsql as $$
begin insert into app.loot values (current_user, $1); return 1; end $$;
create function app.strike_by_trigger() returns trigger language plpgsql as $$
begin
  perform app.strike('trigger ' || new.again);
  if new.again > 0 then
    set constraints all deferred;
    insert into app.trap values (new.again - 1);
  end if;
  return null;
end $$;
create table app.trap (again integer);
grant insert on app.trap to public;
create constraint trigger strike after insert on app.trap deferrable initially deferred for each row execute function app.strike_by_trigger();
create function app.hold() returns trigger language plpgsql as $$
begin execute 'declare later cursor with hold for select app.strike(''cursor'')'; return null; end $$;
create table app.holding (number integer);
create constraint trigger hold after insert on app.holding deferrable initially deferred for each row execute function app.hold();
create function app.key(integer) returns integer language plpgsql immutable as $$
begin perform app.strike('constraint'); return $1; end $$;
create table app.exclusive (number integer, exclude using btree (app.key(number) with =) deferrable initially deferred);
create function app.pg_notify(text, text) returns void language plpgsql as $$
begin perform app.strike('name'); end $$;
reset role`)
	putEventFunction(t, database, owner, "null;")
	testsql.Run(t, database.Pool, "select postern.add_event_action('call', 'SECURITY_CHECKPOINT_SUCCESS', 'function', 'app.on_approval')")
	return owner
}

// putEventFunction creates the function that events call, or replaces it.
func putEventFunction(t testing.TB, database *testdb.Database, owner *testdb.Login, body string) {
	t.Helper()
	testsql.Run(t, database.Pool, `
set role "`+owner.Name+`";
create or replace function app.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin `+body+` end $$;
revoke execute on function app.on_approval(jsonb) from public;
grant execute on function app.on_approval(jsonb) to postern_event_worker, postern_event_function;
grant usage on schema app to postern_event_function;
reset role`)
}

// Code that the function defers runs with the rights of whoever commits, or of the next user of the session.
func TestEventFunctionsCannotTakeOverTheWorker(t *testing.T) {
	t.Parallel()
	deferred := []string{"deferred trigger", "trigger defers another", "deferred constraint"}
	for name, attack := range map[string]string{
		"deferred trigger":       "insert into app.trap values (0);",
		"trigger defers another": "insert into app.trap values (7);",
		"deferred constraint": `
insert into app.exclusive values (1), (1);
delete from app.exclusive where ctid = '(0,1)';
delete from app.loot;`,
		"held cursor": "execute 'declare later cursor with hold for select app.strike(''cursor'')';",
		"held cursor of a deferred trigger": `
insert into app.holding values (1);`,
		"search path": "set search_path = app, pg_catalog;",
		"prepared statement": `
declare
  statement record;
begin
  for statement in select s.name, array_to_string(s.parameter_types, ', ') as types from pg_prepared_statements as s where not s.from_sql loop
    execute format('deallocate %I', statement.name);
    execute format('prepare %I (%s) as select app.strike(''prepared'')', statement.name, statement.types);
  end loop;
end;`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			owner := hostileOwner(t, database)
			putEventFunction(t, database, owner, attack)
			worker := database.Login(t, "postern_event_worker")
			const taken = "select taken_by from app.loot where taken_by not in ($1, 'postern_event_function')"

			naive := database.Connect(t)
			const later = "select pg_notify($1::text, $2::text)"
			testsql.Run(t, naive, "set search_path = pg_catalog")
			testsql.Run(t, naive, later, "wake", "up")
			testsql.Run(t, naive, "select app.on_approval('{}')")
			_, _ = naive.Exec(t.Context(), later, "wake", "up")
			fell := len(testsql.Values[string](t, database.Pool, taken, owner.Name)) > 0
			// Since 18, PostgreSQL runs a deferred trigger as whoever queued it.
			if safe := slices.Contains(deferred, name) && testsql.Value[bool](t, naive, "select current_setting('server_version_num')::integer >= 180000"); fell == safe {
				t.Fatalf("the naive version fell: %t", fell)
			}
			testsql.Run(t, database.Pool, "delete from app.loot")

			testsql.Run(t, database.Pool, "select postern.add_event_action('wake', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'wake')")
			for range 3 {
				testsql.Run(t, database.Pool, logPass)
			}
			for _, pool := range []*pgxpool.Pool{worker.Pool, database.Pool} {
				deliverAs(t, database, pool)
				testsql.Run(t, database.Pool, "update postern_internal.event_delivery set state = 'pending', due_at = now(), finished_at = null")
			}
			if got := testsql.Values[string](t, database.Pool, taken, owner.Name); len(got) > 0 {
				t.Errorf("the function's code ran as %q", got)
			}
			if got := testsql.Value[int](t, database.Pool, "select count(*) from postern_internal.event_delivery where attempts <> 2"); got > 0 {
				t.Errorf("%d deliveries were not tried twice", got)
			}
		})
	}
}

// The function is replaced between the check and the call by one that has the caller's rights.
func TestExchangedEventFunctionHasNoRights(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]string{
		"as it is":       "",
		"role":           "set role postern_owner;",
		"reset":          "reset role;",
		"authorization":  "set session authorization default;",
		"others' tables": "perform 1 from postern_internal.webhook_secret;",
		"deliveries":     "perform postern.maintain();",
		"membership":     "execute format('grant postern_event_function to %I', session_user);",
		"its runner":     "alter function postern_internal.run_event_function(text, jsonb) security invoker;",
		"what it owns":   "drop owned by postern_event_function;",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			owner := hostileOwner(t, database)
			exchanged := `
create or replace function app.on_approval(event jsonb) returns void language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
begin perform app.strike('exchanged'); ` + attack + ` end $$`
			putEventFunction(t, database, owner, "null;")
			testsql.Run(t, database.Pool, logPass)
			worker := database.Login(t, "postern_event_worker")
			const lease = "11111111-1111-1111-1111-111111111111"
			logID := testsql.Value[int64](t, worker.Pool, "select (postern.claim_event_deliveries('call', 1, $1, 60) ->> 'log_id')::bigint", lease)

			testsql.Run(t, owner.Pool, exchanged)
			naive, err := database.Pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := naive.Exec(t.Context(), "select app.on_approval('{}')"); err != nil {
				t.Fatalf("the naive version withstood: %v", err)
			}
			rollback(t, naive)
			putEventFunction(t, database, owner, "null;")

			// The call has checked the function when it waits for its delivery.
			holder, err := database.Pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			testsql.Run(t, holder, "select from postern_internal.event_delivery for update")
			session := worker.Connect(t)
			called := make(chan error, 1)
			go func() {
				_, err := session.Exec(t.Context(), "select postern.call_event_function('call', $1, $2)", lease, logID)
				called <- err
			}()
			for !testsql.Value[bool](t, database.Pool, "select exists (select from pg_catalog.pg_locks where pid = $1 and not granted)", session.PgConn().PID()) {
				time.Sleep(10 * time.Millisecond)
			}
			testsql.Run(t, owner.Pool, exchanged)
			rollback(t, holder)
			switch err := <-called; {
			case err == nil:
				t.Error("it was done")
			case attack == "":
				testdb.RequireCode(t, err, "PS107")
			}
			if got := testsql.Values[string](t, database.Pool, "select taken_by from app.loot"); len(got) > 0 {
				t.Errorf("the exchanged function ran as %q", got)
			}
			if got := testsql.Value[string](t, database.Pool, "select state from postern.event_delivery"); got != "pending" {
				t.Errorf("the delivery is %s", got)
			}
			// Nothing has changed.
			putEventFunction(t, database, owner, "insert into app.loot values (current_user);")
			testsql.Run(t, session, "select postern.call_event_function('call', $1, $2)", lease, logID)
			if got := testsql.Value[string](t, database.Pool, "select taken_by from app.loot"); got != owner.Name {
				t.Errorf("the exchanged function ran as %s, want %s", got, owner.Name)
			}
		})
	}
}

// A function continues when it is asked to end, returns more than fits into memory, or leaves something in the session.
func TestEventFunctionCannotKeepTheWorker(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]string{
		// The postmaster may signal one cancel twice. The second signal can come while the inner block handles the first.
		"never ends": `
loop begin
  loop begin perform pg_sleep(3600); exception when query_canceled then null; end; end loop;
exception when query_canceled then null; end; end loop;`,
		"says too much":     "raise exception '%', repeat(E'\\x1b[2J', 3000000);",
		"says it by notice": "set client_min_messages = debug5; raise notice '%', repeat(E'\\x1b[2J', 3000000);",
		"keeps a lock":      "perform pg_advisory_lock(4711);",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			owner := hostileOwner(t, database)
			putEventFunction(t, database, owner, attack)
			worker := database.Login(t, "postern_event_worker")
			const left = `
select exists (select from pg_catalog.pg_stat_activity as a where a.usename = $1 and a.state = 'active' and a.query like '%on_approval%')
    or exists (select from pg_catalog.pg_locks as l where l.locktype = 'advisory' and l.objid = 4711)`

			naive, err := pgx.Connect(t.Context(), worker.URL)
			if err != nil {
				t.Fatal(err)
			}
			late, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err = naive.Exec(late, "select app.on_approval('{}')")
			var server *pgconn.PgError
			isLong := errors.As(err, &server) && len(server.Message) > 10_000_000
			if !isLong && !strings.Contains(attack, "notice") && !testsql.Value[bool](t, database.Pool, left, worker.Name) {
				t.Fatalf("the naive version withstood: %v", err)
			}
			testsql.Run(t, database.Pool, "select pg_terminate_backend($1, 10000)", naive.PgConn().PID())

			testsql.Run(t, database.Pool, logPass)
			began := time.Now()
			if err := event.New(worker.Pool, event.Options{Workers: 1, SendTimeout: 2 * time.Second}).RunOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("the delivery took %s", took)
			}
			if got := testsql.Value[int](t, database.Pool, "select coalesce(length(max(last_error)), 0) from postern.event_delivery"); got > 1000 {
				t.Errorf("an error of %d characters is kept", got)
			}
			for deadline := time.Now().Add(time.Minute); testsql.Value[bool](t, database.Pool, strings.ReplaceAll(left, "on_approval", "call_event_function"), worker.Name); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("something of the call is left")
				}
			}
		})
	}
}

// The calls of an action share a session, in which PostgreSQL keeps what it cannot reset: here the seed of random(). An
// owner whose function takes the place of another one's, while a batch is delivered, wants to find that session.
func TestSessionOfAnEventFunctionIsNotAnotherOwners(t *testing.T) {
	t.Parallel()
	for name, exchange := range map[string]string{
		"another function": "select postern.change_event_action('call', 'SECURITY_CHECKPOINT_SUCCESS', 'function', 'later.on_approval')",
		"another owner":    `alter function app.on_approval(jsonb) owner to "%s"`,
		"dropped":          "drop function app.on_approval(jsonb); alter function later.on_approval(jsonb) set schema app",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			first, second := hostileOwner(t, database), database.Login(t)
			const note = "begin insert into public.drawn values (current_user, random(), pg_backend_pid()); perform setseed(0.5), pg_advisory_xact_lock(4711); end"
			testsql.Run(t, database.Pool, fmt.Sprintf(`
create table public.drawn (by name, number double precision, pid integer);
grant insert on public.drawn to public;
create schema later authorization %[2]q;
grant usage on schema later to public;
create function later.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ %[1]s $$;
alter function later.on_approval(jsonb) owner to %[2]q;
grant usage on schema later to postern_event_function;
grant usage on schema app to %[2]q`, note, second.Name))
			grant := fmt.Sprintf("set role %q; grant execute on function %%s(jsonb) to postern_event_function; reset role", second.Name)
			testsql.Run(t, database.Pool, fmt.Sprintf(grant, "later.on_approval"))
			putEventFunction(t, database, first, note+";")

			naive := database.Connect(t)
			for _, call := range []string{"app.on_approval", "later.on_approval", "app.on_approval", "later.on_approval"} {
				testsql.Run(t, naive, "select "+call+"('{}')")
				testsql.Run(t, naive, "discard all")
			}
			const guessed = "select count(*) from public.drawn where by = $1 and number in (select number from public.drawn where by = $2)"
			if testsql.Value[int](t, database.Pool, guessed, second.Name, first.Name) == 0 {
				t.Fatal("the naive version withstood")
			}
			testsql.Run(t, database.Pool, "delete from public.drawn")

			for range 4 {
				testsql.Run(t, database.Pool, logPass)
			}
			// The exchange waits for the first call, and the second call for the exchange.
			holder, exchanging := database.Connect(t), database.Connect(t)
			testsql.Run(t, holder, "select pg_advisory_lock(4711)")
			worker := database.Login(t, "postern_event_worker")
			ended := make(chan error, 2)
			go func() { ended <- event.New(worker.Pool, event.Options{Workers: 1}).RunOnce(t.Context()) }()
			isWaiting := func(count int, of string) {
				t.Helper()
				for testsql.Value[int](t, database.Pool, "select count(*) from pg_catalog.pg_locks as l where not l.granted and l.database = (select d.oid from pg_catalog.pg_database as d where d.datname = current_database()) and l.locktype = $1", of) < count {
					time.Sleep(10 * time.Millisecond)
				}
			}
			isWaiting(1, "advisory")
			go func() {
				sql := exchange
				if strings.Contains(sql, "%s") {
					sql = fmt.Sprintf(sql, second.Name)
				}
				_, err := exchanging.Exec(t.Context(), "begin; lock table postern_internal.event_action in access exclusive mode; "+sql+"; commit")
				ended <- err
			}()
			isWaiting(1, "relation")
			testsql.Run(t, holder, "select pg_advisory_unlock(4711)")
			for range 2 {
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
			}
			if got := testsql.Values[string](t, database.Pool, "select concat_ws(' ', by, count(*), count(distinct pid)) from public.drawn group by by order by by = $1 desc", first.Name); !slices.Equal(got,
				[]string{first.Name + " 1 1", second.Name + " 3 1"}) {
				t.Errorf("calls and sessions: %q", got)
			}
			if got := testsql.Value[int](t, database.Pool, "select count(distinct pid) from public.drawn"); got != 2 {
				t.Errorf("there were %d sessions", got)
			}
			if got := testsql.Values[string](t, database.Pool, "select distinct state::text || attempts from postern_internal.event_delivery"); !slices.Equal(got, []string{"delivered1"}) {
				t.Errorf("states and attempts of the deliveries are %q, want each delivered at once", got)
			}
		})
	}
}

// The secrets that sign webhooks are visible only to the worker that delivers.
func TestWebhookSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(500) }))
	t.Cleanup(receiver.Close)
	secret := strings.TrimPrefix(testsql.Value[string](t, database.Pool,
		"select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL), "whsec_")
	if len(secret) != 44 {
		t.Fatalf("the secret has %d characters", len(secret))
	}
	testsql.Run(t, database.Pool, logPass)
	deliverAs(t, database, database.Pool)
	views := testsql.Values[string](t, database.Pool, "select c.relname from pg_catalog.pg_class as c where c.relnamespace = 'postern'::pg_catalog.regnamespace and c.relkind in ('v', 'r', 'p')")
	seen := []string{}
	for _, role := range everybody[1:] {
		connection := loginOf(t, database, role)
		for _, view := range views {
			var shows bool
			err := connection.QueryRow(t.Context(), fmt.Sprintf("select coalesce(bool_or(strpos(v::pg_catalog.text, $1) > 0), false) from postern.%s as v", view), secret).Scan(&shows)
			if err == nil && shows {
				seen = append(seen, role+" "+view)
			}
		}
	}
	if !slices.Equal(seen, []string{"postern_event_worker event_worker_action"}) {
		t.Errorf("the secret is shown to %q", seen)
	}
}

// A denial could be learned from an event before it counts, if the event were queued in the same transaction.
func TestDenialIsNotQueuedInItsOwnTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `grant postern_event_worker, postern_admin, postern_auditor to "`+s.application.Name+`"`)
	connection := s.connect(t)
	asked := challenge(t, connection, alice, releaseGate, "{}")
	testsql.Run(t, s.Pool, "select postern.add_event_action('wake', 'SECURITY_CHECKPOINT_DENIED', 'notify', 'denials')")
	tx := begin(t, connection, alice)
	testsql.Value[string](t, tx, authenticate, asked, alice, wrongPIN)
	// The entry exists: a queue that ignored snapshots would find it.
	testsql.Run(t, s.Pool, "create function public.naive_queue() returns bigint language sql security definer as $$ select count(*) from postern_internal.checkpoint_entry where outcome = 'denied' $$")
	if testsql.Value[int](t, tx, "select public.naive_queue()") != 1 {
		t.Fatal("the naive version withstood")
	}
	for range 3 {
		testsql.Run(t, s.Pool, logPass) // others continue
	}
	if got := testsql.Values[string](t, tx, "select postern.claim_event_deliveries('wake', 10, gen_random_uuid(), 10)::text"); len(got) > 0 {
		t.Errorf("the transaction has claimed its own denial: %s", got)
	}
	testsql.Run(t, tx, "select postern.set_event_enabled('SECURITY_CHECKPOINT_DENIED', false)")
	if got := testsql.Value[int](t, tx, "select pending from postern.event where event = 'SECURITY_CHECKPOINT_DENIED'"); got != 0 {
		t.Errorf("the transaction sees %d pending events of its own denial", got)
	}
	rollback(t, tx)
}

// A worker that somebody has taken over calls an action's function with arguments of its choice.
func TestWorkerCannotInventAnEvent(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	owner := hostileOwner(t, database)
	putEventFunction(t, database, owner, "insert into app.told values (event);")
	testsql.Run(t, database.Pool, "create table app.told (event jsonb); grant insert on app.told to "+owner.Name)
	// Naive: it takes the event from its caller.
	testsql.Run(t, database.Pool, `
create function app.naive_call(event jsonb) returns void language sql security definer as 'insert into app.told values (event)';
grant usage on schema app to public`)
	worker := database.Login(t, "postern_event_worker").Connect(t)
	testsql.Run(t, worker, `select app.naive_call('{"gate_id": "PAYMENT_RELEASE", "userid": "ALICE"}')`)
	if got := testsql.Value[string](t, database.Pool, "select event ->> 'gate_id' from app.told"); got != "PAYMENT_RELEASE" {
		t.Fatalf("the naive version withstood: %s", got)
	}
	testsql.Run(t, database.Pool, "delete from app.told")

	testsql.Run(t, database.Pool, logPass)
	const call, lease = "select postern.call_event_function('call', $1, $2)", "11111111-1111-1111-1111-111111111111"
	logID := testsql.Value[int64](t, database.Pool, "select max(log_id) from postern_internal.checkpoint_entry")
	testsql.Fails(t, worker, "42883", `select postern.call_event_function('call', $1, $2, '{"gate_id": "PAYMENT_RELEASE"}'::jsonb)`, lease, logID)
	testsql.Fails(t, worker, "PS107", call, lease, logID) // not claimed
	claimed := testsql.Value[map[string]any](t, worker, "select postern.claim_event_deliveries('call', 1, $1, 60)", lease)
	for _, other := range []any{logID + 1, int64(-1), nil} {
		testsql.Fails(t, worker, "PS107", call, lease, other)
	}
	testsql.Fails(t, worker, "PS107", call, "22222222-2222-2222-2222-222222222222", logID)
	testsql.Fails(t, worker, "PS107", call, nil, logID)
	if got := testsql.Value[int64](t, worker, "select postern.finish_event_deliveries('call', gen_random_uuid(), array[$1::bigint], '{delivered}', '{0}', '{\"\"}')", logID); got != 0 {
		t.Errorf("finished %d deliveries of another lease", got)
	}
	testsql.Run(t, worker, "set timezone = 'Asia/Kolkata'")
	testsql.Run(t, worker, call, lease, logID)
	told := testsql.Value[map[string]any](t, database.Pool, "select event from app.told")
	for _, key := range []string{"attempts", "due_at", "is_logged"} {
		delete(claimed, key)
	}
	for key, value := range claimed {
		if value == nil {
			claimed[key] = ""
		}
	}
	if !reflect.DeepEqual(told, claimed) {
		t.Errorf("the function was told\n%v\nand the worker\n%v", told, claimed)
	}
	testsql.Fails(t, worker, "PS107", call, lease, logID) // only once
}
