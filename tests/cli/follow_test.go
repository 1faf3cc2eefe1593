package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
)

// follower reads what "log list --follow" writes.
type follower struct {
	t       *testing.T
	cancel  context.CancelFunc
	entries chan int64
	ended   chan int
}

func follow(t *testing.T, database *testdb.Database, arguments ...string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	f := &follower{t: t, cancel: cancel, entries: make(chan int64, 1000), ended: make(chan int, 1)}
	arguments = append([]string{"log", "list", "--follow", "--json", "--database-url", database.URL}, arguments...)
	go func() {
		f.ended <- cli.Main(ctx, arguments, strings.NewReader(""), writer, os.Stderr)
		writer.Close()
	}()
	go func() {
		defer close(f.entries)
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			var entry struct {
				LogID int64 `json:"log_id"`
			}
			if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
				t.Errorf("the line %s is not an entry: %v", lines.Bytes(), err)
			}
			f.entries <- entry.LogID
		}
	}()
	t.Cleanup(cancel)
	return f
}

// next returns the next entry that is shown.
func (f *follower) next() int64 {
	f.t.Helper()
	select {
	case entry := <-f.entries:
		return entry
	case <-time.After(2 * time.Minute):
		f.t.Fatal("no entry is shown")
		return 0
	}
}

// end ends the command as Ctrl-C does, and returns the rest of its output.
func (f *follower) end() []int64 {
	f.t.Helper()
	f.cancel()
	if code := <-f.ended; code != 0 {
		f.t.Errorf("exit code %d, want 0", code)
	}
	rest := []int64{}
	for entry := range f.entries {
		rest = append(rest, entry)
	}
	return rest
}

const insertEntry = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', 'APP_PAY', $1, 'paid', '{}')
returning log_id`

func TestFollowShowsAnEntryThatCommitsLate(t *testing.T) {
	t.Parallel()
	ctx, database := t.Context(), testdb.New(t)
	insert := func(runner interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}) (logID int64) {
		t.Helper()
		if err := runner.QueryRow(ctx, insertEntry, "ALICE").Scan(&logID); err != nil {
			t.Fatal(err)
		}
		return logID
	}
	early := insert(database.Pool)
	followed := follow(t, database)
	if got := followed.next(); got != early {
		t.Fatalf("%d is shown, want %d, which was there before", got, early)
	}
	late, err := database.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second := insert(late)
	third := insert(database.Pool)
	if got := followed.next(); got != third {
		t.Fatalf("%d is shown, want %d", got, third)
	}
	if err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	// A reader that asks for log_ids above the last one never sees this entry.
	if got := followed.next(); got != second || second > third {
		t.Fatalf("%d is shown, want %d", got, second)
	}
	time.Sleep(1200 * time.Millisecond)
	if rest := followed.end(); len(rest) > 0 {
		t.Errorf("these entries were shown twice: %d", rest)
	}
}

func TestFollowShowsEachEntryOnceWhileManyWrite(t *testing.T) {
	t.Parallel()
	ctx, database := t.Context(), testdb.New(t)
	followed := follow(t, database, "--user", "ALICE", "--limit", "0")
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 15 {
				err := pgx.BeginFunc(ctx, database.Pool, func(tx pgx.Tx) error {
					for index := range 1 + rand.IntN(3) {
						// Every second entry is written in a subtransaction, and some of those are rolled back.
						err := pgx.BeginFunc(ctx, tx, func(nested pgx.Tx) error {
							writer := []pgx.Tx{tx, nested}[index%2]
							if _, err := writer.Exec(ctx, insertEntry, []string{"ALICE", "BOB"}[rand.IntN(2)]); err != nil {
								return err
							}
							if rand.IntN(4) == 0 {
								return errRollback
							}
							return nil
						})
						if err != nil && !errors.Is(err, errRollback) {
							return err
						}
					}
					time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
					if rand.IntN(8) == 0 {
						return errRollback
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	rows, err := database.Pool.Query(ctx, "select log_id from postern.checkpoint_log where userid = 'ALICE' order by log_id")
	if err != nil {
		t.Fatal(err)
	}
	written, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(written) == 0 {
		t.Fatal(err, len(written))
	}
	shown := []int64{}
	for range written {
		shown = append(shown, followed.next())
	}
	time.Sleep(1200 * time.Millisecond) // it asks each second, and might show an entry twice
	shown = append(shown, followed.end()...)
	slices.Sort(shown)
	if !slices.Equal(shown, written) {
		t.Errorf("shown were %d\nwritten were %d", shown, written)
	}
}

var errRollback = errors.New("rolled back on purpose")

// A dump brings entries with transaction ids that this cluster has yet to reach.
func TestFollowTakesRestoredEntriesForOldOnes(t *testing.T) {
	t.Parallel()
	ctx, database := t.Context(), testdb.New(t)
	_, err := database.Pool.Exec(ctx, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id)
select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}', (pg_current_xact_id()::text::bigint + step)::text::xid8
  from generate_series(1, 400) as step`)
	if err != nil {
		t.Fatal(err)
	}
	followed := follow(t, database, "--limit", "1")
	if got := followed.next(); got != 400 {
		t.Fatalf("%d is shown, want the latest", got)
	}
	if _, err := database.Pool.Exec(ctx, "do $$ begin for step in 1..500 loop perform pg_current_xact_id(); commit; end loop; end $$"); err != nil {
		t.Fatal(err)
	}
	var fresh int64
	if err := database.Pool.QueryRow(ctx, insertEntry, "ALICE").Scan(&fresh); err != nil {
		t.Fatal(err)
	}
	if got := followed.next(); got != fresh {
		t.Errorf("%d is shown, want the new one, %d", got, fresh)
	}
	if rest := followed.end(); len(rest) > 0 {
		t.Errorf("shown as new: %d", rest)
	}
}
