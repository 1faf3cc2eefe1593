package attack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
)

const logPass = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', 'SINWOF_APPROVE', 'ALICE', 'paid', '{}')`

// deliverAs delivers what is due with the rights of one pool, and gives the last error of each delivery.
func deliverAs(t testing.TB, database *testdb.Database, pool *pgxpool.Pool) []string {
	t.Helper()
	if err := event.New(pool, event.Options{}).RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return values[string](t, database.Pool, "select coalesce(last_error, state) from postern.event_delivery order by log_id, name")
}

// An administrator wants a function run that he may not run himself: by naming it as an event's.
func TestAdministratorCannotHaveAForeignFunctionCalled(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	run(t, database.Pool, `
create table public.loot (taken_by text);
create function public.drop_everything(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin insert into public.loot values (current_user); end $$;
create function public.naive_run(name text) returns void language plpgsql security definer as $$
begin execute format('select %s(null)', name); end $$`)
	administrator := database.Login(t, "postern_admin").Connect(t)
	run(t, administrator, "select public.naive_run('public.drop_everything')")
	if value[int](t, database.Pool, "select count(*) from public.loot") != 1 {
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
	// Whoever does not own the function can grant nothing, and gets a warning only.
	run(t, administrator, "grant execute on function public.drop_everything(jsonb) to postern_event_worker")
	_, err := administrator.Exec(t.Context(), add, "public.drop_everything")
	testdb.RequireCode(t, err, "PS107")
}

// A function that was permitted is exchanged by its owner for one that has the caller's rights. Who delivers as a superuser
// would hand them over.
func TestFunctionsCannotTakeOverTheWorker(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	owner := database.Login(t)
	run(t, database.Pool, `
create schema app authorization "`+owner.Name+`";
grant usage on schema app to postern_event_worker;
set role "`+owner.Name+`";
create function app.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin null; end $$;
revoke execute on function app.on_approval(jsonb) from public;
grant execute on function app.on_approval(jsonb) to postern_event_worker;
reset role;
select postern.add_event_action('call', 'SECURITY_CHECKPOINT_SUCCESS', 'function', 'app.on_approval')`)
	run(t, owner.Pool, `
create or replace function app.on_approval(event jsonb) returns void language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
begin execute format('alter role %I superuser', '`+owner.Name+`'); end $$`)
	isSuperuser := "select rolsuper from pg_catalog.pg_roles where rolname = '" + owner.Name + "'"
	run(t, database.Pool, "select app.on_approval(null)")
	if !value[bool](t, database.Pool, isSuperuser) {
		t.Fatal("the naive version withstood")
	}
	run(t, database.Pool, `alter role "`+owner.Name+`" nosuperuser`)

	run(t, database.Pool, logPass)
	got := deliverAs(t, database, database.Pool)
	if len(got) != 1 || !strings.Contains(got[0], "Events may not call this function") || value[bool](t, database.Pool, isSuperuser) {
		t.Errorf("got %q", got)
	}
	// Also where it looks harmless again when it is asked about, since it may be exchanged right afterwards.
	run(t, owner.Pool, "alter function app.on_approval(jsonb) security definer")
	for _, role := range []string{"postern_owner", "postern_admin"} {
		powerful := database.Login(t, "postern_event_worker", role)
		_, err := powerful.Pool.Exec(t.Context(), "select postern.event_function_call('app.on_approval')")
		testdb.RequireCode(t, err, "PS107")
	}
	_, err := database.Pool.Exec(t.Context(), "select postern.event_function_call('app.on_approval')")
	testdb.RequireCode(t, err, "PS107")
	if got := value[string](t, database.Login(t, "postern_event_worker").Pool, "select postern.event_function_call('app.on_approval')"); got != "select app.on_approval($1::jsonb)" {
		t.Error(got)
	}
}

// The secret that webhooks are signed with shows nowhere but for who delivers.
func TestWebhookSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(500) }))
	t.Cleanup(receiver.Close)
	secret := strings.TrimPrefix(value[string](t, database.Pool,
		"select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL), "whsec_")
	if len(secret) != 44 {
		t.Fatalf("the secret has %d characters", len(secret))
	}
	run(t, database.Pool, logPass)
	deliverAs(t, database, database.Pool)
	views := values[string](t, database.Pool, "select c.relname from pg_catalog.pg_class as c where c.relnamespace = 'postern'::pg_catalog.regnamespace and c.relkind in ('v', 'r', 'p')")
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

// A denial that is told of could be learned before it was counted, if it were queued in its own transaction.
func TestDenialIsNotToldToItsOwnTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	run(t, s.Pool, `grant postern_event_worker, postern_admin, postern_auditor to "`+s.application.Name+`"`)
	connection := s.connect(t)
	asked := challenge(t, connection, alice, releaseGate, "{}")
	run(t, s.Pool, "select postern.add_event_action('wake', 'SECURITY_CHECKPOINT_DENIED', 'notify', 'denials')")
	tx := begin(t, connection, alice)
	value[string](t, tx, authenticate, asked, alice, wrongPIN)
	// The entry is there: this is what a queue without a look at snapshots would find.
	run(t, s.Pool, "create function public.naive_queue() returns bigint language sql security definer as $$ select count(*) from postern_internal.checkpoint_entry where outcome = 'denied' $$")
	if value[int](t, tx, "select public.naive_queue()") != 1 {
		t.Fatal("the naive version withstood")
	}
	for range 3 {
		run(t, s.Pool, logPass) // others go on
	}
	if got := values[string](t, tx, "select postern.claim_event_deliveries('wake', 10, gen_random_uuid(), 10)::text"); len(got) > 0 {
		t.Errorf("told of %s", got)
	}
	run(t, tx, "select postern.set_event_enabled('SECURITY_CHECKPOINT_DENIED', false)")
	if got := value[int](t, tx, "select pending from postern.event where event = 'SECURITY_CHECKPOINT_DENIED'"); got != 0 {
		t.Errorf("%d are pending", got)
	}
	rollback(t, tx)
}
