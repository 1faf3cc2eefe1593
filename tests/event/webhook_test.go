package event_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	success = "SECURITY_CHECKPOINT_SUCCESS"
	denied  = "SECURITY_CHECKPOINT_DENIED"
	locked  = "SECURITY_CHECKPOINT_LOCKED"

	administration = "SECURITY_ADMINISTRATION"
)

const insertEntry = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', $1, 'ALICE', 'paid', '{}') returning log_id`

// log writes an entry as a pass of a gate does.
func log(t testing.TB, q testsql.Querier, gate string) int64 {
	t.Helper()
	return testsql.Value[int64](t, q, insertEntry, gate)
}

// receiver is a web server that keeps what it gets, and answers as configured.
type receiver struct {
	*httptest.Server
	mutex    sync.Mutex
	received []message
	answer   func(number int, response http.ResponseWriter, request *http.Request, got message)
}

type message struct {
	id   string
	Type string `json:"type"`
	Data struct {
		LogID           int64  `json:"log_id"`
		GateID          string `json:"gate_id"`
		UserID          string `json:"userid"`
		UserDescription string `json:"user_description"`
		AuthenticatedBy string `json:"authenticated_by"`
		Message         string `json:"message"`
		Comment         string `json:"comment"`
		EventTime       string `json:"event_time"`
	} `json:"data"`
}

func receive(t testing.TB, answer func(number int, response http.ResponseWriter, request *http.Request, got message)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		content, err := io.ReadAll(request.Body)
		got := message{id: request.Header.Get("webhook-id")}
		if err == nil {
			err = json.Unmarshal(content, &got)
		}
		if err != nil {
			t.Errorf("the receiver cannot read %s: %v", content, err)
		}
		r.mutex.Lock()
		r.received = append(r.received, got)
		number := len(r.received)
		r.mutex.Unlock()
		if r.answer != nil {
			r.answer(number, response, request, got)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) messages() []message {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]message{}, r.received...)
}

// gates are the gates of the messages, in the order of arrival.
func (r *receiver) gates() []string {
	gates := []string{}
	for _, got := range r.messages() {
		gates = append(gates, got.Data.GateID)
	}
	return gates
}

func addHook(t testing.TB, database *testdb.Database, name, event, url string) {
	t.Helper()
	testsql.Run(t, database.Pool, "select postern.add_event_action($1, $2, 'webhook', $3, allow_internal => true)", name, event, url)
}

// deliver delivers what is due, with the role that a worker should have.
func deliver(t testing.TB, database *testdb.Database) event.Summary {
	t.Helper()
	worker := event.New(database.Login(t, "postern_event_worker").Pool, event.Options{Workers: 2})
	if err := worker.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return worker.Summary()
}

func requireSummary(t testing.TB, got, want event.Summary) {
	t.Helper()
	if got != want {
		t.Fatalf("the worker counts %+v, want %+v", got, want)
	}
}

// later moves what waits into the past by an interval, so that nobody has to wait.
func later(t testing.TB, database *testdb.Database, interval string) {
	t.Helper()
	testsql.Run(t, database.Pool, fmt.Sprintf(`
update postern_internal.event_delivery
   set due_at = due_at - interval '%[1]s', leased_until = leased_until - interval '%[1]s' where state = 'pending'`, interval))
}
