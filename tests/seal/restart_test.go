package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func (l *sealedLog) restart(t *testing.T) (*seal.Restart, error) {
	t.Helper()
	restart, _, err := (&seal.Sealer{Key: l.key, Heads: l.heads(t), Database: l.here(t)}).Restart(t.Context(), l.sealer)
	return restart, err
}

func (l *sealedLog) mustRestart(t *testing.T) *seal.Restart {
	t.Helper()
	restart, err := l.restart(t)
	if err != nil {
		t.Fatal(err)
	}
	return restart
}

// prove returns the proof of an entry, as others get it.
func (l *sealedLog) prove(t *testing.T, logID int64) []byte {
	t.Helper()
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), logID, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(proof)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// requireLostBy wants a proof to be valid, and its entry to have been lost by a restart, or by none.
func (l *sealedLog) requireLostBy(t *testing.T, proof []byte, number int64) {
	t.Helper()
	_, err := seal.CheckProofs(bytes.NewReader(proof), l.key.Public, func(proof *seal.Proof) error {
		got := int64(0)
		if restart := l.heads(t).LostBy(proof); restart != nil {
			got = restart.Number
		}
		if got != number {
			t.Errorf("entry %d was lost by restart %d, want %d", proof.LogID, got, number)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// lostEnd is a log of 5 entries, the database that took its place, and the 3 entries that it lost with their heads and
// proofs.
func lostEnd(t *testing.T) (l *sealedLog, proofs map[int64][]byte) {
	t.Helper()
	first := newSealedLog(t)
	first.write(t, 2)
	first.seal(t, 2)
	first.write(t, 3)
	first.seal(t, 3)
	l = first.in(t, restored(t, first.Database))
	first.write(t, 1)
	first.seal(t, 1)
	first.write(t, 2)
	first.seal(t, 2)
	first.requireIntact(t, 8)
	proofs = map[int64][]byte{}
	for _, logID := range []int64{2, 5, 6, 7, 8} {
		proofs[logID] = first.prove(t, logID)
	}
	return l, proofs
}

func TestLogContinuesAfterItsEndWasLost(t *testing.T) {
	t.Parallel()
	l, proofs := lostEnd(t)
	l.write(t, 2) // the restored sequence gives out the lost ids again

	// Both commands say what was lost, and which page to read.
	_, err := (&seal.Sealer{Key: l.key, Heads: l.heads(t), Database: l.here(t)}).Seal(t.Context(), l.sealer)
	tampered, found := asTampered(err)
	if !found || tampered.Finding.Kind != seal.EntryMissing || tampered.Finding.LogIDs == nil || *tampered.Finding.LogIDs != (seal.LogIDs{Lowest: 6, Highest: 8}) {
		t.Fatalf("the seal returns %v, want the lost entries from 6 to 8", err)
	}
	if !strings.Contains(tampered.Hint(), seal.AboutRestarts) || !strings.Contains(err.Error(), "from 6 to 8") {
		t.Errorf("the error is %v, with the HINT %q", err, tampered.Hint())
	}
	verdict := l.verify(t)
	if verdict.Total != 1 || verdict.Findings[0].LogIDs == nil || *verdict.Findings[0].LogIDs != (seal.LogIDs{Lowest: 6, Highest: 8}) || verdict.Findings[0].Hint() == "" {
		t.Fatalf("verify returns %+v, want the lost entries from 6 to 8", verdict)
	}

	// A restart is confirmed like a seal.
	before := l.files(t)
	_, _, err = (&seal.Sealer{Key: l.key, Heads: l.heads(t)}).Restart(t.Context(), l.sealer)
	testdb.RequireCode(t, err, "55000")
	stranger := *l
	stranger.key = newKey(t, "test.example/log")
	if _, err := stranger.restart(t); kindOf(err) != seal.KeyUnknown {
		t.Errorf("an unknown key: %v", err)
	}
	if after := l.files(t); len(after) != len(before) || after["latest"] != before["latest"] {
		t.Errorf("what was refused has written: %q", after)
	}

	early := [2]*seal.Heads{l.heads(t), l.heads(t)}
	restart := l.mustRestart(t)
	if restart.Number != 1 || restart.Lost.Size != 8 || restart.Kept.Size != 5 || *restart.LogIDs != (seal.LogIDs{Lowest: 6, Highest: 8}) || restart.Reused != 2 || restart.Place != *l.here(t) {
		t.Fatalf("the restart is %+v", restart)
	}
	// The next head has the ids of all leaves that the restart did not keep. If its end is lost too, they are known.
	if text := l.heads(t).Latest.Note; !strings.Contains(text, "\nlog_ids 6 7\nrestart 1\n") {
		t.Errorf("the head does not name them: %s", text)
	}
	if next := testsql.Value[int64](t, l.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'APP_PAY', 'ALICE', 'Paid', '{}') returning log_id"); next < 10000000 {
		t.Errorf("the next id is %d", next)
	}
	l.seal(t, 1)
	l.requireIntact(t, 8)
	if verdict := l.verify(t); len(verdict.Restarts) != 1 || verdict.Restarts[0].Lost.Size != 8 {
		t.Errorf("it does not show the restart: %+v", verdict)
	}
	if text := l.heads(t).Latest.Note; !strings.Contains(text, "\nlog_ids 10000008 10000008\nrestart 1\n") {
		t.Errorf("the head does not name it: %s", text)
	}

	// One log id and one key, but two contents. Each proof is valid, and says to which history it belongs.
	for logID, proof := range proofs {
		want := int64(0)
		if logID > 5 {
			want = 1
		}
		l.requireLostBy(t, proof, want)
	}
	l.requireLostBy(t, l.prove(t, 6), 0)
	var unproven *seal.NotProvenError
	if _, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 8, nil); !errors.As(err, &unproven) || !strings.Contains(err.Error(), "restart 1 lost entries from 6 to 8") {
		t.Errorf("proving a lost entry: got %v", err)
	}

	// Nothing more is lost, not even for a sealer that has read the directory before the restart.
	for name, heads := range map[string][2]*seal.Heads{"read now": {l.heads(t), l.heads(t)}, "read early": early} {
		if _, err := (&seal.Sealer{Key: l.key, Heads: heads[0]}).PlanRestart(t.Context(), l.sealer); !errors.Is(err, seal.ErrNothingLost) {
			t.Errorf("%s: got %v, want ErrNothingLost", name, err)
		}
		if _, _, err := (&seal.Sealer{Key: l.key, Heads: heads[1]}).Restart(t.Context(), l.sealer); !errors.Is(err, seal.ErrNothingLost) {
			t.Errorf("%s: got %v, want ErrNothingLost", name, err)
		}
	}
}

func TestLogRestartsAfterLosingEverything(t *testing.T) {
	t.Parallel()
	first := newSealedLog(t)
	first.seal(t, 0)
	l := first.in(t, restored(t, first.Database))
	first.write(t, 3)
	first.seal(t, 3)
	if restart := l.mustRestart(t); restart.Kept.Size != 0 || restart.Lost.Size != 3 {
		t.Fatalf("the restart is %+v, want all 3 leaves lost", restart)
	}
	l.requireIntact(t, 0)
	l.write(t, 4)
	l.seal(t, 4)
	l.requireIntact(t, 4)
}

// If it is killed between the note and the head, the next seal continues, and a restart repeats what it said.
func TestInterruptedRestartContinues(t *testing.T) {
	t.Parallel()
	l, _ := lostEnd(t)
	latest := l.files(t)["latest"]
	l.mustRestart(t)
	if err := os.WriteFile(filepath.Join(l.directory, "latest"), []byte(latest), 0o644); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Errorf("verify finds %s", messages(verdict))
	}
	// The newest head was given up, so nothing can be proven until the next seal.
	var unproven *seal.NotProvenError
	if _, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 2, nil); !errors.As(err, &unproven) || !strings.Contains(err.Error(), "restart 1") {
		t.Errorf("proving before the next seal: got %v", err)
	}
	exporter := &seal.Exporter{Heads: l.heads(t)}
	if _, err := exporter.Export(t.Context(), l.auditor, func(any) error { return nil }); !errors.As(err, &unproven) || !strings.Contains(err.Error(), "restart 1") {
		t.Errorf("exporting before the next seal: got %v", err)
	}
	// Another directory with the same state learns nothing from that.
	untold := *l
	untold.directory = copyDirectory(t, l.directory)
	if err := os.Remove(filepath.Join(untold.directory, "restarts")); err != nil {
		t.Fatal(err)
	}
	_, err := (&seal.Sealer{Key: l.key, Heads: l.heads(t), Also: []*seal.Heads{untold.heads(t)}}).Seal(t.Context(), l.sealer)
	if kindOf(err) != seal.EntryMissing {
		t.Errorf("another directory: got %v, want EntryMissing", err)
	}
	if restart := l.mustRestart(t); restart.Number != 1 {
		t.Errorf("the repeated restart is %+v, want number 1", restart)
	}
	l.requireIntact(t, 5)
	l.write(t, 1)
	l.seal(t, 1)
	l.requireIntact(t, 6)
}

