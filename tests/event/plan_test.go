package event_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// A worker keeps its plans, including those made while there was next to nothing to deliver.
func TestPlanOfAShortQueueServesALongOne(t *testing.T) {
	t.Parallel()
	const long, batch = 20_000, 100
	for _, short := range []int{0, 1, 30} {
		t.Run(fmt.Sprint(short), func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			// ANALYZE in it would have plans made again.
			for _, table := range testsql.Values[string](t, database.Pool, `
select 'postern_internal.event_delivery'
union all select p.relid::regclass::text from pg_partition_tree('postern_internal.checkpoint_entry') as p where p.isleaf`) {
				testsql.Run(t, database.Pool, "alter table "+table+" set (autovacuum_enabled = off)")
			}
			testsql.Run(t, database.Pool, "select postern.add_event_action('hook', $1, 'webhook', 'https://hooks.example.com')", success)
			worker := database.Connect(t)
			write := func(entries int) {
				testsql.Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)"+
					" select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}' from generate_series(1, $1::integer)", entries)
			}
			read := func() int64 {
				testsql.Run(t, worker, "select pg_stat_force_next_flush()")
				return testsql.Value[int64](t, database.Pool, "select sum(idx_tup_read)::bigint from pg_stat_all_indexes"+
					" where schemaname = 'postern_internal' and (relname = 'event_delivery' or relname like 'checkpoint_entry%')")
			}
			deliver := func(want int) (claim, finish int64) {
				before, lease := read(), uuid.New()
				got := testsql.Values[int64](t, worker, "select (c ->> 'log_id')::bigint from postern.claim_event_deliveries('hook', $1, $2, 60) as c", batch, lease)
				claimed := read()
				testsql.Run(t, worker, "select postern.finish_event_deliveries('hook', $1, $2, array_fill('delivered'::text, array[$3::integer]), array_fill(0.0::double precision, array[$3]), array_fill(''::text, array[$3]))",
					lease, got, len(got))
				if len(got) != want {
					t.Fatalf("%d were claimed, want %d", len(got), want)
				}
				return claimed - before, read() - claimed
			}

			testsql.Run(t, database.Pool, "analyze")
			for range 10 { // a plan is kept from the sixth call on
				write(short)
				deliver(short)
			}
			write(long)
			deliver(batch) // queues all of them
			claim, finish := deliver(batch)
			if claim > 20*batch || finish > 20*batch {
				t.Errorf("to deliver %d of %d, entries of indexes were read: %d to claim them, %d to finish them", batch, long, claim, finish)
			}
		})
	}
}
