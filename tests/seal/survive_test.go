package seal_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// sealerVariable makes this test binary the installer: a sealer that can be killed.
const sealerVariable = "POSTERN_TEST_SEALER"

func TestMain(m *testing.M) {
	if os.Getenv(sealerVariable) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// requireAllSealed wants every entry to have one leaf, and the numbers of the leaves to have no gap.
func (l *sealedLog) requireAllSealed(t *testing.T) int64 {
	t.Helper()
	if wrong := testsql.Value[string](t, l.Pool, `
select concat_ws(', ',
         (select format('%s entries without a leaf', count(*)) from postern_internal.checkpoint_entry as e
           where not exists (select from postern_internal.leaf as l where l.log_id = e.log_id) having count(*) > 0),
         (select format('%s leaves without an entry', count(*)) from postern_internal.leaf as l
           where not exists (select from postern_internal.checkpoint_entry as e where e.log_id = l.log_id) having count(*) > 0),
         (select format('%s leaves, numbered %s to %s', count(*), min(l.leaf_number), max(l.leaf_number)) from postern_internal.leaf as l
          having count(*) <> max(l.leaf_number) + 1 or min(l.leaf_number) <> 0))`); wrong != "" {
		t.Fatal(wrong)
	}
	leaves := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.leaf")
	l.requireIntact(t, leaves)
	return leaves
}

// A sealer has read the directory of heads while it was empty. Then another sealer was faster.
func TestSealerReadsTheHeadsAgainUnderTheLock(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 3)
	early := &seal.Sealer{Key: l.key, Heads: l.heads(t)}
	l.seal(t, 3)
	l.write(t, 2)
	if entries, err := early.Seal(t.Context(), l.sealer); err != nil || entries != 2 {
		t.Errorf("sealed %d entries, want 2; error: %v", entries, err)
	}
	l.requireIntact(t, 5)
}

// A hundred writers commit, roll back, and roll back to savepoints. One transaction that wrote stays open all the time,
// and two sealers seal. What was committed is sealed, and nothing else.
func TestWhatIsCommittedIsSealed(t *testing.T) {
	t.Parallel()
	const one = `insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'G', 'U', 'm', '{}')`
	l := newSealedLog(t)
	idle, err := l.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, idle, one)

	var committed, sealed, busy atomic.Int64
	patience, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	writers, ctx := errgroup.WithContext(patience)
	for range 100 {
		writers.Go(func() error {
			for i := 0; i < 10 || busy.Load() == 0; i++ { // on an idle machine the two sealers may not meet for a while
				entries := int64(0)
				tx, err := l.Pool.Begin(ctx)
				if err != nil {
					return err
				}
				for range 1 + rand.IntN(3) {
					nested, err := tx.Begin(ctx)
					if err != nil {
						return err
					}
					if _, err := nested.Exec(ctx, one); err != nil {
						return err
					}
					if rand.IntN(3) == 0 {
						err = nested.Rollback(ctx)
					} else {
						entries++
						err = nested.Commit(ctx)
					}
					if err != nil {
						return err
					}
				}
				if rand.IntN(3) == 0 {
					err = tx.Rollback(ctx)
				} else {
					committed.Add(entries)
					err = tx.Commit(ctx)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}

	done := make(chan struct{})
	sealers := errgroup.Group{}
	for range 2 {
		connection := l.Login(t, "postern_sealer").Connect(t)
		sealers.Go(func() error {
			sealer := &seal.Sealer{Key: l.key, Heads: &seal.Heads{Directory: l.directory}}
			for {
				// The last round begins after all writers have ended.
				last := false
				select {
				case <-done:
					last = true
				default:
				}
				heads, err := seal.OpenHeads(l.directory)
				if err != nil {
					return err
				}
				sealer.Heads = heads
				entries, err := sealer.Seal(t.Context(), connection)
				sealed.Add(entries)
				if errors.Is(err, seal.ErrBusy) {
					busy.Add(1)
					continue
				}
				if err != nil || last {
					return err
				}
			}
		})
	}
	err = writers.Wait()
	close(done)
	if err := errors.Join(err, sealers.Wait()); err != nil {
		t.Fatal(err)
	}
	if committed.Load() == 0 || sealed.Load() != committed.Load() {
		t.Errorf("%d were committed, %d sealed", committed.Load(), sealed.Load())
	}
	if leaves := l.requireAllSealed(t); leaves != committed.Load() {
		t.Errorf("%d were committed, there are %d leaves", committed.Load(), leaves)
	}
	// The entry of the open transaction has the lowest log_id of all.
	if err := idle.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.seal(t, 1)
	if number := testsql.Value[int64](t, l.Pool, "select leaf_number from postern_internal.leaf order by log_id limit 1"); number != committed.Load() {
		t.Errorf("the transaction that was open has leaf %d, want %d", number, committed.Load())
	}
	l.requireAllSealed(t)
}

// startSealer starts the installer as a separate process.
func (l *sealedLog) startSealer(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], append([]string{"log", "seal", "--key", l.keyFile, "--heads", l.directory}, arguments...)...)
	command.Env = append(os.Environ(), sealerVariable+"=1", "DATABASE_URL="+l.URL)
	command.Stderr = &bytes.Buffer{}
	leash.Tie(command)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command
}

// await polls until a query is true.
func await(t *testing.T, q testsql.Querier, query string, arguments ...any) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !testsql.Value[bool](t, q, query, arguments...); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this never became true: %s", query)
		}
	}
}

