package seal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// in is the same log in another database.
func (l *forgetful) in(t *testing.T, database *testdb.Database) *forgetful {
	t.Helper()
	other := &forgetful{sealedLog: l.sealedLog.in(t, database)}
	other.redactor = database.Login(t, "postern_redactor").Connect(t)
	return other
}

// left counts the entries that still name somebody.
func (l *forgetful) left(t *testing.T, userid string) int64 {
	t.Helper()
	return testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.checkpoint_entry as e where $1 in (e.userid, e.authenticated_by)", userid)
}

// One redactor leaves out what another one holds, and gets it later, if the other one gave up.
func TestTwoRedactorsDoNotWait(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	first := l.Login(t, "postern_redactor").Connect(t)
	testsql.Run(t, first, "begin")
	held := testsql.Value[int64](t, first, "select sum(last_leaf - first_leaf + 1)::bigint from postern.redact_log('ALICE', 'Request 17', maximum => 2)")
	if held != 2 {
		t.Fatalf("the first one redacted %d", held)
	}
	testsql.Run(t, l.redactor, "set statement_timeout = '1min'")
	if l.redact(t, "ALICE"); l.left(t, "ALICE") != 2 {
		t.Errorf("%d entries are left", l.left(t, "ALICE"))
	}
	testsql.Run(t, first, "rollback")
	if done := l.redact(t, "ALICE"); done.Entries != 2 || l.left(t, "ALICE") != 0 {
		t.Errorf("redacted: %+v, left: %d", done, l.left(t, "ALICE"))
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
}

// Two people are in the same entries, and two redactors have the log forget them at the same time, while it is sealed.
func TestTwoPeopleAreForgottenAtOnce(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, comment)
select 'passed', 'APP_PAY', case when n % 2 = 0 then 'ALICE' else 'BOB' end, case when n % 2 = 0 then 'BOB' else 'ALICE' end, 'Paid', '{}', 'Seen' from generate_series(1, 1500) as n`)
	l.deactivate(t, "ALICE")
	l.deactivate(t, "BOB")
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for index, userid := range []string{"ALICE", "BOB"} {
		connection, heads := l.Login(t, "postern_redactor").Connect(t), l.heads(t)
		wait.Go(func() {
			// What the other one holds is left out, so it may take several rounds.
			for range 20 {
				redaction := &seal.Redaction{UserID: userid, Reason: "Request 17"}
				if _, errs[index] = redaction.Redact(t.Context(), connection, l.key, []*seal.Heads{heads}); errs[index] != nil {
					return
				}
			}
		})
	}
	for range 5 {
		l.write(t, 1)
		if _, err := l.trySeal(t); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	l.redact(t, "ALICE")
	l.redact(t, "BOB")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
	l.redact(t, "ALICE") // what was written and sealed meanwhile
	if rest := l.left(t, "ALICE") + l.left(t, "BOB"); rest != 0 {
		t.Errorf("%d entries are left", rest)
	}
}

// A month is dropped between two batches of a redaction. While one works on the month, the other one gives way.
func TestMonthIsDroppedDuringARedaction(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	admin := l.admin(t)
	testsql.Run(t, l.Pool, insertAt, month(2), 1500)
	testsql.Run(t, l.Pool, insertAt, month(1), 10)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.deactivate(t, "ALICE")
	l.export(t)

	holder := l.Login(t, "postern_redactor").Connect(t)
	testsql.Run(t, holder, "begin")
	testsql.Run(t, holder, "select from postern.redact_log('ALICE', 'Request 17', maximum => 1)")
	_, err := l.drop(t, admin, month(0), 0)
	testdb.RequireCode(t, err, "55P03")
	testsql.Run(t, holder, "rollback")

	var dropped seal.Dropped
	redaction := &seal.Redaction{UserID: "ALICE", Reason: "Request 17", OnProgress: func(int64) {
		if len(dropped.Months) == 0 {
			if dropped, err = l.drop(t, admin, month(1), time.Second); err != nil {
				t.Error(err)
			}
		}
	}}
	done, err := redaction.Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)})
	if err != nil || dropped.Entries != 1500 || len(dropped.Months) != 1 {
		t.Fatalf("redacted: %+v, dropped: %+v, %v", done, dropped, err)
	}
	if rest := l.left(t, "ALICE"); rest != 0 {
		t.Errorf("%d entries are left", rest)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 || verdict.Dropped != 1500 {
		t.Errorf("%d dropped: %s", verdict.Dropped, messages(verdict))
	}
	// Redacted months are dropped like others.
	l.export(t)
	if dropped, err = l.drop(t, admin, month(0), time.Second); err != nil || dropped.Entries != 10 {
		t.Errorf("dropped: %+v, %v", dropped, err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
}

// The record of a redaction may be dropped before the entries from which it removed something. Its proof is then in the
// exported file.
func TestRecordOfARedactionIsDropped(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	testsql.Run(t, l.Pool, insertAt, month(2), 3)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.deactivate(t, "ALICE")
	done := l.redact(t, "ALICE")
	// The redaction was a month ago.
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	testsql.Run(t, connection, "update postern_internal.checkpoint_entry set logged_at = $2 where log_id = $1", done.Records[0], month(1))
	testsql.Run(t, connection, "reset session_replication_role")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)
	old := testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where logged_at < $1", month(1))
	whole, err := seal.Prove(t.Context(), l.auditor, l.heads(t), old, nil)
	if err != nil || len(whole.Records) != 1 {
		t.Fatalf("the proof has %d records, %v", len(whole.Records), err)
	}
	since, until := month(1), month(0)
	exporter := &seal.Exporter{Heads: l.heads(t), Since: &since, Until: &until}
	var file bytes.Buffer
	if _, err := exporter.Export(t.Context(), l.sealer, func(line any) error { return json.NewEncoder(&file).Encode(line) }); err != nil {
		t.Fatal(err)
	}
	if err := exporter.Keep(t.Context(), l.sealer); err != nil {
		t.Fatal(err)
	}
	if dropped, err := l.drop(t, l.admin(t), month(0), time.Second); err != nil || dropped.Entries != 1 || len(dropped.Kept) != 1 {
		t.Fatalf("dropped: %+v, %v", dropped, err)
	}

	verdict := l.verify(t)
	if verdict.Total > 0 || verdict.Redacted != done.Entries || verdict.Dropped != 1 {
		t.Errorf("%d redacted, %d dropped: %s", verdict.Redacted, verdict.Dropped, messages(verdict))
	}
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), old, nil)
	if err != nil {
		t.Fatal(err)
	}
	checked := l.requireProven(t, proof)
	if named := checked.Redactions; len(named) != 1 || named[0].LogID != done.Records[0] || named[0].Record != nil || len(proof.Records) != 0 {
		t.Errorf("the proof has %d records and names %v", len(proof.Records), checked.Redactions)
	}
	l.requireProven(t, append([]*seal.Proof{whole}, whole.Records...)...)
	// What was exported has the record.
	exported, err := seal.CheckProofs(&file, l.key.Public, nil)
	if err != nil || exported.Entries() != 1 {
		t.Errorf("the export has %+v, %v", exported, err)
	}
	// The next person can still be forgotten, in the same entries.
	l.deactivate(t, "BOB")
	l.redact(t, "BOB")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
}

// A database was restored, and its log restarted. What was redacted before the backup stays so. What was redacted after
// it is there again, and is redacted again.
func TestRedactionsBeforeARestart(t *testing.T) {
	t.Parallel()
	first := newForgetful(t)
	first.deactivate(t, "ALICE")
	before := first.redact(t, "ALICE")
	if _, err := first.trySeal(t); err != nil {
		t.Fatal(err)
	}
	backup := restored(t, first.Database)
	first.deactivate(t, "BOB")
	first.redact(t, "BOB")
	first.write(t, 3)
	if _, err := first.trySeal(t); err != nil {
		t.Fatal(err)
	}

	l := first.in(t, backup)
	// The old numbers of leaves mean nothing here yet.
	_, err := (&seal.Redaction{UserID: "ALICE", Reason: "Request 17"}).Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)})
	testdb.RequireCode(t, err, "55000")
	l.mustRestart(t)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	verdict := l.verify(t)
	requireFinding(t, verdict, seal.ValueReturned, 0)
	for _, finding := range verdict.Findings {
		if finding.Kind != seal.ValueReturned {
			t.Errorf("found %s: %s", finding.Kind, finding.Message)
		}
	}
	if verdict.Redacted != before.Entries {
		t.Errorf("%d entries are redacted, want %d", verdict.Redacted, before.Entries)
	}
	// New entries have the numbers of lost leaves, which were redacted. Notes from before do not cover them.
	l.write(t, 3)
	l.deactivate(t, "BOB")
	l.redact(t, "BOB")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
	if rest := l.left(t, "BOB"); rest != 0 {
		t.Errorf("%d entries are left", rest)
	}
}

// A new directory does not know what was dropped and redacted before. It learns it from the notes of the old one.
func TestNewDirectoryTakesOverNotes(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	testsql.Run(t, l.Pool, insertAt, month(2), 3)
	l.deactivate(t, "ALICE")
	l.export(t)
	if dropped, err := l.drop(t, l.admin(t), month(1), time.Second); err != nil || dropped.Entries != 3 {
		t.Fatalf("dropped: %+v, %v", dropped, err)
	}
	done := l.redact(t, "ALICE")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)
	old := l.sealedLog
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where redactions is not null"), nil)
	if err != nil {
		t.Fatal(err)
	}

	begun := *l.sealedLog
	begun.key, begun.directory = newKey(t, "new.example/log"), filepath.Join(t.TempDir(), "begun")
	l.sealedLog = &begun
	l.mustRestart(t)
	// Without the notes, entries are missing for no reason that anybody has signed.
	kinds := map[seal.Kind]bool{}
	for _, finding := range l.verify(t).Findings {
		kinds[finding.Kind] = true
	}
	if !kinds[seal.EntryMissing] || !kinds[seal.ValueRemoved] {
		t.Errorf("naive: found %v", kinds)
	}
	keys := begun.key.Public + "\n" + old.key.Public + "\n"
	if err := os.WriteFile(filepath.Join(begun.directory, seal.KeysFile), []byte(keys), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dropped", "redacted"} {
		text, err := os.ReadFile(filepath.Join(old.directory, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(begun.directory, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l.requireIntactWith(t, done.Entries)
	// They also explain proofs of the old log. Without one, the copy may be older than the proof.
	if checked, err := l.heads(t).CheckProofs(strings.NewReader(jsonLines(t, proof)), nil); err != nil || !checked.Redactions[0].Noted {
		t.Errorf("a proof of the old log: %+v, %v", checked, err)
	}
	if checked, err := l.heads(t).CheckProofs(strings.NewReader(jsonLines(t, hidden(proof, "content", done.Records[0]+1000))), nil); err != nil ||
		!slices.ContainsFunc(checked.Redactions, func(one *seal.CheckedRedaction) bool { return one.Older && !one.Explained() }) {
		t.Errorf("a value that no note has: %+v, %v", checked, err)
	}
	// Notes of the new directory follow those of the old one.
	l.deactivate(t, "BOB")
	more := l.redact(t, "BOB")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 || more.Entries == 0 {
		t.Errorf("after another redaction: %s", messages(verdict))
	}
}
