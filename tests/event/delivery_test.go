package event_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// The worker dies after it has sent and before it has recorded that.
func TestKilledWorkerDeliversAgainWithTheSameID(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	worker := exec.CommandContext(t.Context(), os.Args[0], "event", "run", "--workers", "1")
	worker.Env = append(os.Environ(), asInstaller+"=1", "DATABASE_URL="+database.URL)
	leash.Tie(worker)
	told := receive(t, func(number int, _ http.ResponseWriter, _ *http.Request, _ message) {
		if number == 2 {
			if err := worker.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	addHook(t, database, "hook", success, told.URL)
	for number := range 5 {
		log(t, database.Pool, fmt.Sprintf("APP_%d", number))
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the worker ended by itself: %v", err)
	}
	first := told.messages()
	requireSummary(t, deliver(t, database), event.Summary{}) // still leased
	later(t, database, "1 hour")
	deliver(t, database)
	times, ids := map[string]int{}, map[string]bool{}
	for _, got := range told.messages() {
		times[got.Data.GateID]++
		ids[got.id] = true
	}
	if len(times) != 5 || len(ids) != 5 {
		t.Errorf("told of %v, with %d ids", times, len(ids))
	}
	if got := first[1].Data.GateID; times[got] != 2 {
		t.Errorf("%s was sent %d times", got, times[got])
	}
	if left := testsql.Value[int64](t, database.Pool, "select count(*) from postern.event_delivery where state <> 'delivered'"); left != 0 {
		t.Errorf("%d deliveries were not made", left)
	}
}

// The receiver answers 500 for more than an hour. Instead of sleeping, the test moves what waits into the past.
func TestReceiverThatFailsForAnHour(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	failing := true
	told := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, _ message) {
		if failing {
			response.WriteHeader(http.StatusInternalServerError)
		}
	})
	addHook(t, database, "hook", success, told.URL)
	log(t, database.Pool, "APP_PAY")
	attempts, passed := 0, time.Duration(0)
	for ; passed < time.Hour; attempts++ {
		requireSummary(t, deliver(t, database), event.Summary{Failed: 1})
		requireSummary(t, deliver(t, database), event.Summary{}) // not due yet
		waits := testsql.Value[float64](t, database.Pool, "select extract(epoch from due_at - now())::double precision from postern.event_delivery")
		passed += time.Duration(waits * float64(time.Second))
		later(t, database, fmt.Sprintf("%f seconds", waits+1))
	}
	failing = false
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 1})
	if attempts > 14 || attempts < 8 {
		t.Errorf("%d attempts in an hour", attempts)
	}
	ids := map[string]bool{}
	for _, got := range told.messages() {
		ids[got.id] = true
	}
	if len(ids) != 1 {
		t.Errorf("the id changed: %v", ids)
	}
}

// Nobody listens, connections are reset, answers come too late. The other receivers get their events at once.
func TestBrokenReceiversKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	good := receive(t, nil)
	resetting := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, _ message) {
		connection, _, err := http.NewResponseController(response).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
	})
	release := make(chan struct{})
	slow := receive(t, func(_ int, _ http.ResponseWriter, request *http.Request, _ message) {
		select {
		case <-release:
			panic(http.ErrAbortHandler) // no answer
		case <-request.Context().Done():
		}
	})
	for name, url := range map[string]string{"good": good.URL, "resetting": resetting.URL, "slow": slow.URL, "refusing": "http://127.0.0.1:1"} {
		addHook(t, database, name, success, url)
	}
	for range 10 {
		log(t, database.Pool, "APP_PAY")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 2, SendTimeout: 20 * time.Second})
	began := time.Now()
	go func() { ended <- worker.Run(ctx) }()
	// One after the other, the deliveries of the slow one would take more than three minutes.
	const patience = 2 * time.Minute
	for len(good.messages()) < 10 && time.Since(began) < patience {
		time.Sleep(10 * time.Millisecond)
	}
	if len(good.messages()) != 10 {
		t.Errorf("the good receiver got %d of 10 events within %s", len(good.messages()), time.Since(began))
	}
	for testsql.Value[int64](t, database.Pool, "select count(distinct event_action_id) from postern_internal.event_delivery where attempts > 0") < 4 && time.Since(began) < patience {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	close(release) // the worker waits for running deliveries
	if err := <-ended; err != nil {
		t.Error(err)
	}
	states := testsql.Values[string](t, database.Pool, `
select distinct concat_ws(' ', a.name, d.state, d.leased_until > now())
  from postern_internal.event_delivery as d join postern_internal.event_action as a using (event_action_id) order by 1`)
	want := []string{"good delivered f", "refusing pending f", "resetting pending f", "slow pending f"}
	if !slices.Equal(states, want) {
		t.Errorf("the states of the deliveries are %q, want %q", states, want)
	}
}

