package seal_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestEmptyLogIsIntact(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	requireFinding(t, l.verify(t), seal.HeadMissing, 0) // no seal has ever begun
	l.seal(t, 0)
	l.requireIntact(t, 0)
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 1)
}

// Logical replication copies the rows of the log, and does not advance the sequences.
func TestReplicatedLogIsNotSealedWithOldIDs(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (log_id, outcome, gate_id, userid, message, parameters)
select n, 'passed', 'APP_PAY', 'ALICE', 'Replicated', '{}' from generate_series(1, 50) as n`)
	if next := testsql.Value[int64](t, l.Pool, "select nextval('postern_internal.log_number')"); next > 50 {
		t.Fatalf("the next id is %d: nothing would be given out again", next)
	}
	_, err := l.trySeal(t)
	refusal := testdb.RequireCode(t, err, "55000")
	want := "If this database took the place of the one that was replicated: end the subscription, then have a superuser run: select setval('postern_internal.log_number', 50);"
	if refusal.Hint != want || refusal.Detail == "" {
		t.Fatalf("the refusal has DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
	}
	testsql.Run(t, l.Pool, "select setval('postern_internal.log_number', 50)")
	l.write(t, 1)
	l.seal(t, 51)
	l.requireIntact(t, 51)
}

// files returns the content of each file in the directory of heads.
func (l *sealedLog) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(l.directory, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(text)
	}
	return files
}

// in returns the same log, with its key and directory, in another database.
func (l *sealedLog) in(t *testing.T, database *testdb.Database) *sealedLog {
	t.Helper()
	other := *l
	other.Database = database
	other.auditor, other.sealer = database.Login(t, "postern_auditor").Connect(t), database.Login(t, "postern_sealer").Connect(t)
	return &other
}

// here names the database in the form of the error about another place.
func (l *sealedLog) here(t *testing.T) *string {
	t.Helper()
	name := testsql.Value[string](t, l.Pool,
		"select concat_ws('/', (p).system_identifier, (p).database_oid, (p).log_oid) from postern_internal.current_place() as p")
	return &name
}

// restored is a database with the dump of another one, in the same cluster.
func restored(t *testing.T, from *testdb.Database) *testdb.Database {
	t.Helper()
	to := testdb.Empty(t)
	var dump, complaints bytes.Buffer
	err := testdb.Server(t).Run(t.Context(), server.Program{Name: "pg_dump", Database: from.Name, Stdout: &dump, Stderr: &complaints})
	if err != nil {
		t.Fatal(err, complaints.String())
	}
	err = testdb.Server(t).Run(t.Context(), server.Program{
		Name: "psql", Arguments: []string{"-qX", "-v", "ON_ERROR_STOP=1"}, Database: to.Name, Stdin: &dump, Stderr: &complaints,
	})
	if err != nil {
		t.Fatal(err, complaints.String())
	}
	return to
}

func TestRestoredDumpDoesNotSealWithProductionsKey(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	copied := l.in(t, restored(t, l.Database))
	copied.write(t, 1)
	before := l.files(t)
	_, err := copied.trySeal(t)
	if refusal := testdb.RequireCode(t, err, "55000"); !strings.Contains(refusal.Hint, "--confirm-database "+*copied.here(t)) {
		t.Errorf("the HINT is %q", refusal.Hint)
	}
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 3)
	for name, text := range before {
		if after := l.files(t)[name]; !strings.HasPrefix(after, text) && name != "latest" {
			t.Errorf("the file %s had %q, and now has %q", name, text, after)
		}
	}
}

// A service ends on a copy instead of trying for ever. After an error that somebody can fix in the meantime, it tries
// again.
func TestServiceEndsOnlyOnACopy(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	copied := l.in(t, l.Copy(t))
	also := filepath.Join(t.TempDir(), "also")
	every := func(ctx context.Context, database *testdb.Database, arguments ...string) (code int, complaints string) {
		var out, errors bytes.Buffer
		command := append([]string{"log", "seal", "--every", "10ms", "--key", l.keyFile, "--heads", l.directory, "--also", also,
			"--database-url", database.ConnectionString(t, "", "")}, arguments...)
		code = cli.Main(ctx, command, nil, &out, &errors)
		return code, errors.String()
	}
	if code, complaints := every(t.Context(), copied.Database); code != 1 || !strings.Contains(complaints, "--confirm-database "+*copied.here(t)) {
		t.Fatal(code, complaints)
	}
	// A timeline of another cluster that was left in the configuration does not hide the right error.
	if code, complaints := every(t.Context(), copied.Database, "--confirm-timeline", "4711"); code != 1 || !strings.Contains(complaints, "--confirm-database "+*copied.here(t)) {
		t.Fatal(code, complaints)
	}
	if _, err := os.Stat(also); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused seal made %s: %v", also, err)
	}

	// Another error with the same SQLSTATE.
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (log_id, outcome, gate_id, userid, message, parameters)
values (1000, 'passed', 'APP_PAY', 'ALICE', 'Replicated', '{}')`)
	_, err := l.in(t, l.Database).trySeal(t)
	testdb.RequireCode(t, err, "55000")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		code, _ := every(ctx, l.Database)
		ended <- code
	}()
	testsql.Run(t, l.Pool, "select setval('postern_internal.log_number', 1000)")
	for size := int64(0); size < 3; size = l.heads(t).Latest.Size {
		select {
		case code := <-ended:
			t.Fatalf("the service ended with exit code %d, although somebody can fix the error", code)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the service ended with exit code %d, want 0", code)
	}
}

