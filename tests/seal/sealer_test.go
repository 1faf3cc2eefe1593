package seal_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// An auditor only reads. Functions that could write are volatile, because PostgreSQL lets no other function change
// anything.
func TestAuditorWritesNothing(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	const walk = `
select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where n.nspname not in ('pg_catalog', 'information_schema') and p.provolatile = 'v'
   and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
   and pg_catalog.has_schema_privilege($1, n.oid, 'usage') and pg_catalog.has_function_privilege($1, p.oid, 'execute')
   and not exists (select from pg_catalog.pg_depend as d where d.objid = p.oid and d.deptype = 'e')
   and p.oid <> 'postern.reach_guard(text, jsonb)'::pg_catalog.regprocedure -- everybody may: it passes what the user has approved
 union all
select c.oid::pg_catalog.regclass::text
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where n.nspname not in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and pg_catalog.has_schema_privilege($1, n.oid, 'usage')
   and pg_catalog.has_table_privilege($1, c.oid, 'insert, update, delete, truncate, references, trigger')`
	testsql.Run(t, l.Pool, `
create function public.naive_append_leaves(bigint[], bytea[]) returns void language sql security definer begin atomic select pg_notify('x', 'y'); end;
revoke execute on function public.naive_append_leaves from public; grant execute on function public.naive_append_leaves to postern_auditor`)
	if got := testsql.Values[string](t, l.Pool, walk, "postern_auditor"); !slices.Equal(got, []string{"naive_append_leaves(bigint[],bytea[])"}) &&
		!slices.Equal(got, []string{"public.naive_append_leaves(bigint[],bytea[])"}) {
		t.Errorf("auditors write by %q", got)
	}

	l.write(t, 3)
	for _, attack := range []string{
		"select postern.append_leaves(array[3], array[sha256('nonsense')])",
		"select postern.record_log_export(null, null, 9000000000)",
		"select postern.begin_sealing()",
		"select postern.end_sealing()",
		"select postern.record_head(1, sha256(''), 'x')",
		"select postern.create_log_partitions()",
	} {
		testsql.Fails(t, l.auditor, "42501", attack)
	}
	l.seal(t, 3)
	l.requireIntact(t, 3)
}

// stored returns the stored hashes of the next leaves, computed by the sealer itself.
func stored(t *testing.T, l *sealedLog, size int64, hashes ...[]byte) [][]byte {
	t.Helper()
	nodes := map[int64]tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		read := make([]tlog.Hash, len(indexes))
		for position, index := range indexes {
			hash, known := nodes[index]
			if !known {
				level, n := tlog.SplitStoredHashIndex(index)
				octets := testsql.Value[[]byte](t, l.Pool, "select substring(hashes from $2::integer for 32) from postern_internal.leaf where leaf_number = $1", (n+1)<<level-1, 32*level+1)
				hash = tlog.Hash(octets)
			}
			read[position] = hash
		}
		return read, nil
	})
	var all [][]byte
	for _, hash := range hashes {
		next, err := tlog.StoredHashesForRecordHash(size, tlog.Hash(hash), reader)
		if err != nil {
			t.Fatal(err)
		}
		var octets []byte
		for level, node := range next {
			nodes[tlog.StoredHashIndex(level, (size+1)>>level-1)] = node
			octets = append(octets, node[:]...)
		}
		all = append(all, octets)
		size++
	}
	return all
}

// A sealer appends what it likes. The database compares that with the log and the tree.
func TestSealerCannotAppendOtherLeaves(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 5)
	l.seal(t, 5)
	l.write(t, 6)
	logIDs := testsql.Values[int64](t, l.Pool, "select log_id from postern_internal.checkpoint_entry where log_id > 5 order by log_id")
	hashes := testsql.Values[[]byte](t, l.Pool, "select postern_internal.leaf_hash(e) from postern_internal.checkpoint_entry as e where log_id > 5 order by log_id")
	right := stored(t, l, 5, hashes...)
	const appendLeaves = "select postern.append_leaves($1, $2)"

	// What a table without these checks accepts.
	nonsense := sha256.Sum256([]byte("nonsense"))
	testsql.Run(t, l.Pool, "create table public.naive_leaf (log_id bigint primary key, hashes bytea not null check (octet_length(hashes) % 32 = 0))")
	testsql.Run(t, l.Pool, "insert into public.naive_leaf values (3, $1)", nonsense[:])

	with := func(position int, octets []byte) [][]byte {
		changed := slices.Clone(right)
		changed[position] = octets
		return changed
	}
	flipped := func(position, octet int) [][]byte {
		octets := slices.Clone(right[position])
		octets[octet] ^= 1
		return with(position, octets)
	}
	for name, attack := range map[string]struct {
		logIDs []int64
		hashes [][]byte
		code   string
	}{
		"nonsense for a leaf":             {logIDs[:1], [][]byte{append(slices.Clone(nonsense[:]), right[0][32:]...)}, "PS501"},
		"nonsense that fits the tree":     {logIDs, stored(t, l, 5, append([][]byte{nonsense[:]}, hashes[1:]...)...), "PS501"},
		"another entry's leaf":            {logIDs, stored(t, l, 5, append([][]byte{hashes[1], hashes[0]}, hashes[2:]...)...), "PS501"},
		"no entry":                        {[]int64{4711}, stored(t, l, 5, nonsense[:]), "PS501"},
		"an entry that has a leaf":        {[]int64{3}, right[:1], "23505"},
		"the same one twice":              {[]int64{logIDs[0], logIDs[0]}, right[:2], "23505"},
		"too few hashes":                  {logIDs[:1], [][]byte{right[0][:32]}, "PS501"},
		"too many hashes":                 {logIDs[:1], [][]byte{append(slices.Clone(right[0]), nonsense[:]...)}, "PS501"},
		"a wrong subtree in the page":     {logIDs, flipped(0, 40), "PS501"},
		"a wrong subtree across the page": {logIDs, flipped(2, 3*32+5), "PS501"},
		"another order":                   {[]int64{logIDs[1], logIDs[0]}, right[:2], "PS501"},
	} {
		t.Run(name, func(t *testing.T) {
			testsql.Fails(t, l.sealer, attack.code, appendLeaves, attack.logIDs, attack.hashes)
		})
	}
	if len(right[2]) != 4*32 {
		t.Fatalf("leaf 7 completes %d subtrees", len(right[2])/32)
	}

	// Its own entries, and those that were added after the last seal.
	testsql.Run(t, l.Pool, "set session_replication_role = replica; update postern_internal.checkpoint_entry set transaction_id = '3' where log_id = 6; reset session_replication_role")
	changed := testsql.Value[[]byte](t, l.Pool, "select postern_internal.leaf_hash(e) from postern_internal.checkpoint_entry as e where log_id = 6")
	testsql.Fails(t, l.sealer, "PS501", appendLeaves, []int64{6}, stored(t, l, 5, changed))
	testsql.Run(t, l.Pool, "set session_replication_role = replica; update postern_internal.checkpoint_entry set transaction_id = (select transaction_id from postern_internal.checkpoint_entry where log_id = 7) where log_id = 6; reset session_replication_role")

	// In a transaction without an error, the right leaves are accepted, in one or in two pages.
	testsql.Run(t, l.sealer, appendLeaves, logIDs[:2], right[:2])
	testsql.Run(t, l.sealer, appendLeaves, logIDs[2:4], right[2:4])
	l.seal(t, 2)
	l.requireIntact(t, 11)
}

