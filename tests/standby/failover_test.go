package standby_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// told is a receiver of webhooks, and the gates and entries of which it was notified.
type told struct {
	*httptest.Server
	mutex   sync.Mutex
	gates   []string
	entries map[int64]bool // by log_id
}

func newTold(t *testing.T) *told {
	t.Helper()
	receiver := &told{entries: map[int64]bool{}}
	receiver.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		var body struct {
			Data struct {
				GateID string `json:"gate_id"`
				LogID  int64  `json:"log_id"`
			} `json:"data"`
		}
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		receiver.mutex.Lock()
		defer receiver.mutex.Unlock()
		receiver.gates = append(receiver.gates, body.Data.GateID)
		receiver.entries[body.Data.LogID] = true
	}))
	t.Cleanup(receiver.Close)
	return receiver
}

func (r *told) requireGates(t *testing.T, want ...string) {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if got := slices.Sorted(slices.Values(r.gates)); !slices.Equal(got, want) {
		t.Errorf("told of %s, want %s", got, want)
	}
}

// newPrimary is a server with Postern in its database postgres.
func newPrimary(t *testing.T) (*server.Server, *pgx.Conn) {
	t.Helper()
	requireBinaries(t)
	first := start(t, server.Options{})
	connection := connect(t, first, "", "")
	if _, err := install.Install(t.Context(), connection.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	return first, connection
}

// follow starts a standby that has everything that the primary has, and receives what comes.
func follow(t *testing.T, first *server.Server, primary *pgx.Conn) (*server.Server, *pgx.Conn) {
	t.Helper()
	second := start(t, server.Options{StandbyOf: first})
	p := &pair{primary: primary, standby: connect(t, second, "", "")}
	p.replayed(t)
	// The base backup alone may bring all of that. A receiver that is still connecting is not in pg_stat_wal_receiver, so
	// unfollow would take it for one that has ended.
	await(t, "a standby that receives", func() bool {
		return Value[bool](t, p.standby, "select exists (select from pg_stat_wal_receiver where status = 'streaming')")
	})
	return second, p.standby
}

// unfollow cuts a standby off, like a network failure: a failover loses what is committed from now on.
func unfollow(t *testing.T, standby *pgx.Conn) {
	t.Helper()
	Run(t, standby, "alter system set primary_conninfo = ''")
	Run(t, standby, "select pg_reload_conf()")
	await(t, "a standby that no longer receives", func() bool {
		return Value[bool](t, standby, "select not exists (select from pg_stat_wal_receiver)")
	})
}

const passed = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', $1, 'ANN', 'paid', '{}') returning log_id`

func deliver(t *testing.T, from *server.Server, timeline *int64) error {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), from.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	return event.New(pool, event.Options{Timeline: timeline}).RunOnce(t.Context())
}

