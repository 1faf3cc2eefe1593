package install_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
	postern "github.com/posternsql/postern/sql"
)

// load writes to the log and reads its view in each transaction, from many sessions, until the returned function is
// called. That returns how many transactions have committed, and the errors of the others.
func (d *database) load(sessions int) (end func() (committed int64, failed map[string]int)) {
	d.t.Helper()
	d.run(`select postern.create_user('ALICE', 'Alice', session_user);
select postern.register_gate('LOAD_FIRST', 'First', 'First passed');
select postern.set_setting('cancels_per_hour', '1000000')`)
	var (
		running sync.WaitGroup
		stop    atomic.Bool
		done    atomic.Int64
		mutex   sync.Mutex
	)
	failed := map[string]int{}
	for range sessions {
		connection := d.plain()
		running.Go(func() {
			defer connection.Close(context.Background())
			for !stop.Load() {
				err := pgx.BeginFunc(context.Background(), connection, func(tx pgx.Tx) error {
					for _, statement := range []string{
						"select postern.cancel(postern.challenge('LOAD_FIRST'))", // the log
						"select from postern_internal.own_entry where false",     // its view, as a second gate does
					} {
						if _, err := tx.Exec(context.Background(), statement); err != nil {
							return err
						}
					}
					return nil
				})
				if err == nil {
					done.Add(1)
					continue
				}
				mutex.Lock()
				failed[testdb.Code(err)]++
				mutex.Unlock()
			}
		})
	}
	return func() (int64, map[string]int) {
		stop.Store(true)
		running.Wait()
		return done.Load(), failed
	}
}

// The test first shows that the same statements do end some, if they run as one script that waits for its locks.
func TestRepairUnderLoadEndsNobody(t *testing.T) {
	const sessions, repairs = 16, 4

	naive := newInstalled(t)
	code, err := fs.ReadFile(postern.Files, "functions/log/own_entry.sql")
	if err != nil {
		t.Fatal(err)
	}
	replace := "begin; " + string(code) + "; select pg_sleep(0.05); lock table postern_internal.checkpoint_entry in access exclusive mode; commit"
	end := naive.load(sessions)
	deadlocked := func() bool {
		connection := naive.plain()
		defer connection.Close(context.Background())
		_, err := connection.PgConn().Exec(t.Context(), replace).ReadAll()
		if err != nil && testdb.Code(err) != "40P01" {
			t.Error(err)
		}
		return err != nil
	}
	ended := 0
	for range 5 {
		if deadlocked() {
			ended++
		}
	}
	_, failed := end()
	if ended += failed["40P01"]; ended == 0 {
		t.Error("locks that are waited for made no deadlock: this test shows nothing")
	}

	installed := newInstalled(t)
	end = installed.load(sessions)
	tries := 0
	for range repairs {
		_, err := install.Install(t.Context(), installed.config(), install.Options{
			Repair: true,
			OnBusy: func(install.Step, error) { tries++ },
		})
		if err != nil {
			t.Error(err)
		}
	}
	committed, failed := end()
	if len(failed) > 0 || committed == 0 {
		t.Errorf("%d transactions committed, others failed: %v", committed, failed)
	}
	t.Logf("naive: %d deadlocks; %d transactions committed during %d repairs, which began %d times anew", ended, committed, repairs, tries)
}

// An upgrade waits for a session that is idle in a transaction, and names it. Others can pass.
func TestUpgradeBehindAnIdleReaderStopsNobody(t *testing.T) {
	installed := newInstalled(t)
	installed.run("select postern.create_user('ALICE', 'Alice', session_user); select postern.register_gate('LOAD_FIRST', 'First', 'First passed'); select postern.set_setting('cancels_per_hour', '1000000')")
	reader, other := installed.plain(), installed.plain()
	defer reader.Close(context.Background())
	defer other.Close(context.Background())
	for _, statement := range []string{"set application_name = 'an idle reader'", "begin", "select from postern.checkpoint_log"} {
		if _, err := reader.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}

	const limit = 3 * time.Second
	began := time.Now()
	ended := make(chan error, 1)
	var tries atomic.Int32
	go func() {
		_, err := install.Install(t.Context(), installed.config(), install.Options{
			Repair: true, LockTimeout: limit, OnBusy: func(install.Step, error) { tries.Add(1) },
		})
		ended <- err
	}()
	passed := 0 // by others since it began to wait for the reader
	var slowest time.Duration
	var err error
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		default:
			at, waited := time.Now(), tries.Load() > 0
			if _, err := other.Exec(t.Context(), "select postern.cancel(postern.challenge('LOAD_FIRST'))"); err != nil {
				t.Fatal(err)
			}
			slowest = max(slowest, time.Since(at))
			if waited {
				passed++
			}
		}
	}
	var refused *install.ScriptError
	if !errors.As(err, &refused) || refused.Code != "55P03" || refused.Hint == "" {
		t.Fatalf("got %v, want 55P03 with a HINT", err)
	}
	if want := fmt.Sprintf("Postern's tables and views are in use by pid %d (an idle reader, user ", reader.PgConn().PID()); len(refused.Detail) < len(want) || refused.Detail[:len(want)] != want {
		t.Errorf("the detail is %q, want %q…", refused.Detail, want)
	}
	if took := time.Since(began); took < limit-time.Second*2 || passed == 0 {
		t.Errorf("it tried for %s of %s, and others passed it %d times", took, limit, passed)
	}
	t.Logf("others passed it %d times, and waited for up to %s", passed, slowest)

	if _, err := reader.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	if _, err := install.Install(t.Context(), installed.config(), install.Options{Repair: true}); err != nil {
		t.Error(err)
	}
}