func TestSecondRestartKeepsTheFirst(t *testing.T) {
	t.Parallel()
	first, proofs := lostEnd(t)
	second := first.in(t, restored(t, first.Database))
	first.mustRestart(t)
	first.write(t, 9)
	first.seal(t, 9)
	proofs[0] = first.prove(t, first.heads(t).Latest.LogIDs.Highest)
	// The ids from 6 to 8 were lost by the first.
	if restart := second.mustRestart(t); restart.Number != 2 || restart.Lost.Size != 14 || restart.Kept.Size != 5 || *restart.LogIDs != (seal.LogIDs{Lowest: 10000006, Highest: 10000014}) {
		t.Fatalf("the second restart is %+v", restart)
	}
	second.write(t, 1)
	second.seal(t, 1)
	second.requireIntact(t, 6)
	second.requireLostBy(t, proofs[5], 0)
	second.requireLostBy(t, proofs[7], 1)
	second.requireLostBy(t, proofs[0], 2)
}

// lostTwice is a log of 8 signed leaves, with two databases that can take its place: one has 5 of the leaves, the other
// 2. It comes with the proofs of some entries.
func lostTwice(t *testing.T) (older, oldest *sealedLog, proofs map[int64][]byte) {
	t.Helper()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	oldest = l.in(t, restored(t, l.Database))
	l.write(t, 3)
	l.seal(t, 3)
	older = l.in(t, restored(t, l.Database))
	proofs = map[int64][]byte{2: l.prove(t, 2), 4: l.prove(t, 4)}
	l.write(t, 3)
	l.seal(t, 3)
	proofs[7] = l.prove(t, 7)
	return older, oldest, proofs
}

