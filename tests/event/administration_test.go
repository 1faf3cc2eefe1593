package event_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// changed is what a receiver learns of a transaction that administers.
type changed struct {
	Event           string   `json:"event"`
	LogID           int64    `json:"log_id"`
	UserID          string   `json:"userid"`
	UserDescription string   `json:"user_description"`
	SessionRole     string   `json:"session_role"`
	ApplicationName string   `json:"application_name"`
	Message         string   `json:"message"`
	Kinds           []string `json:"kinds"`
	Changes         []string `json:"changes"`
	ChangeCount     int      `json:"change_count"`
}

// watch adds a receiver of the administration, and delivers the event that it was added.
func watch(t *testing.T, database *testdb.Database, condition any) func() []changed {
	t.Helper()
	var mutex sync.Mutex
	received := []changed{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var got struct{ Data changed }
		if err != nil || json.Unmarshal(body, &got) != nil {
			t.Errorf("the receiver got %q: %v", body, err)
		}
		mutex.Lock()
		defer mutex.Unlock()
		received = append(received, got.Data)
	}))
	t.Cleanup(server.Close)
	testsql.Run(t, database.Pool, "select postern.add_event_action('told', $1, 'webhook', $2, $3, allow_internal => true)", administration, server.URL, condition)
	take := func() []changed {
		t.Helper()
		deliver(t, database)
		mutex.Lock()
		defer mutex.Unlock()
		got := received
		received = nil
		slices.SortFunc(got, func(a, b changed) int { return int(a.LogID - b.LogID) })
		return got
	}
	if got := take(); condition == nil && (len(got) != 1 || !slices.Equal(got[0].Kinds, []string{"event_action", "webhook_secret"})) {
		t.Fatalf("a new receiver is told %+v, want that it was added", got)
	}
	return take
}

func TestTransactionThatAdministersIsOneEvent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	take := watch(t, o.Database, nil)
	login := o.Login(t, "postern_admin")
	administrator := login.Connect(t)
	testsql.Run(t, administrator, "set application_name = 'night shift'")
	first := testsql.Value[int64](t, o.Pool, "select coalesce(max(log_id), 0) from postern.administration_log")
	testsql.Run(t, administrator, "begin")
	testsql.Run(t, administrator, "select postern.set_gate_active('APP_PAY', false)")
	testsql.Run(t, administrator, "savepoint a")
	testsql.Run(t, administrator, "select postern.set_setting('max_failures', '9')")
	testsql.Run(t, administrator, "release a")
	testsql.Run(t, administrator, "savepoint b")
	testsql.Run(t, administrator, "select postern.set_setting('max_failures', '10')")
	testsql.Run(t, administrator, "rollback to b")
	if got := take(); len(got) != 0 {
		t.Errorf("before the commit, the receiver is told %+v", got)
	}
	testsql.Run(t, administrator, "commit")
	testsql.Run(t, administrator, "begin")
	testsql.Run(t, administrator, "select postern.set_gate_active('APP_PAY', true)")
	testsql.Run(t, administrator, "rollback")
	testsql.Run(t, administrator, "select postern.set_gate_message('APP_PAY', 'Invoice &NO is paid')")
	o.pay(t, o.authenticate(t, "837462"), nil) // a checkpoint is no administration

	if got := testsql.Value[int64](t, o.Pool, "select pending from postern.event where event = $1", administration); got != 2 {
		t.Errorf("%d transactions wait, want 2", got)
	}
	got := take()
	if len(got) != 2 {
		t.Fatalf("the receiver is told %+v, want 2 transactions", got)
	}
	want := changed{
		Event: administration, LogID: got[0].LogID, SessionRole: login.Name, ApplicationName: "night shift", ChangeCount: 2,
		Message: "gate APP_PAY changed: active true -> false, active_administered false -> true (and 1 more)",
		Kinds:   []string{"gate", "setting"},
		Changes: []string{"gate APP_PAY changed: active true -> false, active_administered false -> true", `setting max_failures changed: value "5" -> "9"`},
	}
	if fmt.Sprintf("%+v", got[0]) != fmt.Sprintf("%+v", want) || want.LogID <= first {
		t.Errorf("the receiver is told\n%+v, want\n%+v", got[0], want)
	}
	if got[1].ChangeCount != 1 || strings.Contains(got[1].Message, "more)") || !slices.Equal(got[1].Changes, []string{got[1].Message}) {
		t.Errorf("of one change, the receiver is told %+v", got[1])
	}
	if got := take(); len(got) != 0 {
		t.Errorf("the receiver is told again: %+v", got)
	}
}

