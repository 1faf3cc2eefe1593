package event_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Nobody runs a command: the worker that delivers events also compiles new posting combinations into the maps of
// ledgers.
func TestWorkerFoldsPostingCombinations(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
select postern.create_company('10', 'Ten'), postern.create_authority_class('10', 'ALL'), postern.add_authority_combination('10', 'ALL', true)`)
	testsql.Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 300) as n")
	// MAX and ALL.
	const folded = "select coalesce(sum(compiled_offset), 0)::bigint from postern_internal.authority_map"
	if got := testsql.Value[int64](t, database.Pool, folded); got != 0 {
		t.Fatalf("%d bits are there before the worker comes", got)
	}
	deliver(t, database)
	if got := testsql.Value[int64](t, database.Pool, folded); got != 600 {
		t.Errorf("%d bits were folded, want 600", got)
	}
}
