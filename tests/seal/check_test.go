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
	of, bobs := prove("redactions is not null and outcome = 'passed' and userid is null"), prove("userid = 'BOB' and authenticated_by = 'BOB'")
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
			if err == nil && len(checked.Unexplained()) > 0 {
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
	if err != nil || whole.Entries() != int64(len(lines)-1) || whole.Heads[0].Missing() != 0 || whole.Heads[0].Repeated != 0 {
		t.Fatalf("the export has %+v, %v", whole, err)
	}
	// Naive: as many lines as before, each of them valid.
	naive := int64(0)
	forged := slices.Concat(lines[:3], lines[1:2], lines[4:], lines[:2])
	checked, err := seal.CheckProofs(strings.NewReader(strings.Join(forged, "")), l.key.Public, func(*seal.Proof) error { naive++; return nil })
	if err != nil || naive < whole.Entries() {
		t.Fatalf("naive: %d entries, %v", naive, err)
	}
	if head := checked.Heads[0]; len(checked.Heads) != 1 || checked.Entries() != whole.Entries()-1 || head.Missing() != 1 || head.Repeated != 2 {
		t.Errorf("%d entries under %d heads, %d missing, %d repeated", checked.Entries(), len(checked.Heads), head.Missing(), head.Repeated)
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
