package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// newNeighbours has ANN, a user of company 10, and BEN, a user of company 20 only.
func newNeighbours(t *testing.T) (database *testdb.Database, application *pgx.Conn) {
	t.Helper()
	database = newScene(t)
	Run(t, database.Pool, "select postern.create_company('20', '20'), postern.grant_company('BEN', '20'), postern.posting_combination_id('10', '1')")
	return database, database.Login(t, "postern_trusted_app").Connect(t)
}

func mapSize(t *testing.T, application *pgx.Conn) (size int) {
	t.Helper()
	As(t, application, "ANN", func(tx pgx.Tx) { size = Value[int](t, tx, "select octet_length(postern.ledger_map())") })
	return size
}

// takeBlocks makes a company look as if it had filled so many blocks.
func takeBlocks(company string, blocks int) string {
	return fmt.Sprintf(`
do $$
declare
  block record;
begin
  for n in 1 .. %d loop
    block := postern_internal.open_block('%s');
    update postern_internal.combination_block as b set given = b.size, counted = true where b.first_id = block.first_id;
  end loop;
end $$`, blocks, company)
}

const takenBlocks = "select first_id || ' ' || size from postern_internal.combination_block where company = '20' order by first_id"

// A user who rolls back created combinations again and again does not make anybody's map longer.
func TestRolledBackCombinationsBurnNoIDs(t *testing.T) {
	const rounds = 2000
	database, application := newNeighbours(t)
	attack := func(create string) string {
		return fmt.Sprintf("do $$ begin for n in 1 .. %d loop begin %s; raise exception 'taken back'; exception when raise_exception then null; end; end loop; end $$", rounds, create)
	}

	// The naive way to number blocks is an identity column.
	Run(t, database.Pool, "create table public.naive_block (block_no bigint generated always as identity); grant insert on public.naive_block to public")
	As(t, application, "BEN", func(tx pgx.Tx) { Run(t, tx, attack("insert into public.naive_block default values")) })
	if got := Value[int](t, database.Pool, "insert into public.naive_block default values returning block_no"); got != rounds+1 {
		t.Fatalf("the naive block is number %d: the attack does not work", got)
	}

	before := mapSize(t, application)
	As(t, application, "BEN", func(tx pgx.Tx) { Run(t, tx, attack("perform postern.posting_combination_id('20', '1')")) })
	for n := range 3 { // and in whole transactions
		tx := Begin(t, application, "BEN")
		Run(t, tx, "select postern.posting_combination_id('20', $1)", fmt.Sprint(n))
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	As(t, application, "BEN", func(tx pgx.Tx) {
		if got := Value[int64](t, tx, "select postern.posting_combination_id('20', '1')"); got != 256 {
			t.Errorf("the first id of company 20 is %d, want 256", got)
		}
	})
	if got := mapSize(t, application) - before; got != 128/8 {
		t.Errorf("the map of a user of company 10 is longer by %d bytes", got)
	}
	requireMapsRight(t, database)
}

func TestAbortedLoadBurnsNoIDs(t *testing.T) {
	database, application := newNeighbours(t)
	const load = "select array_agg(postern.posting_combination_id('20', n::text)) from generate_series(1, 12000) as n"
	before := mapSize(t, application)
	var aborted, loaded []int64
	tx := begin(t, database, pgx.ReadCommitted)
	aborted = Value[[]int64](t, tx, load)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := mapSize(t, application); got != before {
		t.Errorf("the map of a user of company 10 has %d bytes instead of %d", got, before)
	}
	// What the load gave back is taken again in the same order.
	loaded = Value[[]int64](t, database.Pool, load)
	if !slices.Equal(aborted, loaded) {
		t.Errorf("the ids are from %d to %d, those that were given back were from %d to %d",
			slices.Min(loaded), slices.Max(loaded), slices.Min(aborted), slices.Max(aborted))
	}
	requireMapsRight(t, database)
}

// Blocks begin small and grow with what the company has filled.
func TestBlocksGrowWithTheirCompany(t *testing.T) {
	database, _ := newNeighbours(t)
	Run(t, database.Pool, "select postern.posting_combination_id('20', n::text) from generate_series(1, 11000) as n")
	if got := Values[int](t, database.Pool, "select size from postern_internal.combination_block where company = '20' order by size"); !slices.Equal(got, []int{128, 512, 2048, 8192, 32768}) {
		t.Errorf("the blocks have the sizes %v", got)
	}
	// A session that finds them locked opens a smaller one, because as many may come as there are sessions.
	holder := begin(t, database, pgx.ReadCommitted)
	Run(t, holder, "select postern.posting_combination_id('20', 'holder')")
	another := begin(t, database, pgx.ReadCommitted)
	id := Value[int64](t, another, "select postern.posting_combination_id('20', 'another')")
	if got := Value[int](t, another, "select size from postern_internal.combination_block where company = '20' and $1 between first_id and first_id + size - 1", id); got != 2048 {
		t.Errorf("the second session has a block of %d", got)
	}
	commit(t, holder)
	commit(t, another)
	requireMapsRight(t, database)
}

// A role without any rights may hold advisory locks. No number depends on one.
func TestAdvisoryLocksOfAStrangerChangeNothing(t *testing.T) {
	database, application := newNeighbours(t)
	stranger := database.Login(t).Connect(t)
	Run(t, stranger, "select pg_advisory_lock(n), pg_advisory_lock(0, n), pg_advisory_lock(n, 0) from generate_series(0, 1000) as n")

	// The naive way finds the lowest number that nobody holds.
	naive := begin(t, database, pgx.ReadCommitted)
	if got := Value[int](t, naive, "select n from generate_series(0, 2000) as n where pg_try_advisory_xact_lock(n) order by n limit 1"); got != 1001 {
		t.Fatalf("the naive number is %d: the attack does not work", got)
	}

	before := mapSize(t, application)
	As(t, application, "BEN", func(tx pgx.Tx) {
		Run(t, tx, "set local lock_timeout = '5s'")
		if got := Value[int64](t, tx, "select postern.posting_combination_id('20', '1')"); got != 256 {
			t.Errorf("the first id of company 20 is %d, want 256", got)
		}
	})
	if got := mapSize(t, application) - before; got != 128/8 {
		t.Errorf("the map of a user of company 10 is longer by %d bytes", got)
	}
}

// Many sessions begin at the same time, in one company and in many, and none waits. What some of them give back is
// taken first.
func TestGapsAreTakenFirst(t *testing.T) {
	database, _ := newNeighbours(t)
	Run(t, database.Pool, "select postern.create_company('C' || n, 'C') from generate_series(0, 9) as n")
	open := []pgx.Tx{}
	ids := []int64{}
	for n := range 20 {
		tx := begin(t, database, pgx.ReadCommitted)
		company := "20"
		if n%2 == 1 {
			company = fmt.Sprint("C", n/2)
		}
		ids = append(ids, Value[int64](t, tx, "select postern.posting_combination_id($1, $2)", company, fmt.Sprint(n)))
		open = append(open, tx)
	}
	for n, id := range ids {
		if want := int64(256 + 128*n); id != want {
			t.Errorf("session %d has id %d, want %d", n, id, want)
		}
	}
	for n, tx := range open {
		if n%4 == 0 { // every second session of company 20
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			commit(t, tx)
		}
	}
	requireMapsRight(t, database)
	Run(t, database.Pool, "select postern.create_company('D' || n, 'D') from generate_series(0, 5) as n")
	for n := range 6 {
		want := int64(256 + 128*4*n)
		if n == 5 {
			want = 256 + 128*20
		}
		if got := Value[int64](t, database.Pool, "select postern.posting_combination_id($1, 'x')", fmt.Sprint("D", n)); got != want {
			t.Errorf("company D%d has id %d, want %d", n, got, want)
		}
	}
	requireMapsRight(t, database)
}

// A load that runs for hours takes new extents, and leaves the existing ones to others.
func TestLongLoadMakesNobodyWait(t *testing.T) {
	database, _ := newNeighbours(t)
	Run(t, database.Pool, "select postern.create_company('C' || n, 'C') from generate_series(0, 9) as n")
	load := begin(t, database, pgx.ReadCommitted)
	// As if two million combinations had been created.
	Run(t, load, takeBlocks("20", 66))
	if got := Value[int](t, load, "select count(*) from postern_internal.combination_block where company = '20' and size = 32768"); got != 62 {
		t.Fatalf("the load has %d extents", got)
	}
	others := []pgx.Tx{}
	for n := range 7 { // each splits an extent and takes one
		tx := begin(t, database, pgx.ReadCommitted)
		Run(t, tx, takeBlocks(fmt.Sprint("C", n), 5))
		if got := Value[int](t, tx, "select max(size) from postern_internal.combination_block where company = $1", fmt.Sprint("C", n)); got != 32768 {
			t.Errorf("company C%d has no extent", n)
		}
		others = append(others, tx)
	}
	for _, tx := range others {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if err := load.Rollback(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := Values[string](t, database.Pool, takenBlocks); len(got) != 0 {
		t.Errorf("company 20 has blocks: %v", got)
	}
	requireBlocksRight(t, database)
}

// When extents run out, more are added. Two sessions that add at the same time do not add the same ones.
func TestMoreExtentsAreAddedWhenNeeded(t *testing.T) {
	database, _ := newNeighbours(t)
	take := takeBlocks("20", 100)
	first, second := begin(t, database, pgx.ReadCommitted), begin(t, database, pgx.ReadCommitted)
	Run(t, first, take)
	done := make(chan error)
	go func() { // takes what is there, then waits for the first one
		_, err := second.Exec(t.Context(), take)
		done <- err
	}()
	commit(t, first)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	commit(t, second)
	if got := Value[int](t, database.Pool, "select count(*) from postern_internal.combination_block where company = '20'"); got != 200 {
		t.Errorf("%d blocks were taken", got)
	}
	if torn := Value[int](t, database.Pool, "select count(*) from (select first_id - lag(first_id + size, 1, 0::bigint) over (order by first_id) as gap from postern_internal.combination_block) as b where gap <> 0"); torn != 0 {
		t.Errorf("%d gaps or overlaps among the ids", torn)
	}
}

// A load into a table that was tiny when its session began keeps the plans of a tiny table. Looking up a code string
// must not read the whole table.
func TestFirstLoadReadsOnlyTheCodeStringsItNeeds(t *testing.T) {
	database := testdb.New(t)
	Run(t, database.Pool, "select postern.create_company('20', '20'); select postern.posting_combination_id('20', 'first')")
	Run(t, database.Pool, "analyze postern.posting_combination")
	const codes = 3000
	load := begin(t, database, pgx.ReadCommitted)
	fetched := "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint from pg_stat_xact_user_tables where relid = 'postern.posting_combination'::regclass"
	before := Value[int64](t, load, fetched)
	for range 2 { // created, then found
		Run(t, load, "do $$ begin for n in 1 .. 3000 loop perform postern.posting_combination_id('20', 'load ' || n); end loop; end $$")
	}
	if got := Value[int64](t, load, fetched) - before; got > 20*codes {
		t.Errorf("%d rows were read to create %d code strings and find them again", got, codes)
	}
	commit(t, load)
}
