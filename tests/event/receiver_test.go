package event_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// A receiver that asks for a pause gets one: its delivery waits as long as it asks, and this worker sends it no others
// in the meantime.
func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	busy := receive(t, func(number int, response http.ResponseWriter, _ *http.Request, _ message) {
		if number == 1 {
			response.Header().Set("Retry-After", "7200")
			response.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	addHook(t, database, "hook", success, busy.URL)
	for range 20 {
		log(t, database.Pool, "APP_PAY")
	}
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 1})
	if err := worker.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireSummary(t, worker.Summary(), event.Summary{Failed: 1})
	if got := len(busy.messages()); got != 1 {
		t.Errorf("%d deliveries were tried although it wants to be left alone", got)
	}
	const waits = "select count(*) from postern.event_delivery where state = 'pending' and attempts = $1 and (due_at > now() + interval '115 minutes') = $2"
	if later, now := testsql.Value[int64](t, database.Pool, waits, 1, true), testsql.Value[int64](t, database.Pool, waits, 0, false); later != 1 || now != 19 {
		t.Errorf("%d wait for two hours, and %d are as they were; want 1 and 19", later, now)
	}
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 19})
	later(t, database, "3 hours")
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 1})
}

// A receiver that is gone gets no more events, an administrator learns of it, and nothing is lost.
func TestGoneReceiverDisablesItsAction(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	gone, answer := 0, http.StatusGone
	told := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, _ message) {
		gone++
		response.WriteHeader(answer)
	})
	addHook(t, database, "hook", success, told.URL)
	for _, gate := range []string{"APP_A", "APP_B", "APP_C"} {
		log(t, database.Pool, gate)
	}
	once := func() event.Summary {
		t.Helper()
		worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 1})
		if err := worker.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		return worker.Summary()
	}
	requireSummary(t, once(), event.Summary{})
	log(t, database.Pool, "APP_D") // in the meantime
	requireSummary(t, once(), event.Summary{})
	if gone != 1 {
		t.Errorf("it was told %d times", gone)
	}
	const state = "select disabled_at is not null and disabled_reason like '%410%' and pending = 4 and dead = 0 from postern.event_action where name = 'hook'"
	if !testsql.Value[bool](t, database.Pool, state) {
		t.Errorf("the action is %s", testsql.Value[string](t, database.Pool, "select to_jsonb(a)::text from postern.event_action as a"))
	}
	if got := testsql.Values[int64](t, database.Pool, "select disabled_actions from postern.event order by event"); !slices.Equal(got, []int64{0, 0, 0, 1}) {
		t.Errorf("events show %d disabled actions", got)
	}
	// A late answer of a receiver that was replaced disables nothing.
	testsql.Run(t, database.Pool, "select postern.change_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL+"/new")
	worker := database.Login(t, "postern_event_worker").Connect(t)
	if testsql.Value[bool](t, worker, "select postern.disable_gone_event_action('hook', $1, 'late')", told.URL) {
		t.Error("the old receiver's answer disabled the new one")
	}
	requireSummary(t, once(), event.Summary{}) // this receiver is gone too
	answer = http.StatusOK
	testsql.Run(t, database.Login(t, "postern_admin").Connect(t), "select postern.enable_event_action('hook')")
	requireSummary(t, once(), event.Summary{Delivered: 4})
	testsql.Refused(t, database.Pool, "PS107", "select postern.enable_event_action('nobody')")
}

// A new secret changes nothing about what waits. The earlier ones stay valid until their time is over.
func TestRotatedSecretOverlapsAndLosesNothing(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	answer := http.StatusInternalServerError
	told := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, _ message) { response.WriteHeader(answer) })
	first := testsql.Value[string](t, database.Pool, "select postern.add_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL)
	log(t, database.Pool, "APP_PAY")
	requireSummary(t, deliver(t, database), event.Summary{Failed: 1})
	log(t, database.Pool, "APP_SHIP")
	administrator := database.Login(t, "postern_admin").Connect(t)
	rotate := func(seconds int) string {
		t.Helper()
		return testsql.Value[string](t, administrator, "select postern.rotate_webhook_secret('hook', $1)", seconds)
	}
	worker := database.Login(t, "postern_event_worker").Connect(t)
	requireSecrets := func(want ...string) {
		t.Helper()
		if got := testsql.Values[string](t, worker, "select unnest(secrets) from postern.event_worker_action"); !slices.Equal(got, want) {
			t.Errorf("%d secrets sign, want %d", len(got), len(want))
		}
	}
	requireSecrets(first)
	second := rotate(3600)
	requireSecrets(second, first)
	third := rotate(86400) // does not extend the first one
	requireSecrets(third, second, first)
	testsql.Run(t, database.Pool, "update postern_internal.webhook_secret set expires_at = expires_at - interval '2 hours'")
	requireSecrets(third, second)
	fourth := rotate(0)
	requireSecrets(fourth)
	answer = http.StatusOK
	later(t, database, "1 hour")
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 2})

	testsql.Refused(t, administrator, "PS107", "select postern.rotate_webhook_secret('hook', -1)")
	testsql.Refused(t, administrator, "PS107", "select postern.rotate_webhook_secret('nobody')")
	testsql.Run(t, administrator, "select postern.add_event_action('channel', $1, 'notify', 'told')", success)
	testsql.Refused(t, administrator, "PS107", "select postern.rotate_webhook_secret('channel')")
	for range 4 {
		rotate(3600)
	}
	testsql.Refused(t, administrator, "PS107", "select postern.rotate_webhook_secret('hook')")
	requireSecrets(rotate(0))
	testsql.Fails(t, worker, "42501", "select postern.rotate_webhook_secret('hook')")
}