// begin begins a transaction on a new connection.
func (l *sealedLog) begin(t *testing.T) pgx.Tx {
	t.Helper()
	tx, err := l.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// here is true for locks in this database.
const here = "database = (select oid from pg_database where datname = current_database())"

// A lock on the heads in the database stops the sealer after it has committed its tree and before it signs. A weaker
// lock stops it after it has written the head outside and before it copies the head into the database. There it is
// killed.
func TestKilledSealerLosesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lock    string
		outside int64 // leaves of the head that is outside when it is killed
	}{
		"between tree and signature":         {"access exclusive", 5},
		"between signature and its own copy": {"share", 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newSealedLog(t)
			l.write(t, 5)
			l.seal(t, 5)
			l.write(t, 4)
			// A sealer reads the heads before it grows the tree. So the test waits for the leaves first. Its lock on
			// the heads is behind that, and is granted as soon as the tree is committed.
			gate, blocker := l.begin(t), l.begin(t)
			testsql.Run(t, gate, "lock table postern_internal.leaf in share mode")
			killed := l.startSealer(t)
			await(t, l.Pool, "select exists (select from pg_locks where relation = 'postern_internal.leaf'::regclass and not granted and "+here+")")
			locked := make(chan error, 1)
			go func() {
				_, err := blocker.Exec(t.Context(), "lock table postern_internal.tree_head in "+test.lock+" mode")
				locked <- err
			}()
			await(t, l.Pool, "select exists (select from pg_locks where relation = 'postern_internal.tree_head'::regclass and pid = $1 and "+here+")",
				blocker.Conn().PgConn().PID())
			if err := gate.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-locked; err != nil {
				t.Fatal(err)
			}
			// Databases made from one template have the same OIDs in them.
			await(t, l.Pool, "select exists (select from pg_locks where relation = 'postern_internal.tree_head'::regclass and not granted and "+here+")")
			if leaves := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.leaf"); leaves != 9 {
				t.Fatalf("there are %d leaves when it is killed, want 9", leaves)
			}
			if err := killed.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = killed.Wait()
			if err := blocker.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if size := l.heads(t).Latest.Size; size != test.outside {
				t.Fatalf("the head outside covers %d leaves, want %d", size, test.outside)
			}
			// The server notices that the client is gone.
			await(t, l.Pool, "select not exists (select from pg_locks where relation = 'postern_internal.sealing'::regclass and granted and "+here+")")
			l.seal(t, 0)
			if leaves := l.requireAllSealed(t); leaves != 9 {
				t.Errorf("there are %d leaves, want 9", leaves)
			}
			if size := testsql.Value[int64](t, l.Pool, "select max(tree_size) from postern_internal.tree_head"); size != 9 {
				t.Errorf("the head in the database covers %d leaves, want 9", size)
			}
			l.write(t, 2)
			l.seal(t, 2)
			l.requireAllSealed(t)
		})
	}
}

