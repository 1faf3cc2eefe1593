//go:build linux

package soak

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// untruths compares what the database, the log and the receiver of events have with each other, and with what the sessions
// know. No session works meanwhile.
func (w *world) untruths(t *testing.T) (found []string) {
	t.Helper()
	wrong := func(format string, values ...any) { found = append(found, fmt.Sprintf(format, values...)) }
	if err := w.asSuperuser(t.Context(), func(connection *pgx.Conn) error {
		// A session that was cut off may still commit.
		await(t, "sessions to end", func() bool {
			return testsql.Value[int](t, connection, "select count(*) from pg_stat_activity where usename in ('soak_app', 'soak_trusted') and state <> 'idle'") == 0
		})
		approved, denied := w.known.expected()
		rows := testsql.Values[string](t, connection, "select invoice || ' of ' || userid from public.approval order by 1")
		logged := testsql.Values[string](t, connection, "select (parameters ->> 'INVOICE') || ' of ' || userid from postern.checkpoint_log where outcome = 'passed' and gate_id = $1 order by 1", gate)
		set := once(rows, func(approval string) { wrong("invoice %s is twice in the table", approval) })
		for approval := range once(logged, func(approval string) { wrong("invoice %s is twice in the log", approval) }) {
			if !set[approval] {
				wrong("invoice %s is in the log, and not in the table", approval)
			}
		}
		if len(rows) != len(logged) {
			wrong("%d invoices are in the table, and %d in the log", len(rows), len(logged))
		}
		for invoice, user := range approved {
			if !set[fmt.Sprintf("%d of %s", invoice, user)] {
				wrong("invoice %d of %s was approved and is lost", invoice, user)
			}
		}
		if others := testsql.Value[int](t, connection, "select count(*) from postern.checkpoint_log where outcome = 'passed' and authenticated_by is distinct from userid"); others != 0 {
			wrong("%d entries say that somebody else approved", others)
		}
		if changed := testsql.Value[int](t, connection, "select count(*) from public.voucher where approvals <> 0"); changed != 0 {
			wrong("%d rows were changed by what was rolled back", changed)
		}
		for user, least := range denied {
			if got := testsql.Value[int](t, connection, "select count(*) from postern.checkpoint_log where outcome = 'denied' and userid = $1", user); got < least {
				wrong("%s was told of %d denials, and the log has %d", user, least, got)
			}
		}
		await(t, "the log to be sealed", func() bool {
			return testsql.Value[int](t, connection, "select entries from postern.unsealed_entries()") == 0
		})
		await(t, "the events to be delivered", func() bool {
			return testsql.Value[int](t, connection, "select coalesce(sum(pending), 0) from postern.event_action") == 0
		})
		passed := testsql.Values[int64](t, connection, "select log_id from postern.checkpoint_log where outcome = 'passed'")
		w.lock.Lock()
		defer w.lock.Unlock()
		for _, id := range passed {
			if !w.told[id] {
				wrong("the receiver was not told of entry %d", id)
			}
		}
		if len(w.told) != len(passed) {
			wrong("the receiver was told of %d approvals, and the log has %d", len(w.told), len(passed))
		}
		t.Logf("        %d approvals are in the table", len(rows))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.command(t, "log", "verify", "--heads", w.folder+"/heads")
	w.command(t, "verify")
	return found
}

// once is the set of a list, and calls repeated for what is in it twice.
func once(list []string, repeated func(string)) map[string]bool {
	set := map[string]bool{}
	for _, each := range list {
		if set[each] {
			repeated(each)
		}
		set[each] = true
	}
	return set
}

// await waits until a condition holds. That may take as long as the lease of a worker that died, and as long again as the
// clock was fast when it was taken.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(6 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("waited for %s", what)
			return
		}
	}
}
