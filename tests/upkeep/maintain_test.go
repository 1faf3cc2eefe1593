// Package upkeep tests what runs by itself from time to time, and that nobody waits for it.
package upkeep_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// maintained is a row of postern.maintain without its words: duty, done, remaining, and whether there is a note.
const maintained = "select format('%s: %s, %s%s', duty, done, remaining, case when note is not null then ', noted' end) from postern.maintain('1 minute')"

const (
	combinations = `
select postern.create_company('10', 'Ten'), postern.create_authority_class('10', 'C'), postern.add_authority_combination('10', 'C', true, '1%');
select postern.posting_combination_id('10', n::text) from generate_series(1, 300) as n;`
	tickets = `
insert into postern_internal.ticket
  (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
select gen_random_uuid(), 'nonce ' || n, 'accepted', '-infinity', 'GONE', 'GONE', 'PIN', 'APP_PAY', false, '', '{}', 'paid',
       clock_timestamp() - case when n <= 10 then interval '2 hours' else interval '4 hours' end
  from generate_series(1, 30) as n;
insert into postern_internal.open_gate (nonce, ticket, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at, session)
select nonce, ticket, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at, '' from postern_internal.ticket;`
	deliveries = `
select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', 'https://hooks.example.com');
insert into postern_internal.event_delivery (event_action_id, log_id, state, finished_at)
select event_action_id, n, (case when n <= 5 then 'dead' else 'delivered' end)::postern_internal.delivery_state,
       clock_timestamp() - case when n <= 20 then interval '31 days' else interval '29 days' end
  from postern_internal.event_action, generate_series(1, 30) as n;`
)

func months(t *testing.T, database *testdb.Database) []string {
	return Values[string](t, database.Pool, "select c.oid::regclass::text from pg_partition_tree('postern_internal.checkpoint_entry') as p join pg_class as c on c.oid = p.relid where p.isleaf and c.relname <> 'checkpoint_entry_default' order by 1")
}

func newBacklog(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	Run(t, database.Pool, combinations+tickets+deliveries)
	for _, month := range months(t, database) {
		Run(t, database.Pool, "drop table "+month)
	}
	return database
}

func requireMaintained(t *testing.T, q Querier, want ...string) {
	t.Helper()
	if got := Values[string](t, q, maintained); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("maintained:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func begin(t *testing.T, database *testdb.Database, sql ...string) pgx.Tx {
	t.Helper()
	tx, err := database.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	for _, one := range sql {
		Run(t, tx, one)
	}
	return tx
}

func TestMaintainDoesEachDuty(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"postern_admin", "postern_sealer", "postern_event_worker"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			database := newBacklog(t)
			blocks := Value[int64](t, database.Pool, "select count(*) from postern_internal.combination_block where company = '10'")
			caller := database.Login(t, role).Connect(t)
			requireMaintained(t, caller, fmt.Sprintf("posting combinations: %d, 0", blocks), "expired tickets: 20, 0", "event deliveries: 15, 0", "log partitions: 4, 0")
			requireMaintained(t, caller, "posting combinations: 0, 0", "expired tickets: 0, 0", "event deliveries: 0, 0", "log partitions: 0, 0")

			if got := Value[int64](t, database.Pool, "select sum(compiled_offset) from postern_internal.authority_map"); got != 600 {
				t.Errorf("%d bits are in the maps of two classes, want 600", got)
			}
			// A ticket that was used two hours ago still keeps its challenge from being answered again.
			if got := Value[int64](t, database.Pool, "select count(*) from postern_internal.ticket join postern_internal.open_gate using (nonce)"); got != 10 {
				t.Errorf("%d tickets are left with their gates, want 10", got)
			}
			if got := Value[int64](t, database.Pool, "select count(*) from postern_internal.open_gate"); got != 10 {
				t.Errorf("%d open gates are left, want 10", got)
			}
			if got := Values[int64](t, database.Pool, "select log_id from postern_internal.event_delivery order by 1"); len(got) != 15 || got[4] != 5 || got[5] != 21 {
				t.Errorf("the deliveries %d are left, want the dead and the recent", got)
			}
			if got := months(t, database); len(got) != 4 {
				t.Errorf("the partitions are %q", got)
			}
		})
	}
}

// What somebody has locked is skipped, and noted if it is a whole table. A transaction that never ends is the worst
// case: an upkeep that waited for it would never return.
func TestMaintainWaitsForNobody(t *testing.T) {
	t.Parallel()
	database := newBacklog(t)
	blocks := Value[int64](t, database.Pool, "select count(*) from postern_internal.combination_block where company = '10'")
	caller := database.Connect(t)
	Run(t, caller, "set statement_timeout = '1 min'")

	rows := begin(t, database,
		"select postern.add_authority_combination('10', 'C', true, '2%')",
		"select from postern_internal.ticket where nonce in ('nonce 11', 'nonce 12') for update",
		"select from postern_internal.event_delivery where log_id = 6 for update",
		"select from postern_internal.checkpoint_entry")
	requireMaintained(t, caller, fmt.Sprintf("posting combinations: 0, %d", blocks), "expired tickets: 18, 2", "event deliveries: 14, 1", "log partitions: 0, 4, noted")
	if err := rows.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	tables := begin(t, database,
		"lock table postern_internal.open_gate, postern_internal.combination_block in share row exclusive mode")
	requireMaintained(t, caller, fmt.Sprintf("posting combinations: 0, %d, noted", blocks), "expired tickets: 0, 2, noted", "event deliveries: 1, 0", "log partitions: 4, 0")
	if err := tables.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireMaintained(t, caller, fmt.Sprintf("posting combinations: %d, 0", blocks), "expired tickets: 2, 0", "event deliveries: 0, 0", "log partitions: 0, 0")
}

