package seal_test

import (
	"testing"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestEmptyLogIsIntact(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	requireFinding(t, l.verify(t), seal.HeadMissing, 0) // no seal has ever begun here
	l.seal(t, 0)
	l.requireIntact(t, 0)
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 1)
}

// Logical replication brings the rows of the log, and leaves the sequences where they are.
func TestReplicatedLogIsNotSealedWithOldIDs(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (log_id, outcome, gate_id, userid, message, parameters)
select n, 'passed', 'APP_PAY', 'ALICE', 'Replicated', '{}' from generate_series(1, 50) as n`)
	if next := testsql.Value[int64](t, l.Pool, "select nextval('postern_internal.log_number')"); next > 50 {
		t.Fatalf("the next id is %d: nothing would be given out again", next)
	}
	_, err := l.trySeal(t)
	refusal := testdb.RequireCode(t, err, "55000")
	want := "If this database took the place of the one that was replicated: end the subscription, then have a superuser run: select setval('postern_internal.log_number', 50);"
	if refusal.Hint != want || refusal.Detail == "" {
		t.Fatalf("DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
	}
	testsql.Run(t, l.Pool, "select setval('postern_internal.log_number', 50)")
	l.write(t, 1)
	l.seal(t, 51)
	l.requireIntact(t, 51)
}