// A seal that is refused late must not have recorded in the database that this place continues.
func TestRefusedSealConfirmsNoPlace(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	stale := copyDirectory(t, l.directory)
	l.write(t, 1)
	l.seal(t, 1)
	older := l.in(t, restored(t, l.Database))
	l.sealer = l.Login(t, "postern_sealer").Connect(t)
	l.write(t, 1)
	l.seal(t, 1)
	for name, sealer := range map[string]struct {
		heads string
		also  []string
		kind  seal.Kind
	}{
		"an old copy of the directory":     {stale, nil, seal.OtherHistory},
		"the end is missing":               {l.directory, nil, seal.EntryMissing},
		"another directory misses the end": {copyDirectory(t, stale), []string{l.directory}, seal.EntryMissing},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(directory string) *seal.Heads {
				heads, err := seal.OpenHeads(directory)
				if err != nil {
					t.Fatal(err)
				}
				return heads
			}
			attempt := seal.Sealer{Key: l.key, Heads: open(sealer.heads), Database: older.here(t)}
			for _, directory := range sealer.also {
				attempt.Also = append(attempt.Also, open(directory))
			}
			if _, err := attempt.Seal(t.Context(), older.sealer); kindOf(err) != sealer.kind {
				// Whichever check comes first says why. Either is right if the directory is stale.
				if sealer.also == nil || kindOf(err) != seal.OtherHistory {
					t.Fatal(err)
				}
			}
			_, err := (&seal.Sealer{Key: l.key, Heads: open(sealer.heads)}).Seal(t.Context(), older.sealer)
			testdb.RequireCode(t, err, "55000")
		})
	}
}

