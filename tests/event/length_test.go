package event_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// A claim reads only what it needs, whatever statistics the planner has of a long log. The index on transactions is
// made large, and so expensive, like one that many sessions have filled at once. Otherwise the two indexes would cost
// the same.
func TestClaimDoesNotReadTheWholeLog(t *testing.T) {
	t.Parallel()
	const bound = 1000
	for _, analysed := range []string{"", "analyze postern_internal.checkpoint_entry"} {
		database := testdb.New(t)
		testsql.Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id)"+
			" select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}', (3 + i % 700)::text::xid8 from generate_series(1, 250000) as i")
		for _, index := range testsql.Values[string](t, database.Pool, `
select x.indexrelid::regclass::text from pg_index as x join pg_class as c on c.oid = x.indexrelid and c.relkind = 'i'
 where x.indrelid in (select p.relid from pg_partition_tree('postern_internal.checkpoint_entry') as p)
   and pg_get_indexdef(x.indexrelid, 1, true) = 'transaction_id'`) {
			testsql.Run(t, database.Pool, "alter index "+index+" set (fillfactor = 10, deduplicate_items = off)")
			testsql.Run(t, database.Pool, "reindex index "+index)
		}
		if analysed != "" {
			testsql.Run(t, database.Pool, analysed)
		}
		connection := database.Connect(t)
		testsql.Run(t, connection, "create function public.naive_is_waiting() returns boolean language sql stable set enable_seqscan = off as $$"+
			" select exists (select from postern_internal.checkpoint_entry as e where e.transaction_id >= pg_snapshot_xmax(a.queued_to) and e.log_id > a.after_log_id)"+
			" from postern_internal.event_action as a $$")
		if got := testsql.Buffers(t, connection, "select postern.add_event_action('hook', '"+success+"', 'webhook', 'https://hooks.example.com')"); got > bound {
			t.Errorf("%q, a new action: %d pages", analysed, got)
		}
		if analysed != "" {
			if got := testsql.Buffers(t, connection, "select public.naive_is_waiting()"); got < bound {
				t.Fatalf("the naive version looks at %d pages only", got)
			}
		}
		for range 10 {
			log(t, connection, "APP_PAY")
		}
		const claim = "select postern.claim_event_deliveries('hook', 100, gen_random_uuid(), 60)"
		if got := testsql.Buffers(t, connection, claim); got > bound {
			t.Errorf("%q: a claim reads %d pages, want at most %d", analysed, got, bound)
		}
		if got := testsql.Value[int64](t, connection, "select count(*) from postern.event_delivery where attempts = 1"); got != 10 {
			t.Errorf("%d deliveries were claimed, want 10", got)
		}
		if got := testsql.Buffers(t, connection, claim); got > bound {
			t.Errorf("%q, claim of nothing: %d pages", analysed, got)
		}

		// A claim of the administration groups by transaction, and reads the other changes of each.
		testsql.Run(t, connection, "select postern.add_event_action('told', '"+administration+"', 'webhook', 'https://hooks.example.com')")
		testsql.Run(t, connection, "insert into postern_internal.checkpoint_entry (outcome, gate_id, action, userid, message, parameters)"+
			" select 'administered', 'POSTERN_ADMINISTRATION', 'gate', '', 'changed', '{}' from generate_series(1, 10)")
		const claimOfAdministration = "select postern.claim_event_deliveries('told', 100, gen_random_uuid(), 60)"
		if got := testsql.Buffers(t, connection, claimOfAdministration); got > bound {
			t.Errorf("%q: a claim of the administration reads %d pages, want at most %d", analysed, got, bound)
		}
		if got := testsql.Value[int64](t, connection, "select count(*) from postern.event_delivery where name = 'told' and attempts = 1"); got != 2 {
			t.Errorf("%d transactions were claimed, want the one that added the action and the one after it", got)
		}
		if got := testsql.Buffers(t, connection, claimOfAdministration); got > bound {
			t.Errorf("%q, claim of nothing of the administration: %d pages", analysed, got)
		}
	}
}

// A transaction that stays open keeps delivered rows in the indexes. Each claim would walk over all of them.
func TestDeliveredEventsDoNotSlowClaims(t *testing.T) {
	t.Parallel()
	const bound, queued, batch = 4000, 20_000, 1000
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.add_event_action('hook', $1, 'webhook', 'https://hooks.example.com')", success)
	open, err := database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Rollback(t.Context()) }()
	testsql.Run(t, open, "set transaction isolation level repeatable read")
	testsql.Run(t, open, "select count(*) from postern.event_delivery")
	testsql.Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)"+
		" select 'passed', 'APP_PAY', 'ALICE', 'paid', '{}' from generate_series(1, $1::integer)", queued)

	connection := database.Connect(t)
	from := "-infinity"
	for claimed := 0; claimed < queued-batch; claimed += batch {
		lease := uuid.New()
		got := testsql.Values[int64](t, connection, "select (c ->> 'log_id')::bigint from postern.claim_event_deliveries('hook', $1, $2, 60, $3::text::timestamptz) as c", batch, lease, from)
		if len(got) != batch {
			t.Fatalf("%d deliveries were claimed, want %d", len(got), batch)
		}
		from = testsql.Value[string](t, connection, "select max(d.due_at)::text from postern_internal.event_delivery as d where d.lease = $1", lease)
		testsql.Run(t, connection, "select postern.finish_event_deliveries('hook', $1, $2, array_fill('delivered'::text, array[$3::integer]), array_fill(0.0::double precision, array[$3]), array_fill(''::text, array[$3]))", lease, got, batch)
	}
	const claim = "select postern.claim_event_deliveries('hook', 100, gen_random_uuid(), 60, "
	if got := testsql.Buffers(t, connection, claim+"'"+from+"')"); got > bound {
		t.Errorf("a claim looks at %d pages", got)
	}
	if got := testsql.Buffers(t, connection, claim+"'-infinity')"); got < 2*bound {
		t.Errorf("a claim from the front looks at %d pages only, so that this test says nothing", got)
	}

	// Removing old rows does not get slower either.
	if got := testsql.Buffers(t, connection, "select postern_internal.prune_event_deliveries(10000)"); got > 500 {
		t.Errorf("a removal of nothing looks at %d pages", got)
	}
}