// While somebody adds a partition, nobody can read what remains. What was done stays done.
func TestMaintainKeepsItsWorkBesideNewPartitions(t *testing.T) {
	t.Parallel()
	database := newBacklog(t)
	blocks := Value[int64](t, database.Pool, "select count(*) from postern_internal.combination_block where company = '10'")
	begin(t, database, "lock table postern_internal.checkpoint_entry_default in access exclusive mode")
	requireMaintained(t, database.Pool, fmt.Sprintf("posting combinations: %d, ", blocks), "expired tickets: 20, ", "event deliveries: 15, ", "log partitions: 0, , noted")
	if left := Value[int64](t, database.Pool, "select count(*) from postern_internal.ticket where nonce like 'nonce %'"); left != 10 {
		t.Errorf("%d tickets are left, want the 10 that are not old enough", left)
	}
}

// A class that somebody is changing for hours delays only blocks of its own company.
func TestALockedClassDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	Run(t, database.Pool, combinations)
	Run(t, database.Pool, strings.ReplaceAll(combinations, "'10'", "'20'"))
	begin(t, database, "select postern.add_authority_combination('10', 'C', true, '2%')")
	caller := database.Connect(t)
	// One step of each duty, repeated.
	for range 8 {
		Run(t, caller, "select postern.maintain('0')")
	}
	const left = "select distinct company from postern_internal.combination_block where company is not null and folded < 1"
	if got := Values[string](t, database.Pool, left); len(got) != 1 || got[0] != "10" {
		t.Errorf("not folded are the companies %q, want only 10", got)
	}
}

// Eight callers at once do everything once, and none fails.
func TestManyMaintainAtOnce(t *testing.T) {
	t.Parallel()
	database := newBacklog(t)
	Run(t, database.Pool, `
insert into postern_internal.ticket
  (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
select gen_random_uuid(), 'nonce ' || n % 1000, 'denied', '-infinity', 'GONE', 'GONE', 'PIN', 'APP_PAY', false, '', '{}', 'paid', clock_timestamp() - interval '1 day'
  from generate_series(1, 20000) as n`)
	due := Value[int64](t, database.Pool, "select count(*) from postern_internal.ticket where expires_at < clock_timestamp() - interval '3 hours'")
	done := make([]int64, 8)
	var wait sync.WaitGroup
	for caller := range done {
		connection := database.Connect(t)
		wait.Go(func() {
			for range 5 {
				var tickets int64
				if err := connection.QueryRow(context.WithoutCancel(t.Context()), "select done from postern.maintain('0') where duty = 'expired tickets'").Scan(&tickets); err != nil {
					t.Error(err)
				}
				done[caller] += tickets
			}
		})
	}
	wait.Wait()
	total := int64(0)
	for _, one := range done {
		total += one
	}
	if total != due {
		t.Errorf("%d tickets were deleted by %v, want %d", total, done, due)
	}
	requireMaintained(t, database.Pool, "posting combinations: 0, 0", "expired tickets: 0, 0", "event deliveries: 0, 0", "log partitions: 0, 0")
}

// An upkeep that has done its work and does not end delays nobody who approves, passes gates or posts. Only missing
// months are different: they come last because of their locks on the log.
func TestNobodyWaitsForMaintain(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	Run(t, database.Pool, combinations+tickets+deliveries+`
select postern.create_user('ANN', 'Ann');
select postern.reset_pin('ANN', '739154'), postern.grant_company('ANN', '10');
update postern_internal.credential set must_change = false where userid = 'ANN';
select postern.register_gate('APP_PAY', 'Pay', 'Paid', '{}', true)`)
	begin(t, database, "select postern.maintain()")

	application := database.Login(t, "postern_trusted_app").Connect(t)
	Run(t, application, "set lock_timeout = '10 s'")
	var challenge, ticket string
	As(t, application, "ANN", func(tx pgx.Tx) { challenge = Value[string](t, tx, "select postern.challenge('APP_PAY')") })
	err := pgx.BeginFunc(t.Context(), application, func(tx pgx.Tx) error {
		Run(t, tx, "select postern.assume_user('ANN')")
		ticket = Value[string](t, tx, "select postern.authenticate($1, 'ANN', '739154')::text", challenge)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	As(t, application, "ANN", func(tx pgx.Tx) {
		Run(t, tx, "select postern.open_gates($1::uuid)", ticket)
		Run(t, tx, "select postern.checkpoint('APP_PAY', '{}')")
		Run(t, tx, "select postern.posting_combination_id('10', 'new')")
	})
}

// A snapshot that is older than a lock may not see everything that has to be compiled. Everything else is done.
func TestMaintainFoldsNothingForAnOldSnapshot(t *testing.T) {
	t.Parallel()
	database := newBacklog(t)
	blocks := Value[int64](t, database.Pool, "select count(*) from postern_internal.combination_block where company = '10'")
	old := begin(t, database, "set transaction isolation level repeatable read")
	requireMaintained(t, old, fmt.Sprintf("posting combinations: 0, %d, noted", blocks), "expired tickets: 20, 0", "event deliveries: 15, 0", "log partitions: 4, 0")
}

func TestMaintainSaysThatItCannotWrite(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	reader := begin(t, database, "set transaction read only")
	Fails(t, reader, "25006", "select postern.maintain()")
}