// What a later restart gave up is lost, even if an earlier one had kept it. Otherwise its proofs would count as entries
// of this log, and what was signed as dropped before would excuse that new entries with its leaf numbers are missing.
func TestLaterRestartGivesUpWhatTheFirstKept(t *testing.T) {
	t.Parallel()
	older, oldest, proofs := lostTwice(t)
	if restart := older.mustRestart(t); restart.Number != 1 || restart.Lost.Size != 8 || restart.Kept.Size != 5 {
		t.Fatalf("the first restart is %+v", restart)
	}
	older.requireLostBy(t, proofs[4], 0)
	older.write(t, 2)
	older.seal(t, 2)
	restart, err := oldest.restart(t)
	// The note is signed before the seal. Check the proofs first, because a wrong answer may also make the seal fail.
	oldest.requireLostBy(t, proofs[2], 0)
	oldest.requireLostBy(t, proofs[4], 2)
	oldest.requireLostBy(t, proofs[7], 1) // it was lost before the second
	if err != nil || restart.Number != 2 || restart.Lost.Size != 7 || restart.Kept.Size != 2 {
		t.Fatalf("the second restart is %+v; error: %v", restart, err)
	}
	oldest.write(t, 4)
	oldest.seal(t, 4)
	oldest.requireIntact(t, 6)

	dropped := oldest.sign(t, "test.example/log\ndropped leaves\n0 4\n")
	if err := os.WriteFile(filepath.Join(oldest.directory, "dropped"), []byte(dropped), 0o644); err != nil {
		t.Fatal(err)
	}
	connection := oldest.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	victim := testsql.Value[int64](t, connection, "delete from postern_internal.checkpoint_entry where log_id = (select log_id from postern_internal.leaf where leaf_number = 3) returning log_id")
	requireFinding(t, oldest.verify(t), seal.EntryMissing, victim)
}

