package seal_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// month is the first moment of a month; ago counts months back from this one.
func month(ago int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()-time.Month(ago), 1, 0, 0, 0, 0, time.UTC)
}

// partition is the table with the log of a month; ago counts months back from this one.
func partition(ago int) string {
	return "postern_internal.checkpoint_entry_" + month(ago).Format("2006_01")
}

const insertAt = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at)
select 'passed', 'APP_PAY', 'ALICE', 'Invoice ' || n || ' paid', '{}', $1::timestamptz + n * interval '1 second' from generate_series(1, $2::integer) as n`

// oldLog is a log with 10 entries in each of the last months except this one, oldest first, sealed and exported.
func oldLog(t *testing.T, months int) *sealedLog {
	t.Helper()
	l := newSealedLog(t)
	for ago := months; ago > 0; ago-- {
		testsql.Run(t, l.Pool, insertAt, month(ago), 10)
	}
	l.write(t, 10)
	l.seal(t, int64(10*months+10))
	l.export(t)
	return l
}

// export exports all entries with proofs and discards them, and records that they are safe.
func (l *sealedLog) export(t *testing.T) {
	t.Helper()
	exporter := &seal.Exporter{Heads: l.heads(t)}
	if _, err := exporter.Export(t.Context(), l.sealer, func(any) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := exporter.Keep(t.Context(), l.sealer); err != nil {
		t.Fatal(err)
	}
}

func (l *sealedLog) drop(t *testing.T, admin *pgx.Conn, before time.Time, timeout time.Duration) (seal.Dropped, error) {
	t.Helper()
	return seal.Drop(t.Context(), admin, l.key, []*seal.Heads{l.heads(t)}, before, timeout)
}

func (l *sealedLog) admin(t *testing.T) *pgx.Conn {
	t.Helper()
	return l.Login(t, "postern_admin").Connect(t)
}

func exists(t *testing.T, l *sealedLog, table string) bool {
	t.Helper()
	return testsql.Value[bool](t, l.Pool, "select to_regclass($1) is not null", table)
}

func TestDropTakesWholeMonths(t *testing.T) {
	t.Parallel()
	l := oldLog(t, 4)
	admin := l.admin(t)
	// In the middle of the third month.
	done, err := l.drop(t, admin, month(2).AddDate(0, 0, 14), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	name := func(ago int) string { return month(ago).Format("2006-01") }
	if done.Entries != 20 || strings.Join(done.Months, " ") != name(4)+" "+name(3) {
		t.Errorf("dropped were %+v", done)
	}
	if len(done.Kept) != 1 || done.Kept[0].Month != name(2) || !strings.Contains(done.Kept[0].Reason, "it ends on "+month(1).Format(time.DateOnly)) {
		t.Errorf("kept were %+v", done.Kept)
	}
	if exists(t, l, partition(4)) || exists(t, l, partition(3)) || !exists(t, l, partition(2)) {
		t.Error("other partitions are gone")
	}
	if got := testsql.Value[string](t, l.Pool, "select string_agg(to_char(since at time zone 'UTC', 'YYYY-MM') || ' ' || dropped_by, ',' order by since) from postern_internal.log_drop"); got != name(4)+" "+admin.Config().User+","+name(3)+" "+admin.Config().User {
		t.Errorf("log_drop says %s", got)
	}

	verdict := l.verify(t)
	if verdict.Total > 0 || verdict.Leaves != 50 || verdict.Dropped != 20 {
		t.Errorf("verify returns %+v", verdict)
	}
	// Proofs of what is left stay valid, before and behind new leaves.
	for _, unsealed := range []int64{5, 3} { // each month that was dropped is a change of the administration
		if _, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 21, nil); err != nil {
			t.Error(err)
		}
		if _, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 20, nil); err == nil || !strings.Contains(err.Error(), "dropped") {
			t.Errorf("proof of a dropped entry: %v", err)
		}
		l.write(t, 3)
		l.seal(t, unsealed)
	}

	// Verification reports a month that a superuser has dropped, but not one that an administrator has dropped.
	testsql.Run(t, l.Pool, "drop table "+partition(2))
	verdict = l.verify(t)
	for logID := int64(21); logID <= 30; logID++ {
		requireFinding(t, verdict, seal.EntryMissing, logID)
	}
	if verdict.Total != 10 {
		t.Errorf("%d findings, want 10:\n%s", verdict.Total, messages(verdict))
	}
}

func TestDropLeavesWhatCannotBeProven(t *testing.T) {
	t.Parallel()
	silently := "set session_replication_role = replica; "
	for name, test := range map[string]struct{ change, reason string }{
		"changed":          {silently + "update postern_internal.checkpoint_entry set comment = 'x' where log_id = 5", "not what was sealed: 1"},
		"made NULL":        {"alter table postern_internal.checkpoint_entry alter salt drop not null; " + silently + "update postern_internal.checkpoint_entry set salt = null where log_id = 5", "not what was sealed: 1"},
		"moved here":       {silently + "update postern_internal.checkpoint_entry set logged_at = (select logged_at from postern_internal.checkpoint_entry where log_id = 5) where log_id = 25", "not what was sealed: 1"},
		"added":            {silently + "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at) select 'passed', 'X', 'X', 'X', '{}', e.logged_at from postern_internal.checkpoint_entry as e where e.log_id <= 2", "entries not under a signed head: 2, not exported with proofs: 2"},
		"a leaf removed":   {silently + "delete from postern_internal.leaf where log_id = 5", "entries not under a signed head: 1, not exported with proofs: 1"},
		"heads removed":    {silently + "delete from postern_internal.tree_head", "entries not under a signed head: 10"},
		"no export":        {silently + "delete from postern_internal.log_export", "not exported with proofs: 10"},
		"an export before": {silently + "update postern_internal.log_export set tree_size = 7", "not exported with proofs: 3"},
		"half an export":   {silently + "update postern_internal.log_export set since = (select logged_at from postern_internal.checkpoint_entry where log_id = 5)", "not exported with proofs: 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := oldLog(t, 2)
			if _, err := l.Connect(t).PgConn().Exec(t.Context(), test.change).ReadAll(); err != nil {
				t.Fatal(err)
			}
			before := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.checkpoint_entry")
			done, err := l.drop(t, l.admin(t), month(1), time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if len(done.Months) > 0 || done.Entries > 0 || len(done.Kept) != 1 || done.Kept[0].Reason != test.reason {
				t.Errorf("%+v, want the reason %q", done, test.reason)
			}
			if after := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.checkpoint_entry"); after != before {
				t.Errorf("%d entries of %d are left", after, before)
			}
		})
	}
}

func TestDropRefusesWhatItCannotSee(t *testing.T) {
	t.Parallel()
	l := oldLog(t, 1)
	admin := l.admin(t)
	for name, test := range map[string]struct{ statement, code string }{
		"no time":               {"select postern.drop_log(null)", "PS107"},
		"a time to come":        {"select postern.drop_log(now() + interval '1 minute')", "PS107"},
		"no end":                {"select postern.drop_log('infinity')", "PS107"},
		"a long wait":           {"select postern.drop_log(now(), '61 minutes')", "PS107"},
		"a wait below nothing":  {"select postern.drop_log(now(), '-1 second')", "PS107"},
		"an older snapshot":     {"begin isolation level repeatable read; select postern.drop_log(now())", "25001"},
		"a serial one":          {"begin isolation level serializable; select postern.drop_log(now())", "25001"},
		"before there was time": {"select postern.drop_log('-infinity')", ""},
	} {
		_, err := admin.PgConn().Exec(t.Context(), test.statement).ReadAll()
		if testdb.Code(err) != test.code {
			t.Errorf("%s: got %v, want the code %q", name, err, test.code)
		}
		testsql.Run(t, admin, "rollback")
	}
	l.requireIntact(t, 20)
}

// One session that is idle in a transaction has written to the log, and another one has read it. Dropping gives up;
// neither writers nor readers notice.
func TestDropMakesNobodyWait(t *testing.T) {
	for name, statement := range map[string]string{
		"a writer": "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'X', 'X', 'X', '{}')",
		"a reader": "select count(*) from postern_internal.checkpoint_entry",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := oldLog(t, 1)
			admin := l.admin(t)
			idle := l.Connect(t)
			testsql.Run(t, idle, "begin")
			testsql.Run(t, idle, statement)
			business := l.Connect(t)
			testsql.Run(t, business, "set statement_timeout = '8 s'")
			var failure error
			var wait sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			written := 0
			wait.Go(func() {
				for ctx.Err() == nil && failure == nil {
					_, failure = business.Exec(context.WithoutCancel(ctx), insert, 1)
					written++
				}
			})
			_, err := l.drop(t, admin, month(0), 10*time.Second)
			stop()
			wait.Wait()
			refusal := testdb.RequireCode(t, err, "55P03")
			// A role that has every name quoted gets the same message.
			_, who, _ := strings.Cut(refusal.Hint, "run: ")
			testsql.Run(t, business, "set quote_all_identifiers = on")
			rows, err := business.Query(t.Context(), who)
			if err != nil {
				t.Fatal(err)
			}
			holders := map[uint32]bool{}
			for rows.Next() {
				holder, err := pgx.RowToMap(rows)
				if err != nil {
					t.Fatal(err)
				}
				holders[uint32(holder["pid"].(int32))] = true
			}
			if rows.Err() != nil || !holders[idle.PgConn().PID()] {
				t.Errorf("the hint finds %v, not %d: %v", holders, idle.PgConn().PID(), rows.Err())
			}
			if failure != nil || written < 5 {
				t.Errorf("after %d transactions, one failed: %v", written, failure)
			}
			if !exists(t, l, partition(1)) {
				t.Error("the partition is gone")
			}
			testsql.Run(t, idle, "rollback")
			if done, err := l.drop(t, admin, month(0), time.Second); err != nil || done.Entries != 10 {
				t.Errorf("the drop is %+v; error: %v", done, err)
			}
		})
	}
}

// An interval of a year less 360 days compares as nothing, and added to a time it is five days.
func TestWaitsTakeNoLongerThanTheyCompare(t *testing.T) {
	t.Parallel()
	const timeout = "interval '1 year -360 days'"
	l := oldLog(t, 1)
	idle := l.Connect(t)
	testsql.Run(t, idle, "begin; select count(*) from postern_internal.checkpoint_entry")
	for name, test := range map[string]struct {
		by         *pgx.Conn
		call, code string
	}{
		"for a lock": {l.admin(t), "select postern.drop_log('" + month(0).Format(time.RFC3339) + "', " + timeout + ")", "55P03"},
		"for a seal": {l.Connect(t), "select postern.wait_sealed(1000000, " + timeout + ")", ""},
	} {
		testsql.Run(t, test.by, "set statement_timeout = '5 s'")
		_, err := test.by.PgConn().Exec(t.Context(), test.call).ReadAll()
		if testdb.Code(err) != test.code {
			t.Errorf("%s: got %v, want the code %q", name, err, test.code)
		}
	}
	if !testsql.Value[bool](t, l.Connect(t), "select now() + "+timeout+" > now() + interval '4 days' and postern_internal.deadline("+timeout+") <= clock_timestamp()") {
		t.Error("the deadline is later than now")
	}
}

// No business transaction fails because of a missing partition.
func TestEntriesOfMonthsWithoutAPartition(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, "drop table "+partition(0)+", "+partition(-1)+", "+partition(-2)+", "+partition(-3))
	l.write(t, 5)
	// insertAt adds a second.
	for _, moment := range []string{"1969-12-31 23:59:58.999999+00", "2001-02-28 23:59:58.999999+00", "2999-12-31 23:59:58.999999+00", "2999-12-31 23:59:59+00", "infinity"} {
		testsql.Run(t, l.Pool, insertAt, moment, 1)
	}
	testsql.Run(t, l.Pool, insertAt, month(2), 30)
	const where = "select string_agg(distinct replace(tableoid::regclass::text, 'postern_internal.checkpoint_entry_', ''), ' ') from postern_internal.checkpoint_entry"
	if got := testsql.Value[string](t, l.Pool, where); got != "default" {
		t.Fatalf("entries are in %s", got)
	}
	l.seal(t, 40) // this creates the partitions
	l.requireIntact(t, 40)
	if got := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.checkpoint_entry_default"); got != 3 {
		t.Errorf("%d entries are in the default partition, want the three of no clock's time", got)
	}
	for _, ago := range []int{2, 0, -1, -2, -3} {
		if !exists(t, l, partition(ago)) {
			t.Errorf("there is no %s", partition(ago))
		}
	}
	// Moved entries are protected as before.
	for _, table := range []string{"postern_internal.checkpoint_entry_default", partition(0), partition(2)} {
		for _, change := range []string{"delete from " + table, "update " + table + " set message = 'x'", "truncate " + table} {
			_, err := l.Pool.Exec(t.Context(), change)
			testdb.RequireCode(t, err, "55000")
		}
	}

	// A month with many entries is left until somebody allows it.
	testsql.Run(t, l.Pool, insertAt, month(5), 20)
	if made := testsql.Value[int](t, l.Pool, "select postern.create_log_partitions(19)"); made != 0 {
		t.Errorf("%d partitions were made", made)
	}
	if made := testsql.Value[int](t, l.Pool, "select postern.create_log_partitions(null)"); made != 1 {
		t.Errorf("%d partitions were made", made)
	}
	l.seal(t, 20)
	l.export(t)
	if done, err := l.drop(t, l.admin(t), month(1), time.Second); err != nil || done.Entries != 51 || len(done.Kept) != 1 || done.Kept[0].Month != "default" || done.Kept[0].Reason != "entries in no month's partition: 1" {
		t.Errorf("the drop is %+v; error: %v", done, err)
	}
}

func TestPartitionsAreMadeOnce(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, "drop table "+partition(0)+", "+partition(-1)+", "+partition(-2)+", "+partition(-3))
	l.write(t, 1000)
	var wait sync.WaitGroup
	made := make([]int32, 8)
	for number := range made {
		connection := l.Connect(t)
		wait.Go(func() {
			var err error
			made[number], err = query.New(connection).CreateLogPartitions(context.WithoutCancel(t.Context()))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	total := int32(0)
	for _, one := range made {
		total += one
	}
	if total != 4 {
		t.Errorf("%v partitions were made, want 4 in all", made)
	}
	l.seal(t, 1000)
	l.requireIntact(t, 1000)
}

// A session that reads the log for hours prevents a partition, but nobody's writing and sealing.
func TestSealingDoesNotNeedPartitions(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, "drop table "+partition(0))
	l.write(t, 5)
	reader := l.Connect(t)
	testsql.Run(t, reader, "begin")
	testsql.Run(t, reader, "select from postern_internal.checkpoint_entry")
	l.seal(t, 5)
	if exists(t, l, partition(0)) {
		t.Error("the partition was made under a reader's eyes")
	}
	testsql.Run(t, reader, "commit")
	l.seal(t, 0)
	if !exists(t, l, partition(0)) {
		t.Error("the partition was not made")
	}
	l.requireIntact(t, 5)
}

// A month that was detached is not silently created again.
func TestDetachedMonthIsNotReplaced(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 5)
	l.seal(t, 5)
	testsql.Run(t, l.Pool, "alter table postern_internal.checkpoint_entry detach partition "+partition(0))
	l.write(t, 5)
	entries, err := l.trySeal(t)
	testdb.RequireCode(t, err, "55000")
	if entries != 5 {
		t.Errorf("%d entries were sealed, want 5 nevertheless", entries)
	}
	requireFinding(t, l.verify(t), seal.EntryMissing, 1)
	testsql.Run(t, l.Pool, "alter table "+partition(0)+" rename to detached")
	testsql.Run(t, l.Pool, "set role postern_owner; select postern.create_log_partitions()")
	testsql.Run(t, l.Pool, "insert into postern_internal.checkpoint_entry overriding system value select * from postern_internal.detached")
	l.requireIntact(t, 10)
}
