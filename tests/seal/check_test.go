package seal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testsql"
)

// jsonLines writes proofs as a file has them.
func jsonLines(t *testing.T, objects ...any) string {
	t.Helper()
	var file bytes.Buffer
	for _, one := range objects {
		if err := json.NewEncoder(&file).Encode(one); err != nil {
			t.Fatal(err)
		}
	}
	return file.String()
}

// withRecords are a proof and what follows it in a file.
func withRecords(proof *seal.Proof) []any {
	objects := []any{proof}
	for _, record := range proof.Records {
		objects = append(objects, record)
	}
	return objects
}

// hidden is a proof from which somebody without a key has removed a field, as a redaction does.
func hidden(proof *seal.Proof, field string, record int64) *seal.Proof {
	forged := *proof
	forged.Inclusion.Salted = maps.Clone(proof.Inclusion.Salted)
	delete(forged.Inclusion.Salted, field)
	forged.Inclusion.Redacted = maps.Clone(proof.Inclusion.Redacted)
	if forged.Inclusion.Redacted == nil {
		forged.Inclusion.Redacted = map[string]int64{}
	}
	forged.Inclusion.Redacted[field] = record
	switch field {
	case "content":
		forged.Message, forged.Parameters, forged.ApprovedMessage = nil, nil, nil
	case "comment":
		forged.Comment = nil
	case "userid":
		forged.UserID = nil
	}
	return &forged
}

