package seal_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testsql"
)

// A sealer keeps its plans, including those made while the log was nearly empty.
func TestPlanOfAYoungLogServesALongOne(t *testing.T) {
	l := newSealedLog(t)
	// After an automatic ANALYZE, PostgreSQL would plan anew.
	testsql.Run(t, l.Pool, "alter table postern_internal.leaf set (autovacuum_enabled = off)")
	testsql.Run(t, l.Pool, "analyze")
	l.write(t, 3)
	l.seal(t, 3)
	const long = 20_000
	l.write(t, long)
	l.seal(t, long)

	read := func() int64 {
		testsql.Run(t, l.sealer, "select pg_stat_force_next_flush()")
		return testsql.Value[int64](t, l.Pool, "select idx_tup_read from pg_stat_all_indexes where indexrelid = 'postern_internal.leaf_log_id_key'::regclass")
	}
	before := read()
	l.write(t, 10)
	l.seal(t, 10)
	if entries := read() - before; entries > 100 {
		t.Errorf("to seal 10 entries %d of %d leaves were looked at", entries, long)
	}
}
