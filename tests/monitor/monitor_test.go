// Package monitor_test breaks the database under the services that deliver events and seal the log, and checks what
// they report to Prometheus and to a health check.
package monitor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const insertEntries = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}' from generate_series(1, 3)`

// service is a command that runs with its own login until the test ends.
type service struct {
	*testdb.Database
	login   *testdb.Login
	address string
}

func start(t *testing.T, database *testdb.Database, role string, command ...string) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	s := &service{database, database.Login(t, role), listener.Addr().String()}
	s.readOnly(t, true)
	config, err := pgx.ParseConfig(s.login.URL)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	var said bytes.Buffer
	go func() {
		ended <- cli.RunOn(ctx, config, append(command, "--metrics", s.address), strings.NewReader(""), io.Discard, &said)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("%s: exit code %d\n%s", command[0], code, said.String())
		}
	})
	return s
}

// readOnly makes the next connections read-only.
func (s *service) readOnly(t *testing.T, on bool) {
	t.Helper()
	testsql.Run(t, s.Pool, fmt.Sprintf("alter role %q set default_transaction_read_only = %t", s.login.Name, on))
}

// dead ends the connections and refuses new ones, like a server that is down.
func (s *service) dead(t *testing.T, is bool) {
	t.Helper()
	testsql.Run(t, s.Pool, fmt.Sprintf("alter role %q %s", s.login.Name, map[bool]string{true: "nologin", false: "login"}[is]))
	if is {
		testsql.Run(t, s.Pool, "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", s.login.Name)
	}
}

func (s *service) get(path string) (status int, body string) {
	response, err := http.Get("http://" + s.address + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

// await waits until health is as wanted and contains a text, and metrics have each of these lines, but none that begins
// with "!".
func (s *service) await(t *testing.T, status int, text string, lines ...string) {
	t.Helper()
	var missing []string
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		missing = nil
		got, health := s.get("/healthz")
		if got != status || !strings.Contains(health, text) {
			missing = append(missing, fmt.Sprintf("health is %d %q, want %d %q", got, health, status, text))
		}
		_, metrics := s.get("/metrics")
		for _, line := range lines {
			pattern, unwanted := strings.CutPrefix(line, "!")
			if regexp.MustCompile("(?m)^"+pattern+"$").MatchString(metrics) == unwanted {
				missing = append(missing, line)
			}
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q\n%s", missing, metrics)
		}
	}
}

func TestWorkerThatCannotClaimIsUnhealthy(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	testsql.Run(t, database.Pool, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	testsql.Run(t, database.Pool, insertEntries)
	s := start(t, database, "postern_event_worker", "event", "run")
	// Its connections are read-only. What no worker has queued still waits.
	s.await(t, http.StatusServiceUnavailable, "Begin the transaction with: begin read write",
		`postern_event_pending\{action="hook"\} 3`, `postern_event_overdue_seconds\{action="hook"\} [^0].*`,
		`postern_event_errors_total\{action="hook"\} [1-9][0-9]*`, `!postern_event_last_success_timestamp_seconds\{action="hook"\} .*`)
	// The next connection leads to a server that can be written.
	s.readOnly(t, false)
	s.await(t, http.StatusOK, "ok", `postern_event_pending\{action="hook"\} 0`, `postern_event_overdue_seconds\{action="hook"\} 0`,
		`postern_event_deliveries_total\{action="hook",outcome="delivered"\} 3`, `postern_event_last_success_timestamp_seconds\{action="hook"\} .*`)
	s.dead(t, true)
	testsql.Run(t, database.Pool, insertEntries)
	s.await(t, http.StatusServiceUnavailable, "hook has failed for", `!postern_event_pending.*`, `postern_event_errors_total\{action=""\} [1-9][0-9]*`)
	s.dead(t, false)
	s.await(t, http.StatusOK, "ok", `postern_event_pending\{action="hook"\} 0`, `postern_event_deliveries_total\{action="hook",outcome="delivered"\} 6`)
	testsql.Run(t, database.Pool, "select postern.remove_event_action('hook')")
	s.await(t, http.StatusOK, "ok", `!postern_event_errors_total\{action="hook"\}.*`)
}

func TestSealerThatCannotSealIsUnhealthy(t *testing.T) {
	t.Parallel()
	database, folder := testdb.New(t), t.TempDir()
	key := filepath.Join(folder, "key")
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", key, "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	testsql.Run(t, database.Pool, insertEntries)
	s := start(t, database, "postern_sealer", "log", "seal", "--every", "100ms", "--key", key, "--heads", filepath.Join(folder, "heads"))
	s.await(t, http.StatusServiceUnavailable, "Begin the transaction with: begin read write",
		`postern_seal_unsealed 3`, `postern_seal_lag_seconds [^0].*`, `postern_seal_leaves 0`, `postern_seal_errors_total [1-9][0-9]*`,
		`!postern_seal_last_success_timestamp_seconds .*`)
	s.readOnly(t, false)
	s.await(t, http.StatusOK, "ok", `postern_seal_unsealed 0`, `postern_seal_lag_seconds 0`, `postern_seal_leaves 3`,
		`postern_seal_last_success_timestamp_seconds .*`)
	s.dead(t, true)
	testsql.Run(t, database.Pool, insertEntries)
	s.await(t, http.StatusServiceUnavailable, "the work has failed for", `!postern_seal_unsealed.*`, `postern_seal_errors_total [1-9][0-9]*`)
	s.dead(t, false)
	s.await(t, http.StatusOK, "ok", `postern_seal_unsealed 0`, `postern_seal_leaves 6`)
}

// The number of unsealed entries includes those of transactions that were running at the last seal, and later ones.
func TestUnsealedEntriesAreCountedInAnyOrderOfCommits(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	counted := func() int64 {
		return testsql.Value[int64](t, database.Pool, "select entries from postern.unsealed_entries()")
	}
	tx, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, insertEntries)
	folder := t.TempDir()
	config, err := pgx.ParseConfig(database.URL)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func() {
		t.Helper()
		var said bytes.Buffer
		if code := cli.RunOn(t.Context(), config, []string{"log", "seal", "--key", filepath.Join(folder, "key"), "--heads", filepath.Join(folder, "heads")}, strings.NewReader(""), io.Discard, &said); code != 0 {
			t.Fatal(said.String())
		}
	}
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", filepath.Join(folder, "key"), "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	testsql.Run(t, database.Pool, insertEntries)
	sealed()
	if got := counted(); got != 0 {
		t.Errorf("%d wait that are not committed", got)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := counted(); got != 3 {
		t.Errorf("%d of 3 wait that were running at the last seal", got)
	}
	testsql.Run(t, database.Pool, insertEntries)
	if got := counted(); got != 6 {
		t.Errorf("%d of 6 wait", got)
	}
	sealed()
	if got := counted(); got != 0 {
		t.Errorf("%d wait that are sealed", got)
	}
}