// The other events count their own entries, and never read those of the administration.
func TestEventsOfCheckpointsSayNothingOfTheAdministration(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	addHook(t, o.Database, "hook", success, receive(t, nil).URL)
	ticket := o.authenticate(t, "837462")
	err := pgx.BeginFunc(t.Context(), o.Pool, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.set_setting('lock_minutes', '31')")
		testsql.Run(t, tx, "select postern.set_setting('lock_minutes', '32')")
		log(t, tx, "APP_PAY")
		log(t, tx, "APP_PAY")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.pay(t, ticket, nil)
	got := testsql.Values[string](t, o.Pool, "select (c -> 'kinds')::text || (c ->> 'change_count') || (c ->> 'session_role') || (c ->> 'application_name')"+
		" from postern.claim_event_deliveries('hook', 100, gen_random_uuid(), 60) as c")
	if !slices.Equal(got, []string{"[]0", "[]0", "[]0"}) {
		t.Errorf("the events say %q", got)
	}
}

// The end user who administers is named, and not the user whom the change concerns.
func TestAdministrationNamesTheEndUserWhoActs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	take := watch(t, o.Database, `"user" in kinds`)
	login := o.Login(t, "postern_admin")
	testsql.Run(t, o.Pool, "select postern.create_user('DORA', 'Dora, DBA', $1)", login.Name)
	take()
	testsql.Run(t, login.Connect(t), "select postern.create_user('BOB', 'Bob')")
	testsql.Run(t, login.Connect(t), "select postern.set_setting('lock_minutes', '31')") // the condition does not hold
	got := take()
	if len(got) != 1 || got[0].UserID != "DORA" || got[0].UserDescription != "Dora, DBA" || got[0].Message != "user BOB added" {
		t.Errorf("the receiver is told %+v", got)
	}
}

// Thousands of changes are one event of a bounded length. Long values and secrets are not in it.
func TestEventOfManyChangesIsBounded(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	take := watch(t, database, nil)
	testsql.Run(t, database.Pool, "select count(postern.register_gate(format('APP_%s', i), repeat('long', 40), 'Done')) from generate_series(1, 2000) as i")
	testsql.Run(t, database.Pool, "select count(postern.register_gate(format('APP_%s', i), repeat('text', 40), 'Done')) from generate_series(1, 3) as i")
	secret := testsql.Value[string](t, database.Pool, "select postern.rotate_webhook_secret('told')")
	got := take()
	if len(got) != 3 || got[0].ChangeCount != 2000 || len(got[0].Changes) != 20 || got[0].Changes[19] != "gate APP_20 added" {
		t.Fatalf("the receiver is told %+v", got)
	}
	if want := `gate APP_3 changed: description "` + strings.Repeat("long", 14) + `... -> "` + strings.Repeat("text", 14) + "..."; got[1].Changes[2] != want {
		t.Errorf("the receiver is told %s, want %s", got[1].Changes[2], want)
	}
	for _, one := range got {
		for _, change := range append(one.Changes, one.Message) {
			if len(change) > 400 || strings.Contains(change, secret) {
				t.Errorf("the receiver is told %q", change)
			}
		}
	}
	requireSummary(t, deliver(t, database), event.Summary{})
}