// Whoever passes on a proof must not be able to take a value out of it, and call that a redaction. Nothing of this needs a
// key. A checker that only follows hashes accepts all of it.
func TestInventedRedactionProvesNothing(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	bob := testsql.Value[int64](t, l.Pool, "select log_id from postern_internal.checkpoint_entry where userid = 'BOB' and authenticated_by = 'BOB'")
	before, err := seal.Prove(t.Context(), l.auditor, l.heads(t), bob, nil)
	if err != nil {
		t.Fatal(err)
	}
	older := copyDirectory(t, l.directory)
	if _, err := (&seal.Redaction{UserID: "ALICE", Reason: "Request 17", KeepContent: true}).Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	heads := l.heads(t)
	prove := func(condition string) *seal.Proof {
		t.Helper()
		logID := testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where "+condition)
		proof, err := seal.Prove(t.Context(), l.auditor, heads, logID, nil)
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	of, bobs := prove("redactions is not null and outcome = 'passed' and userid is null"), prove(fmt.Sprintf("log_id = %d", bob))
	record, later := of.Records[0], prove("action = 'user' and log_id > (select min(log_id) from postern_internal.checkpoint_entry where gate_id = 'APP_PAY')")
	if *bobs.Comment != "Checked" || later.LogID <= bobs.LogID || record.LogID <= bobs.LogID {
		t.Fatalf("entries %d, %d and %d are not as expected", bobs.LogID, later.LogID, record.LogID)
	}
	export := strings.TrimSuffix(string(l.exportUntil(t, "")), "\n")
	hide := func(field string, record int64) string {
		lines := strings.Split(export, "\n")
		index := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, fmt.Sprintf(`"log_id":%d,`, bobs.LogID)) })
		forged := *hidden(bobs, field, record)
		forged.Head, forged.Keys = "", nil
		lines[index] = strings.TrimSuffix(jsonLines(t, &forged), "\n")
		return strings.Join(lines, "\n")
	}

	check := func(file string, heads *seal.Heads) (*seal.Checked, error) {
		if heads != nil {
			return heads.CheckProofs(strings.NewReader(file), nil)
		}
		return seal.CheckProofs(strings.NewReader(file), l.key.Public, nil)
	}
	// A directory from before the redaction cannot say that it was noted.
	for name, file := range map[string]string{"genuine": jsonLines(t, withRecords(of)...), "invented": jsonLines(t, hidden(bobs, "comment", record.LogID), record)} {
		old, err := seal.OpenHeads(older)
		if err != nil {
			t.Fatal(err)
		}
		if checked, err := check(file, old); err != nil || len(checked.Redactions) != 1 || !checked.Redactions[0].Older || checked.Redactions[0].Explained() || checked.Heads[0].InDirectory {
			t.Errorf("%s, with an older directory: %+v, %v", name, checked, err)
		}
	}
	for name, one := range map[string]struct {
		file string
		// without is what the file alone says, and with what the directory of heads says too: "" is valid, "unexplained" is
		// that the file says too little.
		without, with seal.Kind
	}{
		"what really was redacted":        {jsonLines(t, withRecords(of)...), "", ""},
		"an export":                       {export, "", ""},
		"without the record":              {jsonLines(t, of), "unexplained", ""},
		"no record in the file":           {jsonLines(t, hidden(bobs, "comment", record.LogID)), "unexplained", seal.ValueRemoved},
		"a record that cannot be":         {jsonLines(t, hidden(bobs, "comment", 1<<62)), "unexplained", seal.ValueRemoved},
		"its own record":                  {jsonLines(t, hidden(bobs, "comment", bobs.LogID)), seal.ProofInvalid, seal.ValueRemoved},
		"an older record":                 {jsonLines(t, hidden(bobs, "comment", 1)), seal.ProofInvalid, seal.ValueRemoved},
		"another entry as record":         {hide("comment", later.LogID), seal.ProofInvalid, seal.ValueRemoved},
		"one more than the record says":   {hide("comment", record.LogID), seal.ProofInvalid, seal.ValueRemoved},
		"content that the redaction kept": {jsonLines(t, hidden(bobs, "content", record.LogID), record), seal.ProofInvalid, seal.ValueRemoved},
		"content of the record itself":    {jsonLines(t, of, hidden(record, "content", record.LogID+1)), seal.ProofInvalid, seal.ProofInvalid},
		"origin of the record itself":     {jsonLines(t, of, hidden(record, "origin", record.LogID+1)), seal.ProofInvalid, seal.ProofInvalid},
		"behind a full copy":              {jsonLines(t, bobs, hidden(bobs, "comment", record.LogID), record), seal.ProofInvalid, seal.ProofInvalid},
		"before a full copy":              {jsonLines(t, hidden(bobs, "comment", record.LogID), bobs, record), seal.ProofInvalid, seal.ValueRemoved},
		"more in another copy":            {jsonLines(t, of, hidden(of, "content", record.LogID), record), seal.ProofInvalid, seal.ProofInvalid},
		"the same copy twice":             {jsonLines(t, of, of, record, record), "", ""},
		"under a head without the record": {jsonLines(t, hidden(before, "comment", record.LogID)) + jsonLines(t, record), seal.ProofInvalid, seal.ValueRemoved},
		"one more, under another head":    {jsonLines(t, hidden(before, "comment", later.LogID)) + export, seal.ProofInvalid, seal.ValueRemoved},
		// Only the directory can say which entries a record is about.
		"instead of another": {jsonLines(t, hidden(bobs, "comment", record.LogID), record), "", seal.ValueRemoved},
	} {
		for where, heads := range map[string]*seal.Heads{"alone": nil, "with the directory": heads} {
			want := one.without
			if heads != nil {
				want = one.with
			}
			checked, err := check(one.file, heads)
			got := kindOf(err)
			if err == nil && slices.ContainsFunc(checked.Redactions, func(one *seal.CheckedRedaction) bool { return !one.Explained() }) {
				got = "unexplained"
			}
			if got != want || err != nil && got == "" {
				t.Errorf("%s, %s: got %q, want %q; error: %v", name, where, got, want, err)
			}
		}
	}
}

// An entry counts once, so that nobody can leave one out and repeat another.
func TestRepeatedEntriesCountOnce(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	lines := strings.SplitAfter(string(l.exportUntil(t, "")), "\n")
	lines = lines[:len(lines)-1]
	whole, err := seal.CheckProofs(strings.NewReader(strings.Join(lines, "")), l.key.Public, nil)
	if err != nil || whole.Entries() != int64(len(lines)-1) || whole.Heads[0].Missing != 0 || whole.Heads[0].Repeated != 0 {
		t.Fatalf("the export has %+v, %v", whole, err)
	}
	// Naive: as many lines as before, each of them valid.
	forged := slices.Concat(lines[:3], lines[1:2], lines[4:], lines[:2])
	if naive := int64(len(forged) - 2); naive < whole.Entries() {
		t.Fatalf("naive: %d lines with proofs, of %d", naive, whole.Entries())
	}
	given := int64(0)
	checked, err := seal.CheckProofs(strings.NewReader(strings.Join(forged, "")), l.key.Public, func(*seal.Proof) error { given++; return nil })
	if err != nil || given != checked.Entries() {
		t.Fatalf("%d entries were given, %v", given, err)
	}
	if head := checked.Heads[0]; len(checked.Heads) != 1 || checked.Entries() != whole.Entries()-1 || head.Missing != 1 || head.Repeated != 2 {
		t.Errorf("%d entries under %d heads, %d missing, %d repeated", checked.Entries(), len(checked.Heads), head.Missing, head.Repeated)
	}
}