// If still more is lost before the head that follows a restart, the next restart says so instead of repeating the
// first.
func TestInterruptedRestartIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	older, oldest, _ := lostTwice(t)
	latest := older.files(t)["latest"]
	older.mustRestart(t)
	if err := os.WriteFile(filepath.Join(older.directory, "latest"), []byte(latest), 0o644); err != nil {
		t.Fatal(err)
	}
	if restart := oldest.mustRestart(t); restart.Number != 2 || restart.Lost.Size != 8 || restart.Kept.Size != 2 {
		t.Errorf("the second restart is %+v", restart)
	}
	oldest.requireIntact(t, 2)
}

// Somebody with the key and the directory could cut off the end and call it a restart. Every directory that had the end
// refuses that, and so does a head that somebody kept, until its owner accepts the restart.
func TestOtherDirectoriesRefuseAnUnknownRestart(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	also := filepath.Join(t.TempDir(), "also")
	sealBoth := func() error {
		other, err := seal.OpenHeads(also)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&seal.Sealer{Key: l.key, Heads: l.heads(t), Also: []*seal.Heads{other}}).Seal(t.Context(), l.sealer)
		return err
	}
	for range 3 {
		l.write(t, 5)
		if err := sealBoth(); err != nil {
			t.Fatal(err)
		}
	}
	pinned := l.heads(t).Latest
	superuser := l.Connect(t)
	for _, statement := range []string{
		"set session_replication_role = replica",
		"delete from postern_internal.checkpoint_entry where log_id > 10",
		"delete from postern_internal.leaf where log_id > 10",
		"delete from postern_internal.tree_head where tree_size > 10",
		"update postern_internal.sealing set tree_size = 10",
	} {
		testsql.Run(t, superuser, statement)
	}
	// The naive way hides it: without its newest heads, the directory does not know about them.
	naive := *l
	naive.directory = copyDirectory(t, l.directory)
	if err := os.WriteFile(filepath.Join(naive.directory, "latest"), []byte(splitHeads(l.files(t))[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	naive.requireIntact(t, 10)

	l.mustRestart(t)
	l.requireIntact(t, 10)
	verdict, err := (&seal.Verifier{Heads: l.heads(t), Since: pinned}).Verify(t.Context(), l.auditor)
	if err != nil {
		t.Fatal(err)
	}
	requireFinding(t, verdict, seal.OtherHistory, 0)

	untold := *l
	untold.directory = also
	before := untold.files(t)
	l.write(t, 4)
	if err := sealBoth(); kindOf(err) != seal.EntryMissing {
		t.Errorf("the other directory takes it: %v", err)
	}
	// The directory of whoever restarted continues. The head in the database tells the other one why its end is missing.
	l.seal(t, 4)
	if verdict := untold.verify(t); verdict.Total != 2 || !strings.Contains(messages(verdict), "leaves 14 to 14") || !strings.Contains(messages(verdict), "of 14 leaves that names restart 1") {
		t.Errorf("verify finds %s", messages(verdict))
	}
	l.write(t, 3)
	l.seal(t, 3) // further than before
	requireFinding(t, untold.verify(t), seal.TreeRewritten, 0)
	if err := sealBoth(); kindOf(err) != seal.TreeRewritten {
		t.Errorf("the other directory takes it: %v", err)
	}
	if after := untold.files(t); after["latest"] != before["latest"] {
		t.Error("it has another head")
	}

	// A directory that never saw the end has to accept it too. Otherwise it could not tell later what its heads refer
	// to.
	if err := os.WriteFile(filepath.Join(also, "latest"), []byte(splitHeads(before)[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	requireFinding(t, untold.verify(t), seal.OtherHistory, 0)
	if err := sealBoth(); kindOf(err) != seal.OtherHistory || !strings.Contains(err.Error(), "was not told of restart 1") {
		t.Errorf("sealing into both directories: got %v, want OtherHistory", err)
	}
	if err := os.WriteFile(filepath.Join(also, "latest"), []byte(before["latest"]), 0o644); err != nil {
		t.Fatal(err)
	}

	// Its owner accepts it.
	restarts := l.files(t)["restarts"]
	if err := os.WriteFile(filepath.Join(also, "restarts"), []byte(restarts), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sealBoth(); err != nil {
		t.Fatal(err)
	}
	untold.requireIntact(t, 17)
	if verdict := untold.verify(t); len(verdict.Restarts) != 1 {
		t.Errorf("it does not show the restart: %+v", verdict)
	}

	// The note can be neither removed nor changed.
	for name, text := range map[string]string{"without": "", "changed": strings.Replace(restarts, "kept 10", "kept 11", 1)} {
		if err := os.WriteFile(filepath.Join(l.directory, "restarts"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.OpenHeads(l.directory); kindOf(err) != seal.OtherHistory && kindOf(err) != seal.SignatureInvalid {
			t.Errorf("%s: opening the directory: got %v, want an error", name, err)
		}
	}
}

// splitHeads returns all heads of a directory, oldest first.
func splitHeads(files map[string]string) []string {
	var heads []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, "heads-") {
			heads = append(heads, regexp.MustCompile(`(?s)[^\n]+\n\d+\n.*?\n\n[^\n]+\n`).FindAllString(files[name], -1)...)
		}
	}
	return heads
}

// A restart that keeps another history than a directory has seen is refused there, even if its owner accepted a
// restart.
func TestRestartWithAnotherHistoryIsRefused(t *testing.T) {
	t.Parallel()
	l, _ := lostEnd(t)
	told := *l
	told.directory = copyDirectory(t, l.directory)
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	testsql.Run(t, connection, "update postern_internal.checkpoint_entry set comment = 'Never seen' where log_id = 1")
	l.rewrite(t)
	root := testsql.Value[[]byte](t, l.Pool, "select postern_internal.tree_root(5)")
	latest := l.heads(t).Latest
	text := "test.example/log\nrestart 1\nat 2026-03-31T12:30:00Z\nplace " + *l.here(t) + " timeline 1\nlost 8 " + base64.StdEncoding.EncodeToString(latest.Root[:]) +
		"\nkept 5 " + base64.StdEncoding.EncodeToString(root) + "\n"
	if err := os.WriteFile(filepath.Join(told.directory, "restarts"), []byte(l.sign(t, text)), 0o644); err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, connection, "delete from postern_internal.tree_head")
	requireFinding(t, told.verify(t), seal.OtherHistory, 0)
	_, err := (&seal.Sealer{Key: l.key, Heads: told.heads(t), Database: l.here(t)}).Seal(t.Context(), l.sealer)
	if kindOf(err) != seal.TreeRewritten {
		t.Errorf("got %v, want TreeRewritten", err)
	}
	// A naive reader who checks only the kept head would accept it.
	for name := range told.files(t) {
		if strings.HasPrefix(name, "heads-") {
			if err := os.Remove(filepath.Join(told.directory, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	told.requireIntact(t, 5)
}

// sign signs any text, like somebody with the key.
func (l *sealedLog) sign(t *testing.T, text string) string {
	t.Helper()
	private, err := os.ReadFile(l.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// Leaves that a restart gave up get other entries. What was signed as dropped before does not excuse missing entries.
func TestDropBeforeARestartDoesNotExcuseMissingEntries(t *testing.T) {
	t.Parallel()
	l, _ := lostEnd(t)
	dropped := filepath.Join(l.directory, "dropped")
	l.mustRestart(t)
	l.write(t, 3)
	l.seal(t, 3)
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	// The restart kept leaf 4, the last one, and gave up leaf 5.
	testsql.Run(t, connection, "delete from postern_internal.checkpoint_entry where log_id in (select log_id from postern_internal.leaf where leaf_number in (4, 5))")
	victim := testsql.Value[int64](t, connection, "select log_id from postern_internal.leaf where leaf_number = 5")
	for text, missing := range map[string]int64{
		"test.example/log\ndropped leaves\n0 7\n":            1,
		"test.example/log\ndropped leaves\nrestart 1\n0 7\n": 0,
	} {
		if err := os.WriteFile(dropped, []byte(l.sign(t, text)), 0o644); err != nil {
			t.Fatal(err)
		}
		verdict := l.verify(t)
		if verdict.Total != missing {
			t.Errorf("%d entries are missing, want %d:\n%s", verdict.Total, missing, messages(verdict))
		}
		if missing > 0 {
			requireFinding(t, verdict, seal.EntryMissing, victim)
		}
	}
}

// A sealer can call the function without the command. It can neither use up log ids nor run while another one seals.
func TestRestartByHandIsBounded(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 3)
	l.seal(t, 3)
	l.write(t, 2)
	const restartLog = "select reused from postern.restart_log($1, $2)"
	const farthest = 5 + 10_000_000_000
	testsql.Refused(t, l.sealer, "PS107", restartLog, 5, 4)
	testsql.Refused(t, l.sealer, "PS107", restartLog, 4, farthest+1)

	other, err := l.Login(t, "postern_sealer").Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, other, "select postern.begin_sealing()")
	testsql.Fails(t, l.sealer, "55P03", restartLog, 4, 5)
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}

	// The sealed entries were not lost. Only the two others have an id that a lost entry may have had.
	if reused := testsql.Value[int64](t, l.sealer, restartLog, 2, farthest); reused != 2 {
		t.Errorf("%d ids were given out again, want 2", reused)
	}
	l.write(t, 1)
	if given := testsql.Value[int64](t, l.Pool, "select max(log_id) from postern_internal.checkpoint_entry"); given <= farthest {
		t.Errorf("the next id is %d", given)
	}
}

func TestRestartRefusesWhereNothingWasLost(t *testing.T) {
	t.Parallel()
	refused := func(l *sealedLog, is func(error) bool) {
		t.Helper()
		before := l.files(t)
		sealer := &seal.Sealer{Key: l.key, Heads: l.heads(t), Database: l.here(t)}
		if _, err := sealer.PlanRestart(t.Context(), l.sealer); !is(err) {
			t.Errorf("planning a restart: got %v, want a refusal", err)
		}
		if _, _, err := sealer.Restart(t.Context(), l.sealer); !is(err) {
			t.Errorf("a restart: got %v, want a refusal", err)
		}
		if after := l.files(t); !maps.Equal(before, after) {
			t.Errorf("what was refused has written: %q", after)
		}
	}
	// A log that nobody has sealed needs no restart for its first directory.
	unsealed := newSealedLog(t)
	unsealed.write(t, 2)
	isNothingLost := func(err error) bool { return errors.Is(err, seal.ErrNothingLost) }
	refused(unsealed, isNothingLost)

	// The restart that begins a new directory was interrupted before the first head. It is not signed again.
	unsealed.seal(t, 2)
	begun := *unsealed
	begun.key, begun.directory = newKey(t, "new.example/log"), filepath.Join(t.TempDir(), "begun")
	begun.mustRestart(t)
	for name := range begun.files(t) {
		if name == "latest" || strings.HasPrefix(name, "heads-") {
			if err := os.Remove(filepath.Join(begun.directory, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := (&seal.Sealer{Key: begun.key, Heads: begun.heads(t)}).PlanRestart(t.Context(), begun.sealer); !isNothingLost(err) {
		t.Errorf("planning a restart: got %v, want that nothing was lost", err)
	}
	if restart := begun.mustRestart(t); restart.Number != 1 {
		t.Errorf("the restart is %+v, want number 1", restart)
	}

	// The log continued with an old copy of the directory. A restart with the first directory would give up heads and
	// proofs that this directory does not know.
	l, _ := lostEnd(t)
	elsewhere := *l
	elsewhere.directory = copyDirectory(t, l.directory)
	if err := os.WriteFile(filepath.Join(elsewhere.directory, "latest"), []byte(splitHeads(l.files(t))[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	elsewhere.write(t, 9)
	if _, err := (&seal.Sealer{Key: l.key, Heads: elsewhere.heads(t), Database: l.here(t)}).Seal(t.Context(), l.sealer); err != nil {
		t.Fatal(err)
	}
	refused(l, func(err error) bool { return kindOf(err) == seal.OtherHistory })
}

// A restart was signed in a restored database, and then the former primary came back and continues. The restart gave up
// heads that are still in its database: they are not another history. A new head of the same tree holds all the same.
func TestFormerPrimaryContinuesAfterARestartElsewhere(t *testing.T) {
	t.Parallel()
	former := newSealedLog(t)
	former.write(t, 5)
	former.seal(t, 5)
	elsewhere := former.in(t, restored(t, former.Database))
	former.write(t, 3)
	former.seal(t, 3)
	if restart := elsewhere.mustRestart(t); restart.Lost.Size != 8 || restart.Kept.Size != 5 {
		t.Fatalf("the restart elsewhere is %+v", restart)
	}

	if verdict := former.verify(t); verdict.Total > 0 || verdict.Signed != 5 || verdict.NotSigned != 3 {
		t.Errorf("verify of the former primary returns %+v", verdict)
	}
	former.seal(t, 0)
	former.requireIntact(t, 8)

	backup := former.in(t, restored(t, former.Database))
	former.write(t, 2)
	former.seal(t, 2)
	if restart := backup.mustRestart(t); restart.Number != 2 || restart.Lost.Size != 10 || restart.Kept.Size != 8 {
		t.Errorf("the restart of the backup is %+v", restart)
	}
	backup.requireIntact(t, 8)
}

// A binary search finds where the tree differs from the heads. Heads that a restart gave up would mislead it.
func TestGivenUpHeadsDoNotMisleadTheSearch(t *testing.T) {
	t.Parallel()
	l, _ := lostEnd(t)
	l.mustRestart(t)
	l.write(t, 4)
	l.seal(t, 4)
	backup := l.in(t, restored(t, l.Database))
	l.write(t, 3)
	l.seal(t, 3)

	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	testsql.Run(t, connection, "update postern_internal.checkpoint_entry set comment = 'Never seen' where log_id = (select log_id from postern_internal.leaf where leaf_number = 10)")
	l.rewrite(t)
	if verdict := l.verify(t); !strings.Contains(messages(verdict), "among leaves 9 to 11") {
		t.Errorf("it does not say where:\n%s", messages(verdict))
	}
	if restart := backup.mustRestart(t); restart.Lost.Size != 12 || restart.Kept.Size != 9 {
		t.Errorf("the restart of the backup is %+v", restart)
	}
}

// After a restart, new entries get the leaf numbers of lost ones. The note of a later drop names the restart, so it
// covers the new entries.
func TestDropAfterARestartCoversNewLeaves(t *testing.T) {
	t.Parallel()
	first := newSealedLog(t)
	old, before := month(2), month(1)
	testsql.Run(t, first.Pool, insertAt, old, 4)
	first.seal(t, 4)
	l := first.in(t, restored(t, first.Database))
	first.write(t, 3)
	first.seal(t, 3)
	l.mustRestart(t)
	testsql.Run(t, l.Pool, insertAt, old, 6)
	l.write(t, 1)
	l.seal(t, 7)
	l.export(t)
	if done, err := l.drop(t, l.admin(t), before, 10*time.Second); err != nil || done.Entries != 10 {
		t.Fatalf("the drop is %+v; error: %v", done, err)
	}
	if verdict := l.verify(t); verdict.Total > 0 || verdict.Leaves != 11 || verdict.Dropped != 10 {
		t.Errorf("verify returns %+v\n%s", verdict, messages(verdict))
	}
}
