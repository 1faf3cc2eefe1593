// Package service_test runs "postern run" while parts of it are off, fail, or are stopped, and while the database goes
// away.
package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testbuffer"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

const (
	insertEntries = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}' from generate_series(1, 3)`
	insertExpired = `
insert into postern_internal.ticket
  (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
select gen_random_uuid(), gen_random_uuid()::text, 'denied', '-infinity', 'GONE', 'GONE', 'PIN', 'APP_PAY', false, '', '{}', 'paid', clock_timestamp() - interval '1 day'`
	// unsealed counts leaves without a signed head too, because a sealer first commits the leaves.
	unsealed    = "select entries + (select count(*) from postern.log_leaf where leaf_number >= coalesce((select max(tree_size) from postern.log_head), 0)) as entries from postern.unsealed_entries()"
	delivered   = "select count(*) from postern_internal.event_delivery where state = 'delivered'"
	undelivered = "select coalesce(sum(pending), 0)::bigint from postern.event_action"
	expired     = "select count(*) from postern_internal.ticket"
)

// running is "postern run" in this process.
type running struct {
	address string
	said    *testbuffer.Buffer
	stop    context.CancelFunc
	ended   chan int
}

// run starts a service. The test ends it, or await's cleanup does.
func run(t *testing.T, url string, arguments ...string) *running {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{listener.Addr().String(), &testbuffer.Buffer{}, stop, make(chan int, 1)}
	go func() {
		r.ended <- cli.RunOn(ctx, config, append([]string{"run", "--metrics", r.address}, arguments...), strings.NewReader(""), io.Discard, r.said)
	}()
	t.Cleanup(func() {
		stop()
		<-r.ended
		if t.Failed() {
			t.Log(r.said)
		}
	})
	return r
}

// end stops the service, which must end with an exit code.
func (r *running) end(t *testing.T, code int) {
	t.Helper()
	r.stop()
	got := <-r.ended
	r.ended <- got // for the cleanup
	if got != code {
		t.Errorf("exit code %d, want %d\n%s", got, code, r.said)
	}
}

func (r *running) get(path string) (status int, body string) {
	response, err := http.Get("http://" + r.address + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

// page waits until a page has a status and a text.
func (r *running) page(t *testing.T, path string, status int, text string) {
	t.Helper()
	got, body := 0, ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got, body = r.get(path); got == status && strings.Contains(body, text) {
			return
		}
	}
	t.Fatalf("%s is %d %q, want %d %q\n%s", path, got, body, status, text, r.said)
}

// metrics waits until the metrics have each of these lines, but none that begins with "!".
func (r *running) metrics(t *testing.T, lines ...string) {
	t.Helper()
	var missing []string
	body := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		_, body = r.get("/metrics")
		missing = nil
		for _, line := range lines {
			pattern, unwanted := strings.CutPrefix(line, "!")
			if regexp.MustCompile("(?m)^"+pattern+"$").MatchString(body) == unwanted {
				missing = append(missing, line)
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	t.Fatalf("%q\n%s\n%s", missing, body, r.said)
}

// awaitValue waits until a query returns a value.
func awaitValue(t *testing.T, database *testdb.Database, sql string, want int64) {
	t.Helper()
	got := int64(0)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = Value[int64](t, database.Pool, sql); got == want {
			return
		}
	}
	t.Fatalf("%s is %d, want %d", sql, got, want)
}

// newKey makes the flags for a key and a directory of heads.
func newKey(t *testing.T) (flags []string, heads string) {
	t.Helper()
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", key, "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	heads = filepath.Join(folder, "heads")
	return []string{"--every", "100ms", "--key", key, "--heads", heads}, heads
}

// receiver counts deliveries by their ID. hold, if it is not nil, is called before each answer.
func receiver(t *testing.T, database *testdb.Database, hold func()) *sync.Map {
	t.Helper()
	got := &sync.Map{}
	told := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		if hold != nil {
			hold()
		}
		if _, repeated := got.LoadOrStore(request.Header.Get("webhook-id"), true); repeated {
			got.Store("repeated", true)
		}
	}))
	t.Cleanup(told.Close)
	Run(t, database.Pool, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", told.URL)
	return got
}