// PostgreSQL is stopped at once, as by a crash, during writing and sealing. Then it recovers.
func TestCrashedServerLosesNothing(t *testing.T) {
	t.Parallel()
	l, crash := newCrashingLog(t)
	for round := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		group := errgroup.Group{}
		var committed atomic.Int64
		for range 6 {
			group.Go(func() error {
				connection, err := pgx.Connect(ctx, l.URL)
				if err != nil {
					return nil
				}
				for {
					if _, err := connection.Exec(ctx, insert, 3); err != nil {
						return nil // the crash
					}
					committed.Add(3)
				}
			})
		}
		group.Go(func() error {
			connection, err := pgx.Connect(ctx, l.URL)
			if err != nil {
				return err
			}
			for {
				heads, err := seal.OpenHeads(l.directory)
				if err != nil {
					return err
				}
				_, err = (&seal.Sealer{Key: l.key, Heads: heads}).Seal(ctx, connection)
				if tampered, ok := asTampered(err); ok {
					return tampered
				}
				if err != nil {
					return nil
				}
			}
		})
		time.Sleep(time.Duration(300+rand.IntN(300)) * time.Millisecond)
		crash()
		err := group.Wait()
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		connection, err := pgx.Connect(t.Context(), l.URL)
		if err != nil {
			t.Fatal(err)
		}
		entries := testsql.Value[int64](t, connection, "select count(*) from postern_internal.checkpoint_entry")
		if committed.Load() == 0 || entries < committed.Load() {
			t.Fatalf("round %d: %d were committed, %d are there", round, committed.Load(), entries)
		}
		if _, err := (&seal.Sealer{Key: l.key, Heads: l.heads(t)}).Seal(t.Context(), connection); err != nil {
			t.Fatal(err)
		}
		verdict, err := (&seal.Verifier{Heads: l.heads(t)}).Verify(t.Context(), connection)
		if err != nil || verdict.Total > 0 || verdict.Leaves != entries || verdict.NotSigned > 0 {
			t.Fatalf("round %d: for %d entries, verify returns %+v; error: %v", round, entries, verdict, err)
		}
		connection.Close(t.Context())
	}
}

// newCrashingLog is a log on a separate server, and functions that crash it and wait until it has recovered: by killing
// a backend, and by an immediate stop, in turns. An existing server is not ours to crash: there all connections are cut
// instead.
func newCrashingLog(t *testing.T) (*sealedLog, func()) {
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
	l := newSealedLog(t)
	crash := `do $$ begin perform pg_terminate_backend(a.pid) from pg_stat_activity as a where a.datname = current_database() and a.pid <> pg_backend_pid(); end $$`
	if started.StopCommand != "" {
		// The program's parent is the backend. When a backend is killed, the server ends all others at once and replays
		// its WAL.
		crash = "copy (select 1) to program 'kill -9 $PPID'"
		l.Database = &testdb.Database{URL: started.URL}
		config, err := pgx.ParseConfig(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	stops := false
	return l, func() {
		t.Helper()
		if stops = !stops; stops {
			if err := started.Crash(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
		}
		witness, err := pgx.Connect(t.Context(), l.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer witness.Close(t.Context())
		connection, err := pgx.Connect(t.Context(), l.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = connection.Exec(t.Context(), crash)
		if (err != nil) != (started.StopCommand != "") {
			t.Fatalf("the server did not crash: %v", err)
		}
		// A session that connects before the server has noticed is ended again.
		for witness.Ping(t.Context()) == nil {
			time.Sleep(10 * time.Millisecond)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			again, err := pgx.Connect(t.Context(), l.URL)
			if err == nil {
				again.Close(t.Context())
				return
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}
}
