package checkpoint_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Until it commits, a session that passes gates holds no lock that another session needs, even for the same user at the
// same gate. With a lock timeout, each session passes while all earlier ones are still open.
func TestPassesDoNotWaitForEachOther(t *testing.T) {
	const sessions = 8
	c := newCompany(t, alice)
	testsql.Run(t, c.Pool, "create table public.passes (gate_id text primary key, passes integer not null)")
	testsql.Run(t, c.Pool, "insert into public.passes values ($1, 0)", approveGate)
	testsql.Run(t, c.Pool, "grant select, update on public.passes to public")
	tickets := make([]string, 2*sessions)
	for i := range tickets {
		tickets[i] = c.approve(t, alice, approveGate, approveParameters)
	}

	// pass leaves each session's transaction open, and returns the first session that could not pass.
	pass := func(t *testing.T, tickets []string, pass func(pgx.Tx) error) (int, error) {
		for session := range sessions {
			connection, err := pgx.ConnectConfig(t.Context(), c.application.Config())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { connection.Close(context.Background()) })
			tx, err := connection.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			testsql.Run(t, tx, "set local lock_timeout = '200ms'")
			testsql.Run(t, tx, "select postern.assume_user($1)", alice)
			testsql.Run(t, tx, openGates, tickets[session])
			testsql.Run(t, tx, reachGate, approveGate, approveParameters)
			testsql.Run(t, tx, reachGate, releaseGate, "{}")
			if err := pass(tx); err != nil {
				return session, err
			}
		}
		return sessions, nil
	}

	t.Run("naive", func(t *testing.T) {
		session, err := pass(t, tickets[:sessions], func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "update public.passes set passes = passes + 1 where gate_id = $1", approveGate)
			return err
		})
		if testdb.Code(err) != "55P03" || session != 1 {
			t.Errorf("a count that all sessions share let %d of them pass: %v", session, err)
		}
	})
	t.Run("guarded", func(t *testing.T) {
		if session, err := pass(t, tickets[sessions:], func(pgx.Tx) error { return nil }); err != nil {
			t.Errorf("session %d waited for another one: %v", session, err)
		}
	})
}
