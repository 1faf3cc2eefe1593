package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// begin starts a transaction as the superuser, and rolls it back at the end of the test if it is still open.
func begin(t *testing.T, database *testdb.Database, level pgx.TxIsoLevel) pgx.Tx {
	t.Helper()
	tx, err := database.Connect(t).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	Run(t, tx, "set local lock_timeout = '5s'") // a session that would wait for ever fails
	return tx
}

func commit(t *testing.T, tx pgx.Tx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// requireMapsRight compares every class's map with its rules, for all posting combinations of its company, and checks
// the invariants of blocks.
func requireMapsRight(t *testing.T, database *testdb.Database) {
	t.Helper()
	Run(t, database.Pool, "select postern.compile_authority_maps()")
	if wrong := Values[string](t, database.Pool, `
select format('class %s, id %s: %s by its rules', c.class, p.posting_combination_id, e.allowed)
  from postern.posting_combination as p
  join postern_internal.authority_class as c on c.company = p.company
  join postern_internal.combination_block as b on b.first_id <= p.posting_combination_id and p.posting_combination_id < b.first_id + b.size
 cross join lateral (select postern_internal.class_allows(c.class_id, array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]) as allowed) as e
  left join postern_internal.authority_map as m on m.class_id = c.class_id and m.first_id = b.first_id
 where e.allowed is distinct from (get_bit(m.bits, p.posting_combination_id - b.first_id) = 1)`); len(wrong) > 0 {
		t.Errorf("%d bits are wrong: %s", len(wrong), wrong[0])
	}
	requireBlocksRight(t, database)
}

// requireBlocksRight checks that each id is in one block, each block belongs to one company or to none, and its ids are
// dense.
func requireBlocksRight(t *testing.T, database *testdb.Database) {
	t.Helper()
	if torn := Values[int64](t, database.Pool, `
select b.first_id
  from (select b.first_id, lag(b.first_id + b.size, 1, 0::bigint) over (order by b.first_id) as end_before from postern_internal.combination_block as b) as b
 where b.first_id <> b.end_before`); len(torn) > 0 {
		t.Errorf("ids in no block, or in two, before %v", torn)
	}
	if wrong := Values[string](t, database.Pool, `
select format('block %s, %s ids, %s given, counted %s: %s to %s', b.first_id, count(p), b.given, b.counted, min(p.posting_combination_id), max(p.posting_combination_id))
  from postern_internal.combination_block as b
  left join postern.posting_combination as p on p.posting_combination_id >= b.first_id and p.posting_combination_id < b.first_id + b.size
 group by b.first_id
having max(p.posting_combination_id) - b.first_id + 1 <> count(p) or b.given > count(p) or b.counted and b.given <> count(p)
       or count(p) filter (where p.company is distinct from b.company) > 0`); len(wrong) > 0 {
		t.Errorf("blocks that are not as they say: %v", wrong)
	}
}

func TestWritersOfDifferentCombinationsDoNotWait(t *testing.T) {
	database := newScene(t)
	ids := []int64{}
	for n := range 8 { // none of them ends before the last one has its id
		ids = append(ids, Value[int64](t, begin(t, database, pgx.ReadCommitted), "select postern.posting_combination_id('10', $1)", fmt.Sprint(n)))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 8 {
		t.Errorf("eight code strings have the ids %v", ids)
	}
}

func TestBlocksAreSharedByThoseWhoTakeTurns(t *testing.T) {
	database := newScene(t)
	for n := range 20 {
		Run(t, database.Pool, "select postern.posting_combination_id('10', $1)", fmt.Sprint(n))
	}
	if got := Value[int](t, database.Pool, "select count(*) from postern_internal.combination_block where company is not null"); got != 1 {
		t.Errorf("%d blocks were taken, want 1", got)
	}
}

// Anybody may write the setting that remembers a transaction's last id. Still no id is skipped or given twice.
func TestForgedLastCombinationSkipsNoID(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.create_company('30', 'Another'), postern.posting_combination_id('30', '1')")
	tx := begin(t, database, pgx.ReadCommitted)
	for n, forged := range []string{"", "0", "-1", "128", "131", "255", "256", "384", "999999999999999999", "9223372036854775808", "1e5", "x", " ", "129\n"} {
		Run(t, tx, "select set_config('postern.last_combination', $1, $2)", forged, n%2 == 0)
		Run(t, tx, "savepoint before")
		Run(t, tx, "select postern.posting_combination_id('10', 'taken back'), postern.posting_combination_id('30', 'taken back')")
		Run(t, tx, "rollback to before")
		Run(t, tx, "select postern.posting_combination_id('10', $1), postern.posting_combination_id('30', $1)", fmt.Sprint("code ", n))
	}
	commit(t, tx)
	requireMapsRight(t, database)
}

func TestOneCodeStringHasOneID(t *testing.T) {
	database := newScene(t)
	var group sync.WaitGroup
	got := make([]int64, 8)
	for n := range got {
		group.Go(func() {
			for code := range 20 {
				if err := database.Pool.QueryRow(t.Context(), "select postern.posting_combination_id('10', $1)", fmt.Sprint(code)).Scan(&got[n]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if len(slices.Compact(got)) != 1 {
		t.Errorf("ids of one code string: %v", got)
	}
	if count := Value[int](t, database.Pool, "select count(*) from postern.posting_combination"); count != 20 {
		t.Errorf("20 code strings have %d posting combinations", count)
	}
	requireMapsRight(t, database)
}

// A snapshot that is too old to see a code string, or an id, gets a serialization failure instead of a second id.
func TestOldSnapshotFailsInsteadOfGivingAnotherID(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.posting_combination_id('10', 'before')")
	for _, code := range []string{"1", "2"} {
		old := begin(t, database, pgx.RepeatableRead)
		Run(t, old, "select 1")
		Run(t, database.Pool, "select postern.posting_combination_id('10', '1'), postern.posting_combination_id('10', 'next')")
		if _, err := old.Exec(t.Context(), "select postern.posting_combination_id('10', $1)", code); err != nil && testdb.Code(err) != "40001" {
			t.Error(err)
		} else if err == nil {
			commit(t, old)
		}
	}
	requireMapsRight(t, database)
}

// Two transactions change one class. The second one waits, and compiles the changes of both.
func TestNoRuleIsLost(t *testing.T) {
	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead} {
		t.Run(string(level), func(t *testing.T) {
			database := newScene(t)
			Run(t, database.Pool, "select postern.posting_combination_id('10', code) from unnest(array['1', '2', '3']) as code")
			first, second := begin(t, database, level), begin(t, database, level)
			Run(t, second, "select 1")
			Run(t, first, "select postern.add_authority_combination('10', 'C', true, '1')")
			done := make(chan error)
			go func() {
				_, err := second.Exec(t.Context(), "select postern.add_authority_combination('10', 'C', true, '2')")
				done <- err
			}()
			select {
			case err := <-done:
				t.Fatalf("the second did not wait: %v", err)
			case <-time.After(200 * time.Millisecond):
			}
			commit(t, first)
			if err := <-done; level == pgx.RepeatableRead {
				if testdb.Code(err) != "40001" {
					t.Errorf("got %v, want a serialization failure", err)
				}
			} else if err != nil {
				t.Error(err)
			} else {
				commit(t, second)
			}
			requireMapsRight(t, database)
		})
	}
}

// Combinations created while rules are compiled are in no compiled map, but in every answer.
func TestNoCombinationIsLost(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'C')")
	application := database.Login(t, "postern_trusted_app").Connect(t)
	allowed := func(id int64) string {
		var answer string
		As(t, application, "ANN", func(tx pgx.Tx) {
			answer = Value[string](t, tx, "select authorize_comb_finance_api.is_allowed('10', $1)", id) +
				Value[string](t, tx, "select get_bit(postern.ledger_map(), $1)::text", id)
		})
		return answer
	}
	creator, changer := begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted)
	id := Value[int64](t, creator, "select postern.posting_combination_id('10', '1')")
	Run(t, changer, "select postern.add_authority_combination('10', 'C', true, '1')") // does not see it
	commit(t, creator)
	if got := allowed(id); got != "FALSE0" {
		t.Errorf("before the rule: %s", got)
	}
	commit(t, changer)
	if got := allowed(id); got != "TRUE1" {
		t.Errorf("after the rule: %s", got)
	}
	requireMapsRight(t, database)
	if got := allowed(id); got != "TRUE1" {
		t.Errorf("after the compilation, allowed is %s", got)
	}
}

// A block is counted while combinations are created. No snapshot sees both a count and a combination beyond it.
func TestCountedBlockHasNoOtherCombinations(t *testing.T) {
	t.Run("compiled", func(t *testing.T) { requireCountedBlocksRight(t, "select postern.compile_authority_maps()") })
	t.Run("folded", func(t *testing.T) {
		requireCountedBlocksRight(t, `
do $$
declare
  block bigint;
begin
  loop
    block := (select f.first_id from postern_internal.fold_posting_combinations(block) as f);
    exit when block is null;
  end loop;
end
$$`)
	})
}

func requireCountedBlocksRight(t *testing.T, compile string) {
	const create = "select postern.posting_combination_id('10', $1)"
	for _, test := range []struct {
		name    string
		counted bool // before the test changes anything
		happens func(*testing.T, *testdb.Database)
	}{
		{"one comes", true, func(t *testing.T, database *testdb.Database) {
			Run(t, database.Pool, create, "new")
		}},
		{"one comes while maps are compiled", true, func(t *testing.T, database *testdb.Database) {
			creator, compiler := begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted)
			Run(t, creator, create, "new")
			Run(t, compiler, compile)
			commit(t, creator)
			commit(t, compiler)
		}},
		{"one comes while they are compiled, where others came before", false, func(t *testing.T, database *testdb.Database) {
			creator, compiler := begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted)
			Run(t, creator, create, "new")
			Run(t, compiler, compile)
			commit(t, compiler)
			commit(t, creator)
		}},
		{"one comes after they were compiled and before that is committed", false, func(t *testing.T, database *testdb.Database) {
			compiler := begin(t, database, pgx.ReadCommitted)
			Run(t, compiler, compile)
			Run(t, database.Pool, create, "new")
			commit(t, compiler)
		}},
		{"one comes that an older snapshot compiles without", false, func(t *testing.T, database *testdb.Database) {
			compiler := begin(t, database, pgx.RepeatableRead)
			Run(t, compiler, "select 1")
			Run(t, database.Pool, create, "new")
			Run(t, compiler, compile)
			commit(t, compiler)
		}},
		{"one is taken back, another comes", true, func(t *testing.T, database *testdb.Database) {
			creator := begin(t, database, pgx.ReadCommitted)
			Run(t, creator, "savepoint before")
			Run(t, creator, create, "taken back")
			Run(t, creator, "rollback to before")
			Run(t, creator, create, "new")
			commit(t, creator)
		}},
		{"one comes and they are compiled in one transaction, then another", true, func(t *testing.T, database *testdb.Database) {
			creator := begin(t, database, pgx.ReadCommitted)
			Run(t, creator, create, "other")
			Run(t, creator, compile)
			Run(t, creator, create, "new")
			commit(t, creator)
		}},
		{"a class comes that knows less", false, func(t *testing.T, database *testdb.Database) {
			changer := begin(t, database, pgx.ReadCommitted)
			Run(t, changer, "select postern.create_authority_class('10', 'LATE'), postern.add_authority_combination('10', 'LATE', true)")
			Run(t, changer, "select postern.set_user_authority_class('10', 'ANN', 'LATE')")
			Run(t, database.Pool, create, "new")
			Run(t, database.Pool, compile)
			commit(t, changer)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			database := newScene(t)
			Run(t, database.Pool, "select postern.add_authority_combination('10', 'C', true), postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'C')")
			Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 300) as n")
			Run(t, database.Pool, compile)
			if !test.counted {
				Run(t, database.Pool, create, "before")
			}
			if got := Value[bool](t, database.Pool, "select counted from postern_internal.combination_block where company is not null order by first_id desc limit 1"); got != test.counted {
				t.Fatalf("the block is counted: %v", got)
			}
			test.happens(t, database)
			application := database.Login(t, "postern_trusted_app").Connect(t)
			for _, state := range []string{"as it is", "compiled"} {
				As(t, application, "ANN", func(tx pgx.Tx) {
					if hidden := Values[string](t, tx, "select code_a from postern.posting_combination where get_bit(postern.ledger_map(), posting_combination_id) = 0"); len(hidden) > 0 {
						t.Errorf("%s, not in the map: %v", state, hidden)
					}
				})
				requireMapsRight(t, database)
			}
			if !Value[bool](t, database.Pool, "select bool_and(counted) from postern_internal.combination_block where company is not null") {
				t.Error("a block is not counted after compiling")
			}
		})
	}
}

// A reader sees the rules from before a change or from after it: never a mix, and never a map without its rules.
func TestReadersSeeOneState(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, `
select postern.posting_combination_id('10', (1000 + n)::text) from generate_series(1, 200) as n;
select postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'C'), postern.add_authority_combination('10', 'C', true, '1_1_');
create table public.ledger_row (company text not null, posting_combination_id bigint not null,
  foreign key (company, posting_combination_id) references postern.posting_combination (company, posting_combination_id));
insert into public.ledger_row select company, posting_combination_id from postern.posting_combination;
select postern.protect_ledger('public.ledger_row');
grant select on public.ledger_row to public`)
	stop, stopped := make(chan struct{}), make(chan error)
	go func() { // one rule or the other, never both or none
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			for _, change := range [][2]string{{"1_1_", "1_0_"}, {"1_0_", "1_1_"}} {
				if _, err := database.Pool.Exec(t.Context(), `
select postern.add_authority_combination('10', 'C', true, $2),
       postern.remove_authority_combination((select rule_id from postern.authority_combination where class = 'C' and code_a = $1))`, change[0], change[1]); err != nil {
					stopped <- err
					return
				}
			}
		}
	}()
	application := database.Login(t, "postern_trusted_app").Connect(t)
	states := map[string]int{}
	for range 200 {
		As(t, application, "ANN", func(tx pgx.Tx) {
			states[Value[string](t, tx, `
select count(*) filter (where code_a like '1_1_') || ' ' || count(*) filter (where code_a like '1_0_')
  from public.ledger_row join postern.posting_combination using (company, posting_combination_id)`)]++
		})
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	for state := range states {
		if state != "20 0" && state != "0 20" {
			t.Errorf("a reader saw %s, want the rules before or after a change", state)
		}
	}
	if len(states) < 2 {
		t.Errorf("the readers saw no change: %v", states)
	}
	requireMapsRight(t, database)
}