func size(set *sync.Map) (count int) {
	set.Range(func(any, any) bool { count++; return true })
	return count
}

// A part that is off does nothing, needs no role, and has no metrics.
func TestEachPartCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	for off, roles := range map[string][]string{
		"":       {"postern_sealer", "postern_event_worker"},
		"seal":   {"postern_event_worker"},
		"events": {"postern_sealer"},
		"upkeep": {"postern_sealer", "postern_event_worker"},
	} {
		t.Run("without "+off, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			receiver(t, database, nil)
			Run(t, database.Pool, insertEntries)
			Run(t, database.Pool, insertExpired)
			flags, _ := newKey(t)
			if off != "" {
				flags = append(flags, "--"+off+"=false")
			}
			r := run(t, database.Login(t, roles...).URL, flags...)
			r.page(t, "/readyz", http.StatusOK, "ok")
			r.page(t, "/healthz", http.StatusOK, "ok")
			for part, waits := range map[string]string{"seal": unsealed, "events": undelivered, "upkeep": expired} {
				if part == off {
					r.metrics(t, `!postern_part_running\{part="`+part+`"\} .*`, "!postern_"+strings.TrimSuffix(part, "s")+"_last_success_timestamp_seconds.*")
					continue
				}
				awaitValue(t, database, waits, 0)
				r.metrics(t, `postern_part_running\{part="`+part+`"\} 1`, "postern_"+strings.TrimSuffix(part, "s")+"_last_success_timestamp_seconds.*")
			}
			r.metrics(t, "postern_ready 1")
			r.end(t, 0)
			for part, waits := range map[string]string{"seal": unsealed, "events": undelivered, "upkeep": expired} {
				if left := Value[int64](t, database.Pool, waits); left == 0 == (part == off) {
					t.Errorf("%s has left %d", part, left)
				}
			}
		})
	}
}

// Two services share the work: nothing is delivered twice, the log has one history, and if one ends the other goes on.
func TestSeveralServicesShareTheWork(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	got := receiver(t, database, nil)
	login := database.Login(t, "postern_sealer", "postern_event_worker")
	flags, heads := newKey(t)
	first, second := run(t, login.URL, flags...), run(t, login.URL, flags...)
	for _, r := range []*running{first, second} {
		r.page(t, "/healthz", http.StatusOK, "ok")
	}
	for range 40 {
		Run(t, database.Pool, insertEntries)
	}
	awaitValue(t, database, delivered, 120)
	awaitValue(t, database, unsealed, 0)
	first.end(t, 0)
	Run(t, database.Pool, insertEntries)
	awaitValue(t, database, delivered, 123)
	awaitValue(t, database, unsealed, 0)
	second.page(t, "/healthz", http.StatusOK, "ok")
	second.end(t, 0)
	if count := size(got); count != 123 {
		t.Errorf("%d deliveries, want each of 123 once", count)
	}
	var said bytes.Buffer
	if code := cli.RunOn(t.Context(), database.Config(t), []string{"log", "verify", "--heads", heads}, strings.NewReader(""), &said, &said); code != 0 {
		t.Errorf("the log does not verify:\n%s", said.String())
	}
}

// When the service is stopped, it finishes the delivery that it has begun, and says meanwhile that it is not ready.
func TestStopFinishesTheDelivery(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	began, finish := make(chan bool, 10), make(chan bool)
	receiver(t, database, func() { began <- true; <-finish })
	flags, _ := newKey(t)
	r := run(t, database.Login(t, "postern_sealer", "postern_event_worker").URL, append(flags, "--workers", "1")...)
	Run(t, database.Pool, insertEntries)
	<-began
	r.stop()
	r.page(t, "/readyz", http.StatusServiceUnavailable, "the service is stopping")
	close(finish)
	r.end(t, 0)
	if got := Value[int64](t, database.Pool, delivered); got != 1 {
		t.Errorf("%d deliveries are recorded, want the one that had begun", got)
	}
	if left := Value[int64](t, database.Pool, "select count(*) from postern_internal.event_delivery where lease is not null and state = 'pending'"); left != 0 {
		t.Errorf("%d deliveries wait for the end of a lease", left)
	}
}