// A false claim that all is sealed would make every entry without a leaf look like one that was added later, and it
// would never be sealed.
func TestSealerCannotPassOverEntries(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 3)
	l.seal(t, 3)
	l.write(t, 2)
	passOver := func(statements ...string) error {
		tx, err := l.sealer.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		for _, statement := range append(statements, "select postern.end_sealing()") {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return tx.Commit(t.Context())
	}
	if err := passOver(); testdb.Code(err) != "55000" {
		t.Errorf("ends a seal that it did not begin: %v", err)
	}
	if err := passOver("select postern.begin_sealing()"); testdb.Code(err) != "55000" {
		t.Errorf("a seal of nothing: got %v, want 55000", err)
	}
	l.seal(t, 2)
	l.requireIntact(t, 5)

	// An entry of a transaction that was in progress at the last seal.
	open, err := l.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, open, insert, 1)
	l.write(t, 1)
	l.seal(t, 1)
	if err := open.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := passOver("select postern.begin_sealing()"); testdb.Code(err) != "55000" {
		t.Errorf("passes over the one that was open: %v", err)
	}
	l.seal(t, 1)
	l.requireIntact(t, 7)
}

func TestHeadsAndExportsAreOfTheTree(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 7)
	l.seal(t, 7)
	const recordHead, recordExport = "select postern.record_head($1, $2, $3)", "select postern.record_log_export($1, $2, $3)"
	note := func(size int64, root []byte) string {
		return fmt.Sprintf("test.example/log\n%d\n%s\n\n\u2014 test.example/log AAAA\n", size, base64.StdEncoding.EncodeToString(root))
	}
	nonsense := sha256.Sum256([]byte("nonsense"))
	root := func(size int64) []byte {
		return testsql.Value[[]byte](t, l.Pool, "select postern_internal.tree_root($1)", size)
	}
	testsql.Fails(t, l.sealer, "PS501", recordHead, 5, nonsense[:], note(5, nonsense[:]))
	testsql.Fails(t, l.sealer, "PS501", recordHead, 8, nonsense[:], note(8, nonsense[:]))
	testsql.Fails(t, l.sealer, "PS501", recordHead, 5, root(5), note(6, root(5)))
	testsql.Fails(t, l.sealer, "PS501", recordHead, 5, root(5), note(5, root(6)))
	testsql.Fails(t, l.sealer, "PS501", recordHead, 5, root(5), "")
	testsql.Run(t, l.sealer, recordHead, 5, root(5), note(5, root(5)))

	// A false export would make an honest drop_log drop the month. So an export has to name a head that is stored here.
	testsql.Fails(t, l.sealer, "PS107", recordExport, nil, nil, int64(9_000_000_000))
	testsql.Fails(t, l.sealer, "PS107", recordExport, nil, nil, 8)
	testsql.Fails(t, l.sealer, "PS107", recordExport, nil, nil, 0)
	testsql.Fails(t, l.sealer, "PS107", recordExport, nil, nil, nil)
	testsql.Fails(t, l.sealer, "PS107", recordExport, "2026-02-01", "2026-01-01", 7)
	testsql.Run(t, l.sealer, recordExport, nil, nil, 7)

	// Sealing and dropping need two roles.
	testsql.Fails(t, l.sealer, "42501", "select postern.drop_log('2020-01-01')")
	testsql.Fails(t, l.admin(t), "42501", recordExport, nil, nil, 7)
}

// Roots of all sizes are equal to those that tlog computes.
func TestRootsInTheDatabaseAreThoseOfTheTree(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	for _, entries := range []int{1, 1, 1, 5, 8, 17, 600} {
		l.write(t, entries)
		l.seal(t, int64(entries))
		head := l.heads(t).Latest
		if got := testsql.Value[[]byte](t, l.Pool, "select postern_internal.tree_root($1)", head.Size); tlog.Hash(got) != head.Root {
			t.Errorf("of %d leaves it is another one", head.Size)
		}
	}
	l.requireIntact(t, 633)
}