// An object that this program cannot check does not hide what comes behind it.
func TestObjectOfALaterVersionHidesNoForgery(t *testing.T) {
	t.Parallel()
	l, _, text := newProof(t)
	valid, forged := string(text)+"\n", strings.Replace(string(text), "Checked", "Never seen", 1)+"\n"
	for name, one := range map[string]struct {
		file string
		kind seal.Kind // "" is a *seal.NewerError
	}{
		"alone":                       {`{"version":2}`, ""},
		"a valid one behind it":       {`{"version":2}` + valid, ""},
		"before it":                   {valid + `{"version":2}`, ""},
		"a forged one behind it":      {`{"version":2}` + forged, seal.ProofInvalid},
		"between":                     {valid + `{"version":2}` + forged, seal.ProofInvalid},
		"text behind it":              {`{"version":2} garbage`, seal.ProofInvalid},
		"a head that it may have had": {`{"version":2}` + strings.Replace(valid, `,"head":`, `,"keys":[],"head":"","x":`, 1), seal.ProofInvalid},
		"a version of any length":     {`{"version":9223372036854775808000}`, ""},
		"a version that is no number": {`{"version":2e400}`, seal.ProofInvalid},
	} {
		_, err := seal.CheckProofs(strings.NewReader(one.file), l.key.Public, nil)
		if newer := errors.As(err, new(*seal.NewerError)); newer != (one.kind == "") || kindOf(err) != one.kind {
			t.Errorf("%s: got %v, want %q", name, err, one.kind)
		}
	}
}

