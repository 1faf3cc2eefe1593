// Package seal_test tests what the sealed log withstands: it tries each way to change the log, and verification must
// find it.
package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// sealedLog is a database with a log, a key, and a directory for heads.
type sealedLog struct {
	*testdb.Database
	auditor   *pgx.Conn
	sealer    *pgx.Conn
	key       *seal.Key
	keyFile   string
	directory string
}

func newSealedLog(t testing.TB) *sealedLog {
	t.Helper()
	database := testdb.New(t)
	key, keyFile := newKeyFile(t, "test.example/log")
	return &sealedLog{
		Database:  database,
		auditor:   database.Login(t, "postern_auditor").Connect(t),
		sealer:    database.Login(t, "postern_sealer").Connect(t),
		key:       key,
		keyFile:   keyFile,
		directory: filepath.Join(t.TempDir(), "heads"),
	}
}

func newKey(t testing.TB, origin string) *seal.Key {
	t.Helper()
	key, _ := newKeyFile(t, origin)
	return key
}

func newKeyFile(t testing.TB, origin string) (key *seal.Key, path string) {
	t.Helper()
	private, _, err := seal.CreateKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err = seal.ReadKey(path); err != nil {
		t.Fatal(err)
	}
	return key, path
}

// insert writes entries like the functions of checkpoints, with the columns' defaults.
const insert = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, comment, scheme)
select 'passed', 'APP_PAY', 'ALICE', 'ALICE', 'Invoice ' || n || ' paid', jsonb_build_object('NO', n, 'AMOUNT', 12.50), 'Checked', 'PIN'
  from generate_series(1, $1::integer) as n`

func (l *sealedLog) write(t testing.TB, entries int) {
	t.Helper()
	testsql.Run(t, l.Pool, insert, entries)
}

func (l *sealedLog) heads(t testing.TB) *seal.Heads {
	t.Helper()
	heads, err := seal.OpenHeads(l.directory)
	if err != nil {
		t.Fatal(err)
	}
	return heads
}

func (l *sealedLog) trySeal(t testing.TB) (int64, error) {
	t.Helper()
	return (&seal.Sealer{Key: l.key, Heads: l.heads(t)}).Seal(t.Context(), l.sealer)
}

func (l *sealedLog) seal(t testing.TB, want int64) {
	t.Helper()
	if got, err := l.trySeal(t); err != nil || got != want {
		t.Fatalf("sealed %d, %v, want %d", got, err, want)
	}
}

func (l *sealedLog) verify(t testing.TB) *seal.Verdict {
	t.Helper()
	verdict, err := (&seal.Verifier{Heads: l.heads(t)}).Verify(t.Context(), l.auditor)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func (l *sealedLog) requireIntact(t testing.TB, leaves int64) {
	t.Helper()
	if verdict := l.verify(t); verdict.Total > 0 || verdict.Leaves != leaves || verdict.Signed != leaves {
		t.Fatalf("want %d intact leaves: %+v", leaves, verdict)
	}
}

// requireFinding wants a finding of a kind, about a certain entry unless logID is 0.
func requireFinding(t testing.TB, verdict *seal.Verdict, kind seal.Kind, logID int64) {
	t.Helper()
	if !slices.ContainsFunc(verdict.Findings, func(f seal.Finding) bool {
		return f.Kind == kind && (logID == 0 || f.LogID != nil && *f.LogID == logID)
	}) {
		t.Errorf("no finding %s about entry %d: %+v", kind, logID, verdict.Findings)
	}
}

func messages(verdict *seal.Verdict) string {
	lines := make([]string, len(verdict.Findings))
	for index, finding := range verdict.Findings {
		lines[index] = string(finding.Kind) + ": " + finding.Message
	}
	return strings.Join(lines, "\n")
}

func asTampered(err error) (*seal.TamperedError, bool) {
	var tampered *seal.TamperedError
	return tampered, errors.As(err, &tampered)
}
