package event_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// PostgreSQL crashes while entries are written, sealed and delivered, and recovers. Each existing entry is delivered, a
// repetition has the same id, and what is sealed is what was committed.
func TestNothingIsLostWhenTheServerDies(t *testing.T) {
	t.Parallel()
	pool, crash := newCrashingServer(t)
	told := receive(t, nil)
	testsql.Run(t, pool, "select postern.add_event_action('hook', $1, 'webhook', $2, allow_internal => true)", success, told.URL)

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
	heads, key := filepath.Join(t.TempDir(), "heads"), newKey(t)
	sealOnce := func(ctx context.Context) error {
		opened, err := seal.OpenHeads(heads)
		if err != nil {
			return err
		}
		connection, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
		if err != nil {
			return err
		}
		defer connection.Close(context.WithoutCancel(ctx))
		_, err = (&seal.Sealer{Key: key, Heads: opened}).Seal(ctx, connection)
		return err
	}
	var sealed atomic.Int64
	group.Go(func() {
		for working.Err() == nil {
			var tampered *seal.TamperedError
			switch err := sealOnce(working); {
			case err == nil:
				sealed.Add(1)
			case errors.As(err, &tampered):
				t.Error(err)
				return
			default:
				time.Sleep(50 * time.Millisecond) // the server is away
			}
		}
	})
	for round := range 3 {
		before, sealedBefore := len(told.messages()), sealed.Load()
		for len(told.messages()) < before+100 || sealed.Load() == sealedBefore {
			time.Sleep(10 * time.Millisecond)
		}
		crash(round%2 == 0)
	}
	stop()
	group.Wait()
	testsql.Run(t, pool, "update postern_internal.event_delivery set due_at = now() - interval '1 day', leased_until = '-infinity' where state = 'pending'")
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
	if want := testsql.Values[int64](t, pool, "select log_id from postern.checkpoint_log order by log_id"); !slices.Equal(got, want) {
		t.Errorf("told of %d entries, committed are %d", len(got), len(want))
	}
	if err := sealOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened, err := seal.OpenHeads(heads)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	entries := testsql.Value[int64](t, pool, "select count(*) from postern_internal.checkpoint_entry")
	verdict, err := (&seal.Verifier{Heads: opened}).Verify(t.Context(), connection)
	if err != nil || verdict.Total > 0 || verdict.NotSigned > 0 || verdict.Leaves != entries {
		t.Errorf("for %d entries, the log has %+v; error: %v", entries, verdict, err)
	}
}

// The worker dies, and PostgreSQL dies, while functions are called whose commits do not wait for the disk. What a call
// did and its record are lost together, or neither is: each committed entry has one call in the end.
func TestFunctionsAreCalledOnceWhateverDies(t *testing.T) {
	t.Parallel()
	pool, crash := newCrashingServer(t)
	testsql.Run(t, pool, `
create schema app;
create table app.call (log_id bigint);
create function app.on_approval(event jsonb) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('synchronous_commit') <> 'off' then raise exception 'calls wait for the disk'; end if;
  insert into app.call values ((event ->> 'log_id')::bigint);
  perform pg_advisory_xact_lock_shared(4711);
end $$;
revoke execute on function app.on_approval(jsonb) from public;
grant usage on schema app to postern_event_function;
grant execute on function app.on_approval(jsonb) to postern_event_function;`)
	testsql.Run(t, pool, "select postern.add_event_action('call', $1, 'function', 'app.on_approval')", success)
	const odd = `
select count(*)
  from (select c.log_id, count(*) as calls from app.call as c group by c.log_id) as c
  full join (select d.log_id from postern_internal.event_delivery as d where d.state = 'delivered') as d using (log_id)
 where c.calls is distinct from 1 or d.log_id is null`
	const again = "update postern_internal.event_delivery set due_at = now() - interval '1 day', leased_until = '-infinity' where state = 'pending'"

	// The function is in the middle of a call when its worker is killed.
	for range 5 {
		log(t, pool, "APP_PAY")
	}
	holder, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, holder, "select pg_advisory_lock(4711)")
	worker := exec.CommandContext(t.Context(), os.Args[0], "event", "run", "--workers", "1")
	worker.Env = append(os.Environ(), asInstaller+"=1", "DATABASE_URL="+pool.Config().ConnString())
	leash.Tie(worker)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	const calling = "select exists (select from pg_locks as l where l.locktype = 'advisory' and not l.granted)"
	for !testsql.Value[bool](t, pool, calling) {
		time.Sleep(10 * time.Millisecond)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()
	if err := holder.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for testsql.Value[bool](t, pool, calling) {
		time.Sleep(10 * time.Millisecond)
	}
	testsql.Run(t, pool, again) // waits for the call, which holds its delivery
	if got := testsql.Value[int](t, pool, odd); got != 0 {
		t.Errorf("the worker was killed: %d calls have no record, or records no call", got)
	}

	working, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := event.New(pool, event.Options{Workers: 2}).Run(working); err != nil {
			t.Error(err)
		}
	})
	for range 2 {
		group.Go(func() {
			for working.Err() == nil {
				_, _ = pool.Exec(working, insertEntry, "APP_PAY") // fails while the server is away
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	for round := range 3 {
		for began := testsql.Value[int](t, pool, "select count(*) from app.call"); testsql.Value[int](t, pool, "select count(*) from app.call") < began+20; {
			time.Sleep(10 * time.Millisecond)
		}
		crash(round%2 == 0)
		pool.Reset() // other connections of the pool are gone as well
		if got := testsql.Value[int](t, pool, odd); got != 0 {
			t.Errorf("after crash %d: %d calls have no record, or records no call", round, got)
		}
	}
	stop()
	group.Wait()
	testsql.Run(t, pool, again)
	if err := event.New(pool, event.Options{Workers: 2}).RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := testsql.Value[int](t, pool, odd); got != 0 {
		t.Errorf("in the end: %d calls have no record, or records no call", got)
	}
	if calls, entries := testsql.Value[int](t, pool, "select count(*) from app.call"), testsql.Value[int](t, pool, "select count(*) from postern.checkpoint_log"); calls != entries {
		t.Errorf("%d calls for %d entries", calls, entries)
	}
}

// newCrashingServer is a separate server with Postern, and functions that crash it and wait until it has recovered: by
// an immediate stop, or by killing a backend. An existing server is not ours to crash: there all connections are cut
// instead.
func newCrashingServer(t *testing.T) (pool *pgxpool.Pool, crash func(stops bool)) {
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
	// The program's parent is the backend. When a backend is killed, the server ends all others at once and replays its
	// WAL.
	kill := "copy (select 1) to program 'kill -9 $PPID'"
	if started.StopCommand == "" {
		kill = "select pg_terminate_backend(a.pid) from pg_stat_activity as a where a.datname = current_database()"
		pool = testdb.New(t).Pool
	} else {
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
	}
	return pool, func(stops bool) {
		t.Helper()
		if stops {
			if err := started.Crash(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
		}
		witness, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = pool.Exec(t.Context(), kill) // its own connection ends as well
		for witness.Ping(t.Context()) == nil {
			time.Sleep(10 * time.Millisecond)
		}
		for pool.Ping(t.Context()) != nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func newKey(t *testing.T) *seal.Key {
	t.Helper()
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
	return key
}