// signHead signs a head as the key of a log would.
func signHead(t *testing.T, signer note.Signer, size int, root [32]byte, more string) string {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n%s", signer.Name(), size, base64.StdEncoding.EncodeToString(root[:]), more)}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// Each head of a file is told apart, and whoever has a stolen key must also write into the directory of heads.
func TestHeadsOfAFileAreToldApart(t *testing.T) {
	t.Parallel()
	l, proof, text := newProof(t)
	private, err := os.ReadFile(l.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	stolen, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		t.Fatal(err)
	}
	private2, public2, err := note.GenerateKey(rand.Reader, "other.example/log")
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewSigner(private2)
	if err != nil {
		t.Fatal(err)
	}
	type headOnly struct {
		Head string `json:"head"`
	}
	lie := sha256.Sum256([]byte("another history"))

	checked, err := seal.CheckProofs(strings.NewReader(string(text)+jsonLines(t, headOnly{signHead(t, other, 1, lie, "")})), l.key.Public+"\n"+public2, nil)
	if err != nil || len(checked.Heads) != 2 || checked.Heads[0].Origin != "test.example/log" || checked.Heads[0].Entries != 1 || checked.Heads[1].Entries != 0 {
		t.Errorf("two logs: %+v, %v", checked, err)
	}
	for name, one := range map[string]struct {
		head    string
		without seal.Kind
		with    seal.Kind
	}{
		"the same head":            {proof.Head, "", ""},
		"another history":          {signHead(t, stolen, 9, lie, ""), seal.OtherHistory, seal.OtherHistory},
		"an unknown restart":       {signHead(t, stolen, 9, lie, "restart 1\n"), "", seal.OtherHistory},
		"one that nobody has seen": {signHead(t, stolen, 10, lie, ""), "", ""},
	} {
		file := string(text) + jsonLines(t, headOnly{one.head})
		if _, err := seal.CheckProofs(strings.NewReader(file), l.key.Public, nil); kindOf(err) != one.without || err != nil && one.without == "" {
			t.Errorf("%s: got %v, want %q", name, err, one.without)
		}
		checked, err := l.heads(t).CheckProofs(strings.NewReader(file), nil)
		if kindOf(err) != one.with || err != nil && one.with == "" {
			t.Errorf("%s, with the directory: got %v, want %q", name, err, one.with)
		} else if err == nil && checked.Heads[len(checked.Heads)-1].InDirectory != (name == "the same head") {
			t.Errorf("%s: the directory has it: %v", name, checked.Heads[len(checked.Heads)-1].InDirectory)
		}
	}
	// Naive: alone, the lie is a head that the key has signed. Only the directory contradicts it.
	alone := jsonLines(t, headOnly{signHead(t, stolen, 9, lie, "")})
	if _, err := seal.CheckProofs(strings.NewReader(alone), l.key.Public, nil); err != nil {
		t.Errorf("naive: %v", err)
	}
	if _, err := l.heads(t).CheckProofs(strings.NewReader(alone), nil); kindOf(err) != seal.OtherHistory {
		t.Errorf("a lie alone, with the directory: got %v, want OtherHistory", err)
	}
}

// A warning names the keys of a file. It must not name a key that has signed nothing.
func TestOnlyKeysThatHaveSignedAreNamed(t *testing.T) {
	t.Parallel()
	l, proof, _ := newProof(t)
	genuine := newKey(t, "test.example/log").Public
	for name, keys := range map[string][]string{"beside": {genuine, l.key.Public}, "again": {l.key.Public, l.key.Public}} {
		forged := *proof
		forged.Keys = keys
		checked, err := seal.CheckProofs(strings.NewReader(jsonLines(t, &forged)), "", nil)
		if err != nil || !checked.OwnKeys || !slices.Equal(checked.Keys, []string{l.key.Public}) {
			t.Errorf("%s: %+v, %v", name, checked, err)
		}
	}
	forged := *proof
	forged.Keys = []string{genuine + "\n" + l.key.Public}
	if _, err := seal.CheckProofs(strings.NewReader(jsonLines(t, &forged)), "", nil); kindOf(err) != seal.ProofInvalid {
		t.Errorf("two keys as one: got %v, want ProofInvalid", err)
	}
	// A key that stands twice in a file of keys is one key.
	if _, err := seal.CheckProofs(strings.NewReader(jsonLines(t, proof)), l.key.Public+"\n"+l.key.Public+"\n", nil); err != nil {
		t.Errorf("the same key twice: %v", err)
	}
	file := filepath.Join(l.directory, seal.KeysFile)
	if err := os.WriteFile(file, []byte(l.key.Public+"\n"+l.key.Public+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.heads(t)
}

// What cannot be read is not called forged.
func TestFaultWhileReadingIsNoForgery(t *testing.T) {
	t.Parallel()
	l, _, text := newProof(t)
	fault := errors.New("the disk is broken")
	_, err := seal.CheckProofs(io.MultiReader(bytes.NewReader(text[:100]), iotest.ErrReader(fault)), l.key.Public, nil)
	if !errors.Is(err, fault) || kindOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

// A redaction of one log, or of another history of it, does not explain what is missing in another.
func TestRedactionOfAnotherHistoryExplainsNothing(t *testing.T) {
	t.Parallel()
	one, two := newForgetful(t), newForgetful(t)
	two.key, two.keyFile = newKeyFile(t, "two.example/log")
	two.directory = filepath.Join(t.TempDir(), "two")
	two.mustRestart(t)
	for _, l := range []*forgetful{one, two} {
		l.deactivate(t, "ALICE")
	}
	copied := restored(t, one.Database)
	prove := func(l *forgetful, condition string) *seal.Proof {
		t.Helper()
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where "+condition), nil)
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	whole := prove(one, "userid = 'BOB' and authenticated_by = 'BOB'")
	for _, l := range []*forgetful{one, two} {
		l.redact(t, "ALICE")
		if _, err := l.trySeal(t); err != nil {
			t.Fatal(err)
		}
	}
	const redacted = "redactions is not null and outcome = 'passed' and userid is null"
	ofOne, ofTwo := prove(one, redacted), prove(two, redacted)
	whole = prove(one, fmt.Sprintf("log_id = %d", whole.LogID))

	keys := one.key.Public + "\n" + two.key.Public
	record := ofTwo.Records[0]
	mixed := jsonLines(t, withRecords(ofTwo)...) + jsonLines(t, hidden(whole, "comment", record.LogID+1000))
	if record.LogID == ofOne.Records[0].LogID { // the two logs count alike: the id is then that of a record in both
		mixed = jsonLines(t, withRecords(ofTwo)...) + jsonLines(t, hidden(whole, "comment", record.LogID))
	}
	checked, err := seal.CheckProofs(strings.NewReader(mixed), keys, nil)
	if err != nil || len(checked.Redactions) != 2 || checked.Redactions[0].Explained() || !checked.Redactions[1].Explained() {
		t.Errorf("the record of another log: %+v, %v", checked, err)
	}

	// The redaction is lost with the end of the log. What was proven before is still explained by its note, and nothing
	// else is.
	restarted := one.in(t, copied)
	restarted.mustRestart(t)
	restarted.write(t, 9)
	if _, err := restarted.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if checked, err := restarted.heads(t).CheckProofs(strings.NewReader(jsonLines(t, ofOne)), nil); err != nil || !checked.Redactions[0].Noted {
		t.Errorf("a lost redaction: %+v, %v", checked, err)
	}
	forged := jsonLines(t, hidden(whole, "comment", ofOne.Records[0].LogID)) + jsonLines(t, withRecords(ofOne)...)
	if _, err := restarted.heads(t).CheckProofs(strings.NewReader(forged), nil); kindOf(err) != seal.ValueRemoved {
		t.Errorf("beside a lost redaction: got %v, want ValueRemoved", err)
	}
	// The same id may be given again: the records of both are told apart.
	restarted.redact(t, "ALICE")
	if _, err := restarted.trySeal(t); err != nil {
		t.Fatal(err)
	}
	again := prove(restarted, redacted)
	both := jsonLines(t, withRecords(ofOne)...) + jsonLines(t, withRecords(again)...)
	if checked, err := restarted.heads(t).CheckProofs(strings.NewReader(both), nil); err != nil || len(checked.Redactions) != 2 {
		t.Errorf("two histories: %+v, %v", checked, err)
	}
}

// A proof has one spelling, apart from that of texts and the order of members.
func TestProofHasOneSpelling(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 1)
	l.seal(t, 1)
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := jsonLines(t, proof)
	if _, err := seal.CheckProofs(strings.NewReader(text), l.key.Public, nil); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"minus nought":       {`"leaf_number":0`, `"leaf_number":-0`},
		"no leaf number":     {`"leaf_number":0,`, ``},
		"redacted null":      {`"leaf_number":0`, `"leaf_number":0,"redacted":null`},
		"nothing redacted":   {`"leaf_number":0`, `"leaf_number":0,"redacted":{}`},
		"hashes null":        {`"hashes":[]`, `"hashes":null`},
		"octets without end": {`="`, `"`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Errorf("%s: there is no %s in %s", name, change[0], text)
			continue
		}
		if _, err := seal.CheckProofs(strings.NewReader(changed), l.key.Public, nil); kindOf(err) != seal.ProofInvalid {
			t.Errorf("%s: got %v, want ProofInvalid", name, err)
		}
	}
}

// The directory is looked through by day, so that years of heads cost little.
func TestHeadIsFoundInItsDay(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	var proofs []*seal.Proof
	for range 6 {
		l.write(t, 2)
		l.seal(t, 2)
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, proof)
	}
	for name := range l.files(t) {
		if strings.HasPrefix(name, "heads-") {
			if err := os.Remove(filepath.Join(l.directory, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Two heads a day, but for the one of 6 leaves, which is lost. A day may begin with what a crash has left.
	days := map[string]string{
		"heads-2026-01-30": proofs[0].Head + proofs[1].Head, "heads-2026-01-31": "test.exa\n" + proofs[3].Head + proofs[4].Head, "heads-2026-02-01": proofs[5].Head,
	}
	for name, text := range days {
		if err := os.WriteFile(filepath.Join(l.directory, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for index, proof := range proofs {
		checked, err := l.heads(t).CheckProofs(strings.NewReader(jsonLines(t, proof)), nil)
		if err != nil || checked.Heads[0].InDirectory != (index != 2) {
			t.Errorf("the head of %d leaves: %+v, %v", 2*(index+1), checked, err)
		}
	}
}

// An export of a period has the records of redactions too, which lie outside. They make no gap, nor does an empty file.
func TestRecordsOfRedactionsMakeNoGap(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	moment := testsql.Value[string](t, l.Pool, "select to_char(max(logged_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from postern_internal.checkpoint_entry where gate_id = 'APP_PAY'")
	l.write(t, 9)
	l.redact(t, "ALICE")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"a period": string(l.exportUntil(t, moment)), "all": string(l.exportUntil(t, "")), "nothing": string(l.exportUntil(t, "2020-01-01T00:00:00Z")),
	} {
		checked, err := seal.CheckProofs(strings.NewReader(file), l.key.Public, nil)
		if err != nil || len(checked.Heads) != 1 || checked.Heads[0].Missing != 0 {
			t.Errorf("%s: %+v, %v", name, checked, err)
		}
	}
}