// An event that a receiver always refuses does not stop those behind it, and ends as a dead letter.
func TestRefusedEventBlocksNoOther(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.set_setting('event_attempts', '3')")
	told := receive(t, func(_ int, response http.ResponseWriter, _ *http.Request, got message) {
		if got.Data.GateID == "APP_POISON" {
			response.WriteHeader(http.StatusBadRequest)
		}
	})
	addHook(t, database, "hook", success, told.URL)
	// A delivery that cannot be compiled or rendered is a dead letter at once.
	testsql.Run(t, database.Pool, "select postern.add_event_action('broken', $1, 'webhook', $2, condition => 'any(1..1000000000, true)', allow_internal => true)", success, told.URL)
	poison := log(t, database.Pool, "APP_POISON")
	for range 20 {
		log(t, database.Pool, "APP_PAY")
	}
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 20, Failed: 1, Dead: 21})
	for range 2 {
		later(t, database, "1 day")
		deliver(t, database)
	}
	later(t, database, "1 day")
	requireSummary(t, deliver(t, database), event.Summary{})
	if got := testsql.Values[int64](t, database.Pool, "select log_id from postern.event_delivery where state = 'dead' and name = 'hook' and last_error like '%status 400'"); !slices.Equal(got, []int64{poison}) {
		t.Errorf("the dead letters are those of the entries %d", got)
	}
	if got := testsql.Value[int64](t, database.Pool, "select postern.retry_event_deliveries('hook')"); got != 1 {
		t.Errorf("%d are tried again", got)
	}
	requireSummary(t, deliver(t, database), event.Summary{Failed: 1})
}

// A worker that is asked to stop finishes what it has begun, and releases the rest.
func TestStopIsGraceful(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := receive(t, func(int, http.ResponseWriter, *http.Request, message) {
		cancel()
		time.Sleep(200 * time.Millisecond)
	})
	addHook(t, database, "hook", success, told.URL)
	for range 5 {
		log(t, database.Pool, "APP_PAY")
	}
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 1})
	if err := worker.Run(ctx); err != nil {
		t.Fatal(err)
	}
	requireSummary(t, worker.Summary(), event.Summary{Delivered: 1})
	if got := testsql.Value[string](t, database.Pool, "select string_agg(distinct concat(state, attempts, leased_until > now()), ' ' order by concat(state, attempts, leased_until > now())) from postern_internal.event_delivery"); got != "delivered1f pending0f" {
		t.Error(got)
	}
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 4})
}

