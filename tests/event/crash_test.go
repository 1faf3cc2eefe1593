package event_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
)

// PostgreSQL dies while events are written and delivered, and recovers: each entry that is there is told of, and a
// repetition has the id of the first time.
func TestNothingIsLostWhenTheServerDies(t *testing.T) {
	t.Parallel()
	pool, crash := newCrashingServer(t)
	told := receive(t, nil)
	run(t, pool, "select postern.add_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL)

	working, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := event.New(pool, event.Options{Workers: 2}).Run(working); err != nil {
			t.Error(err)
		}
	})
	for range 4 {
		group.Go(func() {
			for working.Err() == nil {
				if _, err := pool.Exec(working, insertEntry, "APP_PAY"); err != nil {
					time.Sleep(50 * time.Millisecond) // the server is away
				}
			}
		})
	}
	for range 2 {
		before := len(told.messages())
		for len(told.messages()) < before+100 {
			time.Sleep(10 * time.Millisecond)
		}
		witness, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = pool.Exec(t.Context(), crash) // its own connection goes as well
		for witness.Ping(t.Context()) == nil {
			time.Sleep(10 * time.Millisecond)
		}
		for pool.Ping(t.Context()) != nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
	stop()
	group.Wait()
	run(t, pool, "update postern_internal.event_delivery set due_at = now() - interval '1 day', leased_until = '-infinity' where state = 'pending'")
	if err := event.New(pool, event.Options{Workers: 2}).RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids, got := map[int64]string{}, []int64{}
	for _, one := range told.messages() {
		if id := ids[one.Data.LogID]; id == "" {
			got = append(got, one.Data.LogID)
		} else if id != one.id {
			t.Errorf("%d was told of as %s and as %s", one.Data.LogID, id, one.id)
		}
		ids[one.Data.LogID] = one.id
	}
	slices.Sort(got)
	if want := values[int64](t, pool, "select log_id from postern.checkpoint_log order by log_id"); !slices.Equal(got, want) {
		t.Errorf("told of %d entries, committed are %d", len(got), len(want))
	}
}

// newCrashingServer is a server of its own with Postern, and the statement that crashes it. A server that was there before
// is not ours to crash: there all connections are cut.
func newCrashingServer(t *testing.T) (pool *pgxpool.Pool, crash string) {
	t.Helper()
	started, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	if started.StopCommand == "" {
		return testdb.New(t).Pool, "select pg_terminate_backend(a.pid) from pg_stat_activity as a where a.datname = current_database()"
	}
	config, err := pgx.ParseConfig(started.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Fatal(err)
	}
	if pool, err = pgxpool.New(t.Context(), started.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	// The program's parent is the backend. When one is killed, the server ends all others at once and replays its WAL.
	return pool, "copy (select 1) to program 'kill -9 $PPID'"
}
