package attack

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// A receipt has the hash of an entry, from which its outcome could be guessed. So a transaction gets no receipts for
// its attempts: only a later one may learn a verdict.
func TestReceiptDoesNotTellTheVerdict(t *testing.T) {
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
create function public.naive_receipts() returns setof bytea language sql security definer as $$
  select postern_internal.leaf_hash(e) from postern_internal.checkpoint_entry as e where e.transaction_id = pg_catalog.pg_current_xact_id_if_assigned()
$$`)
	for _, outcome := range []string{"accepted", "denied"} {
		tx, err := database.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, tx, `insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ($1::postern_internal.outcome, 'G', 'ALICE', 'm', '{}')`, outcome)
		if got := testsql.Value[int64](t, tx, "select count(*) from public.naive_receipts()"); got != 1 {
			t.Fatalf("the naive version withstood: %d receipts", got)
		}
		if got := testsql.Value[int64](t, tx, "select count(*) from postern.receipts()"); got != 0 {
			t.Errorf("%d receipts of an attempt that was %s", got, outcome)
		}
		if got := testsql.Values[string](t, tx, "select r.outcome::text from postern.log_records('{0}', '{1000}') as r"); slices.Contains(got, outcome) {
			t.Errorf("an attempt that was %s is read back: %v", outcome, got)
		}
		testsql.Run(t, tx, "select postern.open_unsealed_records('{0}', '{1000000000}')")
		rows, err := tx.Query(t.Context(), "fetch all from unsealed")
		if err != nil {
			t.Fatal(err)
		}
		entries, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) > 0 {
			t.Errorf("an attempt that was %s is read back by what seals: %v", outcome, entries)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
