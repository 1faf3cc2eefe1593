package upkeep_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// serve runs a command with its own login until the test ends.
func serve(t *testing.T, database *testdb.Database, role string, command ...string) {
	t.Helper()
	config, err := pgx.ParseConfig(database.Login(t, role).URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	var said bytes.Buffer
	go func() { ended <- cli.RunOn(ctx, config, command, strings.NewReader(""), io.Discard, &said) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("%s: exit code %d\n%s", command[0], code, said.String())
		}
	})
}

func serveSealer(t *testing.T, database *testdb.Database) {
	t.Helper()
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", key, "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	serve(t, database, "postern_sealer", "log", "seal", "--every", "100ms", "--key", key, "--heads", filepath.Join(folder, "heads"))
}

// await waits until a query returns true.
func await(t *testing.T, database *testdb.Database, sql string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !Value[bool](t, database.Pool, sql); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in a minute: %s", sql)
		}
	}
}

const nothingWaits = "select sum(waiting) = 0 from postern.waiting_upkeep()"

func TestServicesDoUpkeep(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *testdb.Database){
		"log seal --every": serveSealer,
		"event run": func(t *testing.T, database *testdb.Database) {
			serve(t, database, "postern_event_worker", "event", "run")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newBacklog(t)
			// More than one step of a duty.
			Run(t, database.Pool, `
insert into postern_internal.ticket
  (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
select gen_random_uuid(), 'more ' || n, 'denied', '-infinity', 'GONE', 'GONE', 'PIN', 'APP_PAY', false, '', '{}', 'paid', clock_timestamp() - interval '1 day'
  from generate_series(1, 12000) as n`)
			start(t, database)
			await(t, database, nothingWaits)
		})
	}
}

// An upkeep that takes for ever delays no event and no seal.
func TestServicesDoNotWaitForUpkeep(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	Run(t, database.Pool, `
create or replace function postern.maintain(maximum_time interval default '1 second')
returns table (duty text, work text, done bigint, remaining bigint, note text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as 'begin perform pg_sleep(3600); end'`)
	serveSealer(t, database)
	serve(t, database, "postern_event_worker", "event", "run")
	await(t, database, "select count(*) = 2 from pg_stat_activity where datname = current_database() and state = 'active' and wait_event = 'PgSleep'")
	Run(t, database.Pool, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'APP_PAY', 'ALICE', 'paid', '{}')")
	await(t, database, "select count(*) = 1 from postern_internal.event_delivery where state = 'delivered'")
	await(t, database, "select entries = 0 from postern.unsealed_entries()")
}