// requireUnconfirmed wants the error that names the timeline to confirm.
func requireUnconfirmed(t *testing.T, err error) {
	t.Helper()
	if refusal := testdb.RequireCode(t, err, "55000"); !strings.Contains(refusal.Hint, "--confirm-timeline 2") || refusal.Detail == "" {
		t.Errorf("the refusal has DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
	}
}

// A clone and a failover look alike inside the database: same cluster, new timeline. The worker's configuration
// decides.
func TestWorkerDeliversOnlyOnAConfirmedTimeline(t *testing.T) {
	first, primary := newPrimary(t)
	receiver := newTold(t)
	Run(t, primary, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	Run(t, primary, "select postern.create_session_key('web', decode(repeat('ab', 32), 'hex'))")
	Run(t, primary, "create role application login in role postern_trusted_app")
	Run(t, primary, "select postern.allow_login('application')")
	Run(t, primary, passed, "APP_BEFORE")

	cloned, clone := follow(t, first, primary)
	promoted, standby := follow(t, first, primary)
	Run(t, clone, "select pg_promote()")
	// The naive clone takes itself for production, because everything that it compares is equal.
	if !Value[bool](t, clone, "select (place).system_identifier = (select system_identifier from pg_control_system()) from postern_internal.event_action") {
		t.Fatal("the clone has another system identifier")
	}
	requireUnconfirmed(t, deliver(t, cloned, nil))
	one, three := int64(1), int64(3)
	requireUnconfirmed(t, deliver(t, cloned, &one))
	testdb.RequireCode(t, deliver(t, cloned, &three), "55000")
	receiver.requireGates(t)

	// Production continues, and fails over.
	if err := deliver(t, first, nil); err != nil {
		t.Fatal(err)
	}
	receiver.requireGates(t, "APP_BEFORE")
	Run(t, primary, passed, "APP_WAITING")
	(&pair{primary: primary, standby: standby}).replayed(t)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	Run(t, standby, "select pg_promote()")
	Run(t, standby, passed, "APP_AFTER")
	// Keys, logins and events still belong to this database, so doctor reports nothing after a failover.
	if moved := Values[string](t, standby, "select code from postern.doctor where code like 'moved%'"); len(moved) > 0 {
		t.Errorf("after a failover, doctor finds %s", moved)
	}
	requireUnconfirmed(t, deliver(t, promoted, nil))
	pool, err := pgxpool.New(t.Context(), promoted.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	requireUnconfirmed(t, event.New(pool, event.Options{}).Run(t.Context()))
	receiver.requireGates(t, "APP_BEFORE")

	var out, complaints bytes.Buffer
	t.Setenv("POSTERN_CONFIRM_TIMELINE", "2")
	if code := cli.Main(t.Context(), []string{"event", "run", "--once", "--database-url", promoted.URL}, nil, &out, &complaints); code != 0 {
		t.Fatal(code, complaints.String())
	}
	receiver.requireGates(t, "APP_AFTER", "APP_BEFORE", "APP_WAITING")

	// From then on the database remembers. The configuration identifies a former primary.
	Run(t, standby, passed, "APP_LATER")
	if err := deliver(t, promoted, nil); err != nil {
		t.Fatal(err)
	}
	if err := deliver(t, promoted, &one); err != nil {
		t.Errorf("an old confirmation of what another one confirmed since: %v", err)
	}
	receiver.requireGates(t, "APP_AFTER", "APP_BEFORE", "APP_LATER", "APP_WAITING")
}

// The lost end of the log had ids, about which the sequences on a standby know nothing.
func TestLostLogIDsAreNotGivenOutAgain(t *testing.T) {
	first, primary := newPrimary(t)
	last := Value[int64](t, primary, passed, "APP_KEPT")
	_, standby := follow(t, first, primary)
	unfollow(t, standby)
	var lost int64
	for range 100 {
		lost = Value[int64](t, primary, passed, "APP_LOST")
	}
	naive := Value[int64](t, standby, "select last_value from postern_internal.log_number")
	if last+100 != lost || naive >= lost {
		t.Fatalf("the last id is %d, the standby stands at %d: nothing would be given out again", lost, naive)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	Run(t, standby, "select pg_promote()")
	if kept := Value[int64](t, standby, "select max(log_id) from postern_internal.checkpoint_entry"); kept != last {
		t.Fatalf("the standby has entries up to %d, want %d", kept, last)
	}
	again := Value[int64](t, standby, passed, "APP_NEW")
	if again <= lost || again < 10000000 {
		t.Errorf("the first id after the failover is %d, and the last one before it was %d", again, lost)
	}
	if next := Value[int64](t, standby, passed, "APP_NEW"); next != again+1 {
		t.Errorf("the next id is %d after %d", next, again)
	}
}

// A clone of production's server must not sign with production's key, and a promoted standby has to continue.
func TestOnlyAConfirmedTimelineSeals(t *testing.T) {
	first, primary := newPrimary(t)
	Run(t, primary, passed, "APP_BEFORE")
	directory := filepath.Join(t.TempDir(), "heads")
	private, _, err := seal.CreateKey("test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := seal.ReadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	sealOn := func(connection *pgx.Conn, timeline *int64) (int64, error) {
		heads, err := seal.OpenHeads(directory)
		if err != nil {
			t.Fatal(err)
		}
		return (&seal.Sealer{Key: key, Heads: heads, Timeline: timeline}).Seal(t.Context(), connection)
	}
	if sealed, err := sealOn(primary, nil); err != nil || sealed != 1 {
		t.Fatal(sealed, err)
	}
	_, standby := follow(t, first, primary)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	Run(t, standby, "select pg_promote()")
	Run(t, standby, passed, "APP_AFTER")
	_, err = sealOn(standby, nil)
	requireUnconfirmed(t, err)
	one, two, three := int64(1), int64(2), int64(3)
	_, err = sealOn(standby, &one)
	requireUnconfirmed(t, err)
	_, err = sealOn(standby, &three)
	testdb.RequireCode(t, err, "55000")
	heads, err := seal.OpenHeads(directory)
	if err != nil {
		t.Fatal(err)
	}
	_, err = seal.Drop(t.Context(), standby, key, []*seal.Heads{heads}, time.Now().AddDate(0, -1, 0), time.Second)
	requireUnconfirmed(t, err)

	// A service ends with that error instead of trying for ever.
	command := []string{"log", "seal", "--every", "1s", "--key", path, "--heads", directory, "--database-url", standby.Config().ConnString()}
	var out, complaints bytes.Buffer
	if code := cli.Main(t.Context(), command, nil, &out, &complaints); code == 0 || !strings.Contains(complaints.String(), "--confirm-timeline 2") {
		t.Fatal(code, complaints.String())
	}
	t.Setenv("POSTERN_CONFIRM_TIMELINE", "2")
	command = []string{"log", "seal", "--key", path, "--heads", directory, "--database-url", standby.Config().ConnString()}
	if code := cli.Main(t.Context(), command, nil, &out, &complaints); code != 0 {
		t.Fatal(code, complaints.String())
	}
	// From then on the database remembers.
	Run(t, standby, passed, "APP_LATER")
	if sealed, err := sealOn(standby, nil); err != nil || sealed != 1 {
		t.Fatal(sealed, err)
	}
	if sealed, err := sealOn(standby, &two); err != nil || sealed != 0 {
		t.Fatal(sealed, err)
	}
}

// At three in the morning, a standby was promoted without the end of the log. Each error names the next command.
func TestOperatorContinuesTheLogWithoutItsLostEnd(t *testing.T) {
	first, primary := newPrimary(t)
	folder := t.TempDir()
	private, public, err := seal.CreateKey("test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	key, heads := filepath.Join(folder, "key"), filepath.Join(folder, "heads")
	if err := os.WriteFile(key, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(at *pgx.Conn, want int, arguments ...string) string {
		t.Helper()
		var out bytes.Buffer
		command := append([]string{"log"}, arguments...)
		command = append(command, "--heads", heads)
		if at != nil {
			command = append(command, "--database-url", at.Config().ConnString())
		}
		if code := cli.Main(t.Context(), command, nil, &out, &out); code != want {
			t.Fatalf("%s ended with %d, want %d:\n%s", arguments, code, want, out.String())
		}
		return out.String()
	}
	requireSays := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
	kept := Value[int64](t, primary, passed, "APP_KEPT")
	run(primary, 0, "seal", "--key", key)
	_, standby := follow(t, first, primary)
	unfollow(t, standby)
	var lost int64
	for range 20 {
		lost = Value[int64](t, primary, passed, "APP_LOST")
	}
	run(primary, 0, "seal", "--key", key)
	proof := filepath.Join(folder, "proof.json")
	run(primary, 0, "prove", strconv.FormatInt(lost, 10), "-o", proof)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	Run(t, standby, "select pg_promote()")
	again := Value[int64](t, standby, passed, "APP_NEW")

	requireSays(run(standby, 1, "seal", "--key", key), "--confirm-timeline 2")
	stretch := fmt.Sprintf("from %d to %d", kept+1, lost)
	requireSays(run(standby, 3, "seal", "--key", key, "--confirm-timeline", "2"), "HINT: ", seal.AboutRestarts, stretch)
	requireSays(run(standby, 3, "verify"), "HINT: ", seal.AboutRestarts, stretch)
	requireSays(run(standby, 1, "restart", "--key", key, "--yes"), "--confirm-timeline 2")
	preview := run(standby, 0, "restart", "--key", key, "--confirm-timeline", "2")
	requireSays(preview, "of 21 signed leaves 1 were kept", stretch, "Nothing was done.", "--yes")
	requireSays(run(standby, 3, "verify"), stretch)
	restarted := run(standby, 0, "restart", "--key", key, "--confirm-timeline", "2", "--yes")
	requireSays(restarted, "Restart 1, ", "on timeline 2", "of 21 signed leaves 1 were kept", stretch, "1 entry sealed.")
	requireSays(run(standby, 0, "verify"), "Restart 1, ", "2 entries verified: the log is what was signed.")
	requireSays(run(nil, 0, "check-proof", proof), "1 entry proven", "1 entry of these lost", "Restart 1, ")
	// This has also confirmed the place.
	Run(t, standby, passed, "APP_LATER")
	requireSays(run(standby, 0, "seal", "--key", key), "1 entry sealed; the signed head covers 3.")
	if again < 10000000 {
		t.Errorf("id %d was given out again", again)
	}
	requireSays(run(standby, 1, "restart", "--key", key, "--yes"), "nothing was lost", "HINT: ")
	if text, err := os.ReadFile(filepath.Join(heads, seal.KeysFile)); err != nil || strings.TrimSpace(string(text)) != public {
		t.Errorf("the file of keys has %q; error: %v", text, err)
	}
}