// addKey lets another key sign in the directory.
func (l *sealedLog) addKey(t *testing.T, key *seal.Key) {
	t.Helper()
	keys, err := os.OpenFile(filepath.Join(l.directory, seal.KeysFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.WriteString(key.Public + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
}

// A copy has the same tree, roles and allowed logins. With production's key and directory it would sign a second
// history.
func TestCopyDoesNotSealWithProductionsKey(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	// Heads of other keys count too: the check of production's key looks at all of them.
	first := l.key
	l.key = newKey(t, "test.example/log")
	l.addKey(t, l.key)
	l.write(t, 1)
	l.seal(t, 1)
	copied := l.in(t, l.Copy(t))
	copied.write(t, 3)

	before := l.files(t)
	_, err := copied.trySeal(t)
	refusal := testdb.RequireCode(t, err, "55000")
	if refusal.Detail == "" || !strings.Contains(refusal.Hint, `run "postern log seal --confirm-database `) {
		t.Errorf("the refusal has DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
	}
	timeline := testsql.Value[int64](t, copied.Pool, "select (postern_internal.current_place()).timeline")
	wrong := "1/2/3"
	for name, sealer := range map[string]seal.Sealer{
		"a timeline":       {Timeline: &timeline},
		"a later timeline": {Timeline: new(timeline + 1)},
		"another database": {Database: &wrong},
	} {
		sealer.Key, sealer.Heads = l.key, l.heads(t)
		_, err := sealer.Seal(t.Context(), copied.sealer)
		if testdb.Code(err) != "55000" {
			t.Errorf("%s on a copy: got %v, want 55000", name, err)
		}
	}
	if _, err := copied.drop(t, copied.admin(t), time.Now().AddDate(0, -1, 0), time.Second); testdb.Code(err) != "55000" {
		t.Errorf("dropping on a copy: got %v, want 55000", err)
	}
	// Not even the key file is created in a directory.
	elsewhere := *copied
	elsewhere.directory = filepath.Join(t.TempDir(), "new")
	if _, err := elsewhere.trySeal(t); testdb.Code(err) != "55000" {
		t.Fatal(err)
	}
	if got := elsewhere.files(t); len(got) > 0 {
		t.Errorf("a refused seal left %q", got)
	}
	if after := l.files(t); !maps.Equal(before, after) {
		t.Errorf("the directory had %q\nand now has %q", before, after)
	}

	// Production continues. Copying a database ends its connections.
	l.sealer, l.auditor = l.Login(t, "postern_sealer").Connect(t), l.Login(t, "postern_auditor").Connect(t)
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 4)

	// A copy with its own key and directory is another log, as its key shows.
	here := copied.here(t)
	for _, key := range []*seal.Key{l.key, first} {
		sealer := seal.Sealer{Key: key, Heads: elsewhere.heads(t), Database: here}
		if _, err := sealer.Seal(t.Context(), copied.sealer); kindOf(err) != seal.OtherHistory {
			t.Errorf("production's key in another directory: %v", err)
		}
		if _, _, err := sealer.Restart(t.Context(), copied.sealer); kindOf(err) != seal.OtherHistory {
			t.Errorf("production's key in another directory: %v", err)
		}
		if got := elsewhere.files(t); len(got) > 0 {
			t.Errorf("a refused seal left %q", got)
		}
	}
	elsewhere.directory = filepath.Join(t.TempDir(), "own")
	elsewhere.key = newKey(t, "copy.example/log")
	_, _, err = (&seal.Sealer{Key: elsewhere.key, Heads: elsewhere.heads(t)}).Restart(t.Context(), copied.sealer)
	testdb.RequireCode(t, err, "55000")
	sealer := seal.Sealer{Key: elsewhere.key, Heads: elsewhere.heads(t), Database: here}
	if restart, got, err := sealer.Restart(t.Context(), copied.sealer); err != nil || got != 3 || restart.Lost != nil {
		t.Fatalf("the restart sealed %d, want 3; restart: %v; error: %v", got, restart, err)
	}
	// Its heads up to the copy are production's. If both keys may sign, all of them are accepted.
	elsewhere.addKey(t, first)
	elsewhere.addKey(t, l.key)
	elsewhere.requireIntact(t, 6)
	elsewhere.write(t, 1)
	elsewhere.seal(t, 1) // it records its place

	// The naive version compares no place, like a copy that nothing tells from production.
	naive := l.in(t, l.Copy(t))
	naive.write(t, 5)
	testsql.Run(t, naive.Pool, "update postern_internal.sealing set place = postern_internal.current_place()")
	naive.seal(t, 5)
	l.sealer = l.Login(t, "postern_sealer").Connect(t)
	l.write(t, 1)
	if _, err := l.trySeal(t); err == nil {
		t.Error("naive: production's next seal does not notice the copy's")
	}
}

// After pg_upgrade or a restore, the same key continues with the same directory once somebody has confirmed it.
func TestReplacementDatabaseContinuesTheLog(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	successor := l.in(t, l.Copy(t))
	sealer := seal.Sealer{Key: l.key, Heads: l.heads(t), Database: successor.here(t)}
	// The new place is recorded even if there is nothing to seal.
	if got, err := sealer.Seal(t.Context(), successor.sealer); err != nil || got != 0 {
		t.Fatalf("the seal covers %d new entries, want 0; error: %v", got, err)
	}
	successor.write(t, 1)
	successor.seal(t, 1)
	successor.requireIntact(t, 3)
}

// Entries of another cluster have its transaction ids, and this cluster reaches them. Not parallel, so that the
// sealer's own id is among them.
func TestSealingContinuesThroughIDsOfAnotherCluster(t *testing.T) {
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id)
select 'passed', 'APP_PAY', 'ALICE', 'Restored', '{}', (pg_current_xact_id()::text::bigint + n)::text::xid8 from generate_series(1, 500) as n`)
	l.seal(t, 500)
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 501)
	if next := testsql.Value[bool](t, l.Pool, "select pg_current_xact_id() < max(transaction_id) from postern_internal.checkpoint_entry"); !next {
		t.Error("the sealers had numbers that no entry has")
	}
}
