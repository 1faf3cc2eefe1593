package event_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

var errRollback = errors.New("rolled back on purpose")

// office is a database with a gate, a user with a PIN, and an application.
type office struct {
	*testdb.Database
	application *pgx.Conn
}

func newOffice(t testing.TB) *office {
	t.Helper()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.register_gate('APP_PAY', 'Pay', 'Invoice &NO paid', '{NO}', true)")
	testsql.Run(t, database.Pool, "select postern.create_user('ALICE', 'Alice in accounts payable')")
	testsql.Run(t, database.Pool, "select postern.reset_pin('ALICE', '837462')")
	testsql.Run(t, database.Pool, "update postern_internal.credential set must_change = false")
	return &office{database, database.Login(t, "postern_trusted_app").Connect(t)}
}

const parameters = `{"NO": "4711"}`

func (o *office) authenticate(t testing.TB, pin string) (ticket string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), o.application, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user('ALICE')")
		challenge := testsql.Value[string](t, tx, "select postern.challenge('APP_PAY', $1)", parameters)
		ticket = testsql.Value[string](t, tx, "select postern.authenticate($1, 'ALICE', $2, 'checked')::text", challenge, pin)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func (o *office) pay(t testing.TB, ticket string, ending error) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), o.application, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user('ALICE')")
		testsql.Run(t, tx, "select postern.open_gates($1::text::uuid)", ticket)
		testsql.Run(t, tx, "select postern.checkpoint('APP_PAY', $1)", parameters)
		return ending
	})
	if !errors.Is(err, ending) {
		t.Fatal(err)
	}
}

func TestRollbackEmitsNothingAndCommitExactlyOne(t *testing.T) {
	t.Parallel()
	o, told := newOffice(t), receive(t, nil)
	addHook(t, o.Database, "hook", success, told.URL)
	ticket := o.authenticate(t, "837462")
	o.pay(t, ticket, errRollback)
	requireSummary(t, deliver(t, o.Database), event.Summary{})
	o.pay(t, ticket, nil)
	requireSummary(t, deliver(t, o.Database), event.Summary{Delivered: 1})
	requireSummary(t, deliver(t, o.Database), event.Summary{})
	got := told.messages()[0]
	logged := testsql.Value[time.Time](t, o.Pool, "select logged_at from postern.checkpoint_log where log_id = $1", got.Data.LogID)
	sent, err := time.Parse(time.RFC3339Nano, got.Data.EventTime)
	if err != nil || !sent.Equal(logged) {
		t.Errorf("the event is of %s, the entry of %s, %v", got.Data.EventTime, logged, err)
	}
	got.id, got.Data.LogID, got.Data.EventTime = "", 0, ""
	want := message{Type: success}
	want.Data.GateID, want.Data.UserID, want.Data.UserDescription, want.Data.AuthenticatedBy = "APP_PAY", "ALICE", "Alice in accounts payable", "ALICE"
	want.Data.Message, want.Data.Comment = "Invoice 4711 paid", "checked"
	if got != want {
		t.Errorf("the event has %+v, want %+v", got, want)
	}
}

// One entry is one event: a denial that locks notifies of the lock. Attempts while the credential is locked are in the
// log, but notify nobody.
func TestDenialsAndLocksAreDelivered(t *testing.T) {
	t.Parallel()
	o, told := newOffice(t), receive(t, nil)
	testsql.Run(t, o.Pool, "select postern.set_setting('max_failures', '2')")
	for _, name := range []string{success, denied, locked} {
		addHook(t, o.Database, name, name, told.URL)
	}
	for _, want := range []string{denied, locked, "", ""} {
		before := len(told.messages())
		o.authenticate(t, "111111")
		deliver(t, o.Database)
		got := told.messages()[before:]
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || got[0].Type != want) {
			t.Errorf("the events are %+v, want %q", got, want)
		}
	}
	if got := testsql.Values[string](t, o.Pool, "select outcome from postern.checkpoint_log"); !slices.Equal(got, []string{"denied", "denied", "denied", "denied"}) {
		t.Errorf("the log says %s", got)
	}
}

