package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

const (
	foldFirst = "select coalesce(first_id, -1) from postern_internal.fold_posting_combinations()"
	// unfolded lists the names of classes that lack bits for combinations that this snapshot sees.
	unfolded = `
select distinct c.company || ' ' || c.class
  from postern_internal.authority_class as c
  join postern.posting_combination as p on p.company = c.company
  join postern_internal.combination_block as b on b.first_id <= p.posting_combination_id and p.posting_combination_id < b.first_id + b.size
  left join postern_internal.authority_map as m on m.class_id = c.class_id and m.first_id = b.first_id
 where p.posting_combination_id - b.first_id >= coalesce(m.compiled_offset, 0)
 order by 1`
)

// fold does what the event worker does: one block per transaction.
func fold(t *testing.T, database *testdb.Database) (blocks int) {
	t.Helper()
	for after := int64(-1); ; blocks++ {
		next := Value[int64](t, database.Pool, "select coalesce(first_id, -1) from postern_internal.fold_posting_combinations($1)", after)
		if next < 0 {
			return blocks
		}
		if next <= after {
			t.Fatalf("block %d came after block %d", next, after)
		}
		after = next
	}
}

func requireUnfolded(t *testing.T, database *testdb.Database, want ...string) {
	t.Helper()
	if got := Values[string](t, database.Pool, unfolded); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("not folded are %q, want %q", got, want)
	}
}

// Several blocks of two companies are folded. Then nothing is left to do until another combination is created.
func TestCombinationsFoldIntoAllMapsOfTheirCompany(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'C'), postern.add_authority_combination('10', 'C', true, '%7')")
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 700) as n")
	Run(t, database.Pool, "select postern.create_company('20', '20')")
	Run(t, database.Pool, "select postern.posting_combination_id('20', n::text) from generate_series(1, 50) as n")
	if got := Values[string](t, database.Pool, unfolded); len(got) < 3 {
		t.Fatalf("not folded are %q only, so that this test says nothing", got)
	}
	application := database.Login(t, "postern_trusted_app").Connect(t)
	seen := func() (ids []int64) {
		As(t, application, "ANN", func(tx pgx.Tx) {
			ids = Values[int64](t, tx, "select posting_combination_id from postern.posting_combination where get_bit(postern.ledger_map(), posting_combination_id) = 1 order by 1")
		})
		return ids
	}
	before := seen()
	if blocks := fold(t, database); blocks < 4 {
		t.Errorf("%d blocks were folded", blocks)
	}
	requireUnfolded(t, database)
	if after := seen(); fmt.Sprint(after) != fmt.Sprint(before) || len(after) != 70 {
		t.Errorf("ANN sees %d posting combinations, and saw %d", len(after), len(before))
	}
	if blocks := fold(t, database); blocks != 0 {
		t.Errorf("%d blocks were folded again", blocks)
	}
	Run(t, database.Pool, "select postern.posting_combination_id('10', '7007')")
	if blocks := fold(t, database); blocks != 1 {
		t.Errorf("%d blocks were folded for one new combination", blocks)
	}
	requireUnfolded(t, database)
	requireMapsRight(t, database)
	if blocks := fold(t, database); blocks > 0 {
		t.Errorf("%d blocks were folded that had been compiled", blocks)
	}
}

// Folding does not wait for a load that has not ended, and stops nobody from changing rules. What the load has created
// is folded with the rules that apply when it has ended.
func TestFoldingWaitsForNoLoad(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.create_company('20', '20')")
	Run(t, database.Pool, "select postern.posting_combination_id('20', '1')")
	load, folder, changer := begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted)
	Run(t, load, "select postern.posting_combination_id('10', n::text) from generate_series(1, 300) as n")
	Run(t, folder, foldFirst) // of company 20
	if got := Value[int64](t, folder, "select coalesce(first_id, -1) from postern_internal.fold_posting_combinations(0)"); got >= 0 {
		t.Errorf("block %d was folded twice", got)
	}
	Run(t, changer, "select postern.add_authority_combination('10', 'C', true, '1%')")
	commit(t, changer)
	commit(t, load)
	commit(t, folder)
	fold(t, database)
	requireUnfolded(t, database)
	requireMapsRight(t, database)
}

// A class that somebody is changing is skipped, and folded with its new rules in the next round.
func TestFoldingWaitsForNoChangeOfRules(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 100) as n")
	changer := begin(t, database, pgx.ReadCommitted)
	Run(t, changer, "select postern.add_authority_combination('10', 'C', true, '1%')")
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(101, 110) as n")
	folder := begin(t, database, pgx.ReadCommitted)
	Run(t, folder, foldFirst)
	commit(t, folder)
	commit(t, changer)
	requireUnfolded(t, database, "10 C")
	fold(t, database)
	requireUnfolded(t, database)
	requireMapsRight(t, database)
}

// Whoever changes rules waits for one block at most, and then sees what was folded.
func TestRulesChangeAfterAFold(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 100) as n")
	folder := begin(t, database, pgx.ReadCommitted)
	Run(t, folder, foldFirst)
	older := begin(t, database, pgx.RepeatableRead)
	Run(t, older, "select 1")
	commit(t, folder)
	// A snapshot from before the fold does not overwrite its result.
	Fails(t, older, "40001", "select postern.add_authority_combination('10', 'C', true, '1%')")
	Run(t, database.Pool, "select postern.add_authority_combination('10', 'C', true, '1%')")
	requireUnfolded(t, database)
	requireMapsRight(t, database)
}

// A snapshot that is older than the lock may not see everything.
func TestOlderSnapshotsFoldNothing(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.posting_combination_id('10', '1')")
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		tx := begin(t, database, level)
		if got := Value[int64](t, tx, foldFirst); got != -1 {
			t.Errorf("%s: block %d was folded", level, got)
		}
		commit(t, tx)
	}
	fold(t, database)
	requireUnfolded(t, database)
}

// A changed rule writes only the map of its own class.
func TestChangedRuleWritesItsOwnMapOnly(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.create_authority_class('10', 'C' || n) from generate_series(1, 20) as n")
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 700) as n")
	fold(t, database)
	const rows = "select c.class || ' ' || m.first_id || ' ' || m.xmin || ' ' || m.ctid from postern_internal.authority_map as m join postern_internal.authority_class as c using (class_id) where c.class <> 'C7' order by 1"
	before := Values[string](t, database.Pool, rows)
	Run(t, database.Pool, "select postern.add_authority_combination('10', 'C7', true, '1%')")
	if after := Values[string](t, database.Pool, rows); len(before) < 40 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("of %d rows of other classes some were written", len(before))
	}
	requireMapsRight(t, database)
}