// A service that cannot seal says so, delivers events all the same, and recovers by itself.
func TestHealthTellsThatSealingFails(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver(t, database, nil)
	flags, heads := newKey(t)
	r := run(t, database.Login(t, "postern_sealer", "postern_event_worker").URL, flags...)
	Run(t, database.Pool, insertEntries)
	awaitValue(t, database, unsealed, 0)
	r.page(t, "/healthz", http.StatusOK, "ok")
	if err := os.Rename(heads, heads+" of before"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(heads, nil, 0o600); err != nil { // as a full or lost disk does, it makes each seal fail
		t.Fatal(err)
	}
	Run(t, database.Pool, insertEntries)
	awaitValue(t, database, delivered, 6)
	r.page(t, "/healthz", http.StatusServiceUnavailable, "seal: the work has failed for")
	r.page(t, "/readyz", http.StatusOK, "ok") // the database is not to blame
	r.metrics(t, "postern_seal_unsealed 3", "postern_seal_lag_seconds [^0].*", "postern_seal_errors_total [1-9][0-9]*", `postern_part_running\{part="seal"\} 1`)
	if err := errors.Join(os.Remove(heads), os.Rename(heads+" of before", heads)); err != nil {
		t.Fatal(err)
	}
	r.page(t, "/healthz", http.StatusOK, "ok")
	r.metrics(t, "postern_seal_unsealed 0", "postern_seal_lag_seconds 0")
	r.end(t, 0)
}

// Whatever is wrong with the directory of heads when the service starts: nothing is sealed, events are delivered, and
// sealing goes on once it is mended.
func TestUnreadableHeadsStopSealingOnly(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]struct{ file, content, said string }{
		"empty latest":     {"latest", "", "latest cannot be read: read a signed head: malformed note. Replace its content by the last head of the newest file heads-"},
		"malformed latest": {"latest", "no head\n", "latest cannot be read: read a signed head: malformed note"},
		"signed by nobody": {"latest", "test.example/log\n3\nAAAA\n\n", "latest cannot be read: read a signed head: malformed note"},
		"keys":             {"keys", "no key\n", "keys: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			receiver(t, database, nil)
			flags, heads := newKey(t)
			login := database.Login(t, "postern_sealer", "postern_event_worker")
			r := run(t, login.URL, flags...)
			Run(t, database.Pool, insertEntries)
			awaitValue(t, database, unsealed, 0)
			r.end(t, 0)

			whole, err := os.ReadFile(filepath.Join(heads, damage.file))
			if err == nil {
				err = os.WriteFile(filepath.Join(heads, damage.file), []byte(damage.content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			r = run(t, login.URL, flags...)
			Run(t, database.Pool, insertEntries)
			awaitValue(t, database, delivered, 6)
			r.page(t, "/healthz", http.StatusServiceUnavailable, damage.said)
			r.page(t, "/readyz", http.StatusOK, "ok")
			if got := Value[int64](t, database.Pool, unsealed); got != 3 {
				t.Errorf("%d entries are not sealed, want 3", got)
			}
			if damage.file == "latest" { // as the message says
				days, err := filepath.Glob(filepath.Join(heads, "heads-*"))
				if err != nil || len(days) == 0 {
					t.Fatal(days, err)
				}
				text, err := os.ReadFile(days[len(days)-1])
				if err != nil {
					t.Fatal(err)
				}
				whole = text[strings.LastIndex(string(text), "test.example/log\n"):]
			}
			if err := os.WriteFile(filepath.Join(heads, damage.file), whole, 0o600); err != nil {
				t.Fatal(err)
			}
			awaitValue(t, database, unsealed, 0)
			r.page(t, "/healthz", http.StatusOK, "ok")
			r.end(t, 0)
		})
	}
}

// A finding stops the sealer for good, and only the sealer.
func TestFindingStopsTheSealerOnly(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver(t, database, nil)
	flags, heads := newKey(t)
	login := database.Login(t, "postern_sealer", "postern_event_worker")
	r := run(t, login.URL, flags...)
	Run(t, database.Pool, insertEntries)
	awaitValue(t, database, unsealed, 0)
	if err := os.Rename(heads, heads+" of before"); err != nil {
		t.Fatal(err)
	}
	Run(t, database.Pool, insertEntries)
	r.page(t, "/healthz", http.StatusServiceUnavailable, "seal: stopped, and is not tried again: "+heads+" has no head")
	r.metrics(t, `postern_part_running\{part="seal"\} 0`, `postern_part_running\{part="events"\} 1`)
	awaitValue(t, database, delivered, 6)
	r.end(t, 3)

	// It is the same at the start: nobody knows the key that has signed the newest head.
	_, other := newKey(t)
	public, err := os.ReadFile(filepath.Join(filepath.Dir(other), "key.pub"))
	if err == nil {
		err = errors.Join(os.Rename(heads+" of before", heads), os.WriteFile(filepath.Join(heads, "keys"), public, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	r = run(t, login.URL, flags...)
	Run(t, database.Pool, insertEntries)
	awaitValue(t, database, delivered, 9)
	r.page(t, "/healthz", http.StatusServiceUnavailable, "signed by no known key")
	r.end(t, 3)
}

// The service waits for a database that is not there, and for its own version of Postern, and begins by itself.
func TestServiceWaitsForItsVersion(t *testing.T) {
	t.Parallel()
	database := testdb.Empty(t)
	flags, _ := newKey(t)
	r := run(t, database.URL, flags...) // as the superuser, because nobody can be a member of the roles yet
	r.page(t, "/readyz", http.StatusServiceUnavailable, "Postern is not installed in this database")
	r.page(t, "/healthz", http.StatusServiceUnavailable, "nothing has succeeded yet")
	r.metrics(t, "postern_ready 0", "!postern_part_running.*")
	if _, err := install.Install(t.Context(), database.Config(t), install.Options{}); err != nil {
		t.Fatal(err)
	}
	r.page(t, "/readyz", http.StatusOK, "ok")
	r.page(t, "/healthz", http.StatusOK, "ok")
	record := Value[string](t, database.Pool, "select obj_description('postern_internal.installation'::regclass)")
	other := regexp.MustCompile(`"code_sha256": ?"[0-9a-f]{12}`).ReplaceAllString(record, `"code_sha256":"000000000000`)
	if other == record {
		t.Fatalf("the record is %s", record)
	}
	Run(t, database.Pool, fmt.Sprintf("comment on table postern_internal.installation is $comment$%s$comment$", other))
	r.page(t, "/readyz", http.StatusServiceUnavailable, "code 000000000000), and this program is")
	r.metrics(t, "postern_ready 0")
	r.end(t, 0)

	r = run(t, database.URL, flags...)
	r.page(t, "/readyz", http.StatusServiceUnavailable, "code 000000000000), and this program is")
	if got := r.said.String(); strings.Contains(got, "started") {
		t.Errorf("a part has started with another version:\n%s", got)
	}
	r.end(t, 0)
}

// The server is stopped and started again under the service, which goes on without help.
func TestServiceOutlivesTheServer(t *testing.T) {
	t.Parallel()
	started, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	connect := func() *pgx.Conn {
		connection, err := pgx.Connect(t.Context(), started.URL)
		if err != nil {
			t.Fatal(err)
		}
		return connection
	}
	connection := connect()
	if _, err := install.Install(t.Context(), connection.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	Run(t, connection, "select postern.add_event_action('wake', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told')")
	flags, _ := newKey(t)
	r := run(t, started.URL, flags...)
	r.page(t, "/healthz", http.StatusOK, "ok")
	for round := range int64(3) {
		if round > 0 {
			connection.Close(t.Context())
			if err := started.Crash(t.Context()); errors.Is(err, errors.ErrUnsupported) {
				connection = connect()
				Run(t, connection, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and datname = current_database()")
			} else if err != nil {
				t.Fatal(err)
			} else {
				connection = connect()
			}
		}
		Run(t, connection, insertEntries)
		for _, wait := range []string{delivered + " having count(*) >= " + fmt.Sprint(3*(round+1)), "select entries from (" + unsealed + ") as u where entries = 0"} {
			deadline := time.Now().Add(time.Minute)
			for len(Values[int64](t, connection, wait)) == 0 {
				if time.Now().After(deadline) {
					t.Fatalf("round %d: not in a minute: %s\n%s", round, wait, r.said)
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		r.page(t, "/healthz", http.StatusOK, "ok")
		r.page(t, "/readyz", http.StatusOK, "ok")
	}
	connection.Close(t.Context())
	r.end(t, 0)
}

// The counters follow what people do, and forget nothing when two transactions commit in the other order.
func TestDenialsAndLockoutsAreCounted(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	flags, _ := newKey(t)
	r := run(t, database.Login(t, "postern_sealer").URL, append(flags, "--events=false")...)
	enter := func(q Querier, outcome string) {
		t.Helper()
		Run(t, q, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ($1::postern_internal.outcome, 'APP_PAY', 'ALICE', 'paid', '{}')", outcome)
	}
	enter(database.Pool, "denied") // before anybody has asked
	r.metrics(t, `postern_log_entries_total\{outcome="denied"\} 0`)
	slow, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	enter(slow, "locked")
	enter(database.Pool, "denied")
	enter(database.Pool, "refused")
	r.metrics(t, `postern_log_entries_total\{outcome="denied"\} 1`, `postern_log_entries_total\{outcome="refused"\} 1`, `postern_log_entries_total\{outcome="locked"\} 0`)
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.metrics(t, `postern_log_entries_total\{outcome="denied"\} 1`, `postern_log_entries_total\{outcome="locked"\} 1`)
	// A restored log has numbers of another cluster's transactions.
	Run(t, database.Pool, `insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id, logged_at)
values ('denied', 'APP_PAY', 'ALICE', 'paid', '{}', '9000000000', clock_timestamp()),
       ('denied', 'APP_PAY', 'ALICE', 'paid', '{}', pg_current_xact_id(), clock_timestamp() - interval '2 days')`)
	enter(database.Pool, "cancelled")
	r.metrics(t, `postern_log_entries_total\{outcome="cancelled"\} 1`, `postern_log_entries_total\{outcome="denied"\} 1`)
	r.end(t, 0)
}

// Whatever fails, the log has no password.
func TestLogShowsNoSecret(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	login := database.Login(t, "postern_sealer", "postern_event_worker")
	flags, _ := newKey(t)
	Run(t, database.Pool, "select postern.add_event_action('mail', 'SECURITY_CHECKPOINT_SUCCESS', 'mail', 'a@example.com')")
	Run(t, database.Pool, insertEntries)
	configured := filepath.Join(t.TempDir(), "postern.yaml")
	text := "smtp: smtp://user:hush-mail@127.0.0.1:1?from=b@example.com\nlog-format: json\nverbose: true\n"
	if err := os.WriteFile(configured, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, login.URL, append(flags, "--config", configured)...)
	r.metrics(t, `postern_event_deliveries_total\{action="mail",outcome="failed"\} [1-9][0-9]*`)
	Run(t, database.Pool, fmt.Sprintf("alter role %q password 'another'", login.Name))
	Run(t, database.Pool, "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", login.Name)
	r.page(t, "/readyz", http.StatusServiceUnavailable, "")
	Run(t, database.Pool, fmt.Sprintf("alter role %q nologin", login.Name))
	r.page(t, "/healthz", http.StatusServiceUnavailable, "")
	_, ready := r.get("/readyz")
	_, health := r.get("/healthz")
	_, metrics := r.get("/metrics")
	r.end(t, 0)
	key, err := os.ReadFile(flags[3])
	if err != nil {
		t.Fatal(err)
	}
	all := r.said.String() + ready + health + metrics
	if !strings.Contains(all, `"msg":"an event was not delivered"`) {
		t.Errorf("the log is not JSON, or has no failure:\n%s", all)
	}
	for _, secret := range []string{"hush-mail", login.Password, strings.TrimSpace(string(key))} {
		if strings.Contains(all, secret) {
			t.Errorf("a secret is told:\n%s", all)
		}
	}
}