// Eight sessions write, with rollbacks and savepoints, and one keeps a transaction open for long. Meanwhile two workers
// deliver.
func TestEachEventIsDeliveredExactlyOnceUnderLoad(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	idle, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log(t, idle, "APP_IDLE")
	var writers, workers sync.WaitGroup
	stop := make(chan struct{})
	login := database.Login(t, "postern_event_worker")
	for range 2 {
		workers.Go(func() {
			for {
				if err := event.New(login.Pool, event.Options{Workers: 2}).RunOnce(t.Context()); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 8 {
		writers.Go(func() {
			for range 25 {
				err := pgx.BeginFunc(t.Context(), database.Pool, func(tx pgx.Tx) error {
					for range 1 + rand.IntN(3) {
						err := pgx.BeginFunc(t.Context(), tx, func(nested pgx.Tx) error {
							if _, err := nested.Exec(t.Context(), insertEntry, "APP_PAY"); err != nil {
								return err
							}
							if rand.IntN(3) == 0 {
								return errRollback
							}
							return nil
						})
						if err != nil && !errors.Is(err, errRollback) {
							return err
						}
					}
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
					if rand.IntN(4) == 0 {
						return errRollback
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if err := idle.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(stop)
	workers.Wait()
	deliver(t, database)
	got := []int64{}
	for _, one := range told.messages() {
		got = append(got, one.Data.LogID)
	}
	slices.Sort(got)
	if want := testsql.Values[int64](t, database.Pool, "select log_id from postern.checkpoint_log order by log_id"); !slices.Equal(got, want) || len(want) < 50 {
		t.Errorf("told of\n%d, committed are\n%d", got, want)
	}
}

// An entry is delivered if it committed after the action. Neither its log_id nor its time matters.
func TestActionDeliversOnlyEventsCommittedAfterIt(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	log(t, database.Pool, "APP_BEFORE")
	open, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log(t, open, "APP_OPEN")
	tx, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The current transaction already has an id, and later ones end. PostgreSQL's snapshot would take it for committed.
	testsql.Run(t, tx, "select pg_current_xact_id()")
	for range 3 {
		log(t, database.Pool, "APP_BEFORE")
	}
	testsql.Run(t, tx, "select postern.add_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL)
	log(t, tx, "APP_SAME")
	if err := errors.Join(tx.Commit(t.Context()), open.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	log(t, database.Pool, "APP_AFTER")
	deliver(t, database)
	got := told.gates()
	slices.Sort(got)
	if !slices.Equal(got, []string{"APP_AFTER", "APP_OPEN", "APP_SAME"}) {
		t.Errorf("the receiver got %s", got)
	}
}

// Pending deliveries stay, and the action keeps its position in the log. After a change of the event, only later
// entries are delivered.
func TestAChangedActionKeepsItsQueueItsPlaceAndItsSecret(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	broken := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, _ message) { response.WriteHeader(500) })
	addHook(t, database, "hook", success, broken.URL)
	const secrets = "select pg_catalog.encode(secret, 'hex') from postern_internal.webhook_secret"
	secret := testsql.Value[string](t, database.Pool, secrets)
	log(t, database.Pool, "APP_WAITS")
	requireSummary(t, deliver(t, database), event.Summary{Failed: 1})
	log(t, database.Pool, "APP_BEFORE")
	const deny = "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('denied', $1, 'ALICE', 'denied', '{}')"
	testsql.Run(t, database.Pool, deny, "APP_OTHER_BEFORE")

	const change = "select postern.change_event_action('hook', $1, $2, $3, $4, allow_internal => $5) is null"
	if !testsql.Value[bool](t, database.Pool, change, success, "webhook", told.URL, "true", true) {
		t.Error("a change of the target gives a secret")
	}
	log(t, database.Pool, "APP_AFTER")
	testsql.Run(t, database.Pool, change, denied, "webhook", told.URL, nil, true)
	log(t, database.Pool, "APP_AFTER_BOTH")
	testsql.Run(t, database.Pool, deny, "APP_OTHER_AFTER")
	later(t, database, "1 hour")
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 4})
	got := []string{}
	for _, one := range told.messages() {
		got = append(got, one.Type+" "+one.Data.GateID)
	}
	slices.Sort(got)
	if want := []string{denied + " APP_OTHER_AFTER", success + " APP_AFTER", success + " APP_BEFORE", success + " APP_WAITS"}; !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
	if testsql.Value[string](t, database.Pool, secrets) != secret {
		t.Error("the secret has changed")
	}

	// An action that is no webhook has no secret. One that becomes a webhook gets a new one.
	testsql.Run(t, database.Pool, change, denied, "notify", "told", nil, false)
	if got := testsql.Values[string](t, database.Pool, secrets); len(got) > 0 {
		t.Error("a notification has a secret")
	}
	if testsql.Value[bool](t, database.Pool, change, denied, "webhook", told.URL, nil, true) {
		t.Error("a new webhook gives no secret")
	}
	if testsql.Value[string](t, database.Pool, secrets) == secret {
		t.Error("the secret is the old one")
	}
}

// What happened while an event was disabled is never delivered, even if the action belonged to another event at that
// time.
func TestActionOfADisabledEventCanChangeItsEvent(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", denied, told.URL)
	testsql.Run(t, database.Pool, "select postern.set_event_enabled($1, false)", denied)
	log(t, database.Pool, "APP_BEFORE")
	testsql.Run(t, database.Pool, "select postern.change_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL)
	log(t, database.Pool, "APP_AFTER")
	deliver(t, database)
	if got := told.gates(); !slices.Equal(got, []string{"APP_AFTER"}) {
		t.Errorf("the receiver got %s, want APP_AFTER", got)
	}
}

func TestChangesOfAnActionAreChecked(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	addHook(t, database, "hook", success, "https://hooks.example.com/in")
	const row = "select pg_catalog.to_jsonb(a)::pg_catalog.text from postern_internal.event_action as a"
	before := testsql.Value[string](t, database.Pool, row)
	for _, arguments := range []string{
		"null, 'E', 'notify', 'told'", "'other', 'E', 'notify', 'told'", "'hook', null, 'notify', 'told'", "'hook', 'NONE', 'notify', 'told'",
		"'hook', 'E', null, 'told'", "'hook', 'E', 'fax', 'told'", "'hook', 'E', 'notify', null", "'hook', 'E', 'notify', 'told', template => 'x'",
		"'hook', 'E', 'webhook', 'http://example.com'", "'hook', 'E', 'notify', 'told', allow_internal => true", "'hook', 'E', 'notify', 'told', allow_internal => null",
		"'hook', 'E', 'function', 'pg_catalog.pg_sleep'", "'hook', 'E', 'notify', 'told', condition => ' '",
	} {
		_, err := database.Pool.Exec(t.Context(), "select postern.change_event_action("+strings.ReplaceAll(arguments, "'E'", "'"+success+"'")+")")
		testdb.RequireCode(t, err, "PS107")
	}
	_, err := database.Login(t, "postern_app").Pool.Exec(t.Context(), "select postern.change_event_action('hook', '"+success+"', 'notify', 'told')")
	if code := testdb.Code(err); code != "42501" {
		t.Errorf("an application gets %q", code)
	}
	if after := testsql.Value[string](t, database.Pool, row); after != before {
		t.Errorf("it was %s and is %s", before, after)
	}
}

func TestDisabledEventsWait(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	log(t, database.Pool, "APP_BEFORE")
	testsql.Run(t, database.Pool, "select postern.set_event_enabled($1, false)", success)
	log(t, database.Pool, "APP_MEANWHILE")
	requireSummary(t, deliver(t, database), event.Summary{})
	testsql.Run(t, database.Pool, "select postern.set_event_enabled($1, true)", success)
	log(t, database.Pool, "APP_AFTER")
	testsql.Run(t, database.Pool, "select postern.set_event_enabled($1, true)", success) // changes nothing
	deliver(t, database)
	// Deliveries have no order.
	if got := slices.Sorted(slices.Values(told.gates())); !slices.Equal(got, []string{"APP_AFTER", "APP_BEFORE"}) {
		t.Errorf("the receiver got %s, want APP_AFTER and APP_BEFORE", got)
	}
}

// A copy of the database in another cluster notifies nobody until somebody enables that.
func TestCopyDeliversNothing(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	log(t, database.Pool, "APP_BEFORE")
	// Entries of transactions that this cluster begins later, and a snapshot that it has not taken.
	testsql.Run(t, database.Pool, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id)
select 'passed', 'APP_RESTORED', 'ALICE', 'paid', '{}', (pg_current_xact_id()::text::bigint + step)::text::xid8 from generate_series(1, 200) as step`)
	testsql.Run(t, database.Pool, "update postern_internal.event_action set place.system_identifier = 1, queued_to = '9000000:9000000:'")
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{})
	testdb.RequireCode(t, worker.RunOnce(t.Context()), "55000")
	testsql.Run(t, database.Pool, "select postern.set_event_enabled($1, true)", success)
	testsql.Run(t, database.Pool, "do $$ begin for step in 1..300 loop perform pg_current_xact_id(); commit; end loop; end $$")
	log(t, database.Pool, "APP_AFTER")
	deliver(t, database)
	if got := told.gates(); !slices.Equal(got, []string{"APP_AFTER"}) {
		t.Errorf("the receiver got %s, want APP_AFTER", got)
	}
}