func TestFullBlockIsFollowedByAnother(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.add_authority_combination('10', 'C', true, '%3%'), postern.set_user_authority_class('10', 'ANN', 'C')")
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 32800) as n")
	if got := Values[bool](t, database.Pool, "select given = size from postern_internal.combination_block where company is not null order by size, first_id"); !slices.Equal(got, []bool{true, true, true, true, false}) {
		t.Errorf("whether the blocks are full: %v", got)
	}
	application := database.Login(t, "postern_trusted_app").Connect(t)
	count := func() (compiled string) {
		As(t, application, "ANN", func(tx pgx.Tx) {
			compiled = Value[string](t, tx, "select bit_count(postern.ledger_map())::text")
		})
		return compiled
	}
	if got := count(); got != "32800" {
		t.Errorf("without row security: %s", got)
	}
	Run(t, database.Pool, "select postern.set_row_level_security('10', true)")
	want := Value[string](t, database.Pool, "select count(*)::text from generate_series(1, 32800) as n where n::text like '%3%'")
	if got := count(); got != want {
		t.Errorf("before compiling: %s, want %s", got, want)
	}
	requireMapsRight(t, database)
	if got := count(); got != want {
		t.Errorf("after the compilation the user sees %s, want %s", got, want)
	}
}

func TestChangedRuleRewritesItsClassOnly(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.posting_combination_id('10', n::text) from generate_series(1, 100) as n")
	Run(t, database.Pool, "select postern.compile_authority_maps()")
	const maps = "select class_id || ' ' || first_id || ' ' || ctid || ' ' || xmin from postern_internal.authority_map order by class_id, first_id"
	before := Values[string](t, database.Pool, maps)
	Run(t, database.Pool, "select postern.add_authority_combination('10', 'C', true, '1%')")
	after := Values[string](t, database.Pool, maps)
	changed := 0
	for n := range before {
		if before[n] != after[n] {
			changed++
		}
	}
	if len(before) != 4 || changed != 1 {
		t.Errorf("%d of %d chunks were rewritten", changed, len(before))
	}
	if got := Value[int](t, database.Pool, "select postern.compile_authority_maps()"); got != 0 {
		t.Errorf("%d chunks were compiled again", got)
	}
}