// A function does its work in the transaction that records it: once, or not at all.
func TestFunctionsAreCalledOnce(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	owner := database.Login(t)
	testsql.Run(t, database.Pool, `
create schema app authorization "`+owner.Name+`";
set role "`+owner.Name+`";
create table app.approval (log_id bigint, gate_id text, caller text);
create table app.switch as select true as fails;
create function app.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into app.approval values ((event ->> 'log_id')::bigint, event ->> 'gate_id', current_user);
  if (select fails from app.switch) then raise exception 'not today'; end if;
end $$;
revoke execute on function app.on_approval(jsonb) from public;
grant usage on schema app to postern_event_function;
grant execute on function app.on_approval(jsonb) to postern_event_function;
reset role`)
	administrator := database.Login(t, "postern_admin").Pool
	testsql.Run(t, administrator, "select postern.add_event_action('call', $1, 'function', 'app.on_approval', condition => 'gate_id == \"APP_PAY\"')", success)
	logID := log(t, database.Pool, "APP_PAY")
	log(t, database.Pool, "APP_OTHER")
	requireSummary(t, deliver(t, database), event.Summary{Failed: 1, Skipped: 1})
	testsql.Run(t, database.Pool, "update app.switch set fails = false")
	later(t, database, "1 hour")
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 1})
	if got := testsql.Values[string](t, database.Pool, "select concat_ws(' ', log_id, gate_id, caller) from app.approval"); !slices.Equal(got, []string{fmt.Sprintf("%d APP_PAY %s", logID, owner.Name)}) {
		t.Errorf("the function was called with %q", got)
	}
	// The grant is checked each time.
	testsql.Run(t, database.Pool, "revoke execute on function app.on_approval(jsonb) from postern_event_function; grant execute on function app.on_approval(jsonb) to public")
	log(t, database.Pool, "APP_PAY")
	requireSummary(t, deliver(t, database), event.Summary{Failed: 1})
	if got := testsql.Value[string](t, database.Pool, "select last_error from postern.event_delivery where state = 'pending'"); !strings.Contains(got, "Events may not call this function") {
		t.Error(got)
	}
}

func TestNotificationsHaveIdsOnly(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.add_event_action('wake', $1, 'notify', 'approvals')", success)
	listener := database.Connect(t)
	testsql.Run(t, listener, "listen approvals")
	logID := log(t, database.Pool, "APP_SECRET")
	requireSummary(t, deliver(t, database), event.Summary{Delivered: 1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := listener.WaitForNotification(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var payload map[string]any
	if err := json.Unmarshal([]byte(got.Payload), &payload); err != nil || len(payload) != 3 || payload["log_id"] != float64(logID) ||
		payload["event"] != success || payload["delivery_id"] == "" || strings.Contains(got.Payload, "SECRET") {
		t.Errorf("the notification is %s; error: %v", got.Payload, err)
	}
}

// A worker that was away for longer than its lease cannot change what another worker has claimed.
func TestLateWorkerIsIgnored(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	var met atomic.Bool // not sync.Once, with which the second request would wait for the first
	told := receive(t, func(int, http.ResponseWriter, *http.Request, message) {
		if met.CompareAndSwap(false, true) {
			later(t, database, "1 hour")
			deliver(t, database)
		}
	})
	addHook(t, database, "hook", success, told.URL)
	log(t, database.Pool, "APP_PAY")
	deliver(t, database)
	if got := testsql.Value[string](t, database.Pool, "select state || attempts from postern.event_delivery"); got != "delivered2" || len(told.messages()) != 2 {
		t.Errorf("the delivery is %s, and the receiver got %d messages", got, len(told.messages()))
	}
}

// Delivered rows are deleted after a while. Dead letters stay.
func TestOldDeliveriesAreForgotten(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	database.ForgetLog(t)
	for range 3 {
		log(t, database.Pool, "APP_PAY")
	}
	deliver(t, database)
	testsql.Run(t, database.Pool, "update postern_internal.event_delivery set finished_at = now() - interval '31 days' where log_id < 3")
	testsql.Run(t, database.Pool, "update postern_internal.event_delivery set state = 'dead' where log_id = 1")
	deliver(t, database)
	if got := testsql.Values[int64](t, database.Pool, "select log_id from postern.event_delivery order by log_id"); !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("deliveries of the entries %d are left, want 1 and 3", got)
	}
	if len(told.messages()) != 3 {
		t.Errorf("the receiver got %d messages, want 3", len(told.messages()))
	}
}
