package seal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// awkward are rows whose values are easily confused, or can be printed in more than one way.
const awkward = `
insert into postern_internal.checkpoint_entry
  (outcome, gate_id, action, userid, authenticated_by, logged_at, message, parameters, comment, scheme, session_role, client_addr, application_name, transaction_id, ticket,
   asked, approved_gate_id, approved_message)
values
  ('passed', 'G', null, 'U', null, '2026-03-31 14:30:00.000001+02', 'm', '{}', null, null, 'r', null, '', '3', null, true, null, null),
  ('denied', 'G', '', 'U', '', '2026-03-31 12:30:00.000001+00', 'm', '{"B": 1.50, "A": [null, true, "\u00e9\"\\"]}', '', '', 'r', '10.0.0.1', 'ä€𝄞', '18446744073709551615', '00000000-0000-0000-0000-000000000000', false, '', 'a'),
  ('cancelled', E'G\n', 'ab', 'c', 'a', '-infinity', E'tab\there', '{"N": 12345678901234567890.123456789000}', 'bc', 'PIN', 'r', '10.0.0.0/8', '', '4', 'ffffffff-ffff-ffff-ffff-ffffffffffff', false, 'a', ''),
  ('accepted', 'G', 'a', 'bc', 'a', 'infinity', repeat('long ', 20000), '"just text"', 'bc', 'PIN', 'r', '2001:db8::/32', '', '5', null, false, null, 'a'),
  ('passed', 'G', null, 'U', null, '0044-03-15 BC', 'm', 'null', null, null, 'r', null, '', '6', null, false, 'a', null),
  ('passed', 'G', null, 'U', null, '12345-01-01', 'm', '[]', null, null, 'r', null, '', '7', null, true, 'a', null)`

// The database and this program compute the same hashes, whatever the settings.
func TestBothSidesHashAlike(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, awkward)
	l.write(t, 3)
	l.seal(t, 9)
	for _, settings := range []string{
		"set timezone = 'UTC'; set datestyle = 'ISO'",
		"set timezone = 'Asia/Kathmandu'; set datestyle = 'German, DMY'; set intervalstyle = 'sql_standard'; set bytea_output = 'escape'; set extra_float_digits = -15; set lc_numeric = 'C'",
	} {
		connection := l.Connect(t)
		if _, err := connection.PgConn().Exec(t.Context(), settings).ReadAll(); err != nil {
			t.Fatal(err)
		}
		if different := testsql.Value[int64](t, connection, `
select count(*) from postern_internal.leaf as l join postern_internal.checkpoint_entry as e using (log_id)
 where substring(l.hashes for 32) <> postern_internal.leaf_hash(e)`); different > 0 {
			t.Errorf("%s: %d hashes of the database differ from those in Go", settings, different)
		}
		if verdict, err := (&seal.Verifier{Heads: l.heads(t)}).Verify(t.Context(), connection); err != nil || verdict.Total > 0 || verdict.Leaves != 9 {
			t.Errorf("%s: verify returns %+v; error: %v", settings, verdict, err)
		}
	}
	if distinct := testsql.Value[int64](t, l.Pool, "select count(distinct hashes) from postern_internal.leaf"); distinct != 9 {
		t.Errorf("%d of 9 hashes are distinct", distinct)
	}
}

// The vectors of the documentation are what the database and this program compute.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/log-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Test vectors")
	statement := rest[strings.Index(rest, "select encode"):strings.Index(rest, "\\gx")]
	vectors := regexp.MustCompile(`leaf \| ([0-9a-f]+)\nhash \| ([0-9a-f]+)\nsalt \| ([0-9a-f]+)\n`).FindAllStringSubmatch(rest, -1)
	rows, err := testdb.New(t).Pool.Query(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	type vector struct{ Leaf, Hash, Salt string }
	computed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[vector])
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) seal.Moment {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return seal.MomentOf(moment)
	}
	empty, bob, ok, pin, client, ticket := "", "BOB", "ok", "PIN", "10.0.0.1/32", "00112233-4455-6677-8899-aabbccddeeff"
	gate, message := "APP_COFFEE", "Coffee is fine"
	records := []seal.Record{
		{LogID: 1, Outcome: "passed", GateID: "APP_PAY", UserID: new("ALICE"), LoggedAt: at("2026-03-31T12:30:00.000001Z"), Message: new("Paid"),
			Parameters: json.RawMessage("{}"), SessionRole: new("app"), TransactionID: 3, ApplicationName: new(""), Asked: true},
		{LogID: 258, Outcome: "denied", GateID: "APP_PAY", Action: &empty, UserID: new("ALICE"), AuthenticatedBy: &bob,
			LoggedAt: at("1999-12-31T23:59:59.999999Z"), Message: new("Zahlung über 12 €\n"), Parameters: json.RawMessage(`{"A": 1.50, "BB": [true, null]}`),
			Comment: &ok, Scheme: &pin, SessionRole: new("app"), ClientAddr: &client, ApplicationName: new("psql"), TransactionID: math.MaxUint64, Ticket: &ticket,
			ApprovedGateID: &gate, ApprovedMessage: &message},
	}
	salts := []seal.Salt{
		{0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1},
		{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x49, 0x88, 0xb7, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0},
	}
	if len(vectors) != len(records) || len(computed) != len(records) {
		t.Fatalf("there are %d vectors and %d rows, want %d", len(vectors), len(computed), len(records))
	}
	for index, record := range records {
		leaf := leafOf(t, record, salts[index])
		hash := leaf.Hash()
		got := vector{hex.EncodeToString(leaf.Octets), hex.EncodeToString(hash[:]), hex.EncodeToString(leaf.Salted["userid"][:32])}
		if onPage := vectors[index]; got != (vector{onPage[1], onPage[2], onPage[3]}) || got != computed[index] {
			t.Errorf("record %d is %s,\nin the database %s,\non the page %s", record.LogID, got, computed[index], vectors[index][1:])
		}
		if read, err := leaf.Record(); err != nil || !reflect.DeepEqual(*read, record) {
			t.Errorf("leaf %d is read as %+v, %v", record.LogID, read, err)
		}
	}
}

func leafOf(t testing.TB, record seal.Record, salt seal.Salt) seal.Leaf {
	t.Helper()
	leaf, err := record.Leaf(salt)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// A leaf is published, so it must not tell who somebody is. Without the salt, nobody can try all user ids.
func TestLeafTellsNoPersonalValue(t *testing.T) {
	t.Parallel()
	alice, address, comment, shown := "ALICE", "10.0.0.1/32", "for MALLORY", "MALLORY is shown"
	record := seal.Record{LogID: 7, Outcome: "passed", GateID: "APP_PAY", UserID: new(alice), AuthenticatedBy: &alice, Message: new("MALLORY is paid"),
		Parameters: json.RawMessage(`{"WHO": "MALLORY"}`), Comment: &comment, SessionRole: new("alice"), ClientAddr: &address, ApplicationName: new("alice's phone"),
		ApprovedMessage: &shown}
	leaf := leafOf(t, record, seal.Salt{1})
	for _, value := range []string{alice, "MALLORY", "WHO", "10.0.0.1", "alice"} {
		if bytes.Contains(leaf.Octets, []byte(value)) {
			t.Errorf("the leaf has %s: %q", value, leaf.Octets)
		}
	}
	// naive: a hash without a salt is found by trying.
	if value := append([]byte{2, 0, 0, 0, 5}, alice...); bytes.Contains(leaf.Octets, hashed(value)) {
		t.Error("the user id is hashed without a salt")
	} else if salted := leaf.Salted["userid"]; !bytes.Equal(salted[32:], value) || !bytes.Contains(leaf.Octets, hashed(salted)) {
		t.Errorf("the user id is hashed as %x", salted)
	}
	// The same value has another hash in each entry, and in each field, also where entries share a salt.
	other := record
	other.LogID = 8
	seen := map[string]string{}
	for name, one := range map[string]seal.Leaf{"entry 7": leaf, "entry 8": leafOf(t, other, seal.Salt{1}), "another salt": leafOf(t, record, seal.Salt{2})} {
		for _, field := range []string{"userid", "authenticated_by"} {
			hash := string(hashed(one.Salted[field]))
			if before, again := seen[hash]; again {
				t.Errorf("%s of %s has the hash of %s", field, name, before)
			}
			seen[hash] = field + " of " + name
		}
	}
}

func hashed(octets []byte) []byte {
	hash := sha256.Sum256(octets)
	return hash[:]
}

// The documentation's vectors for what is signed: a key, a restart, and the head after it.
func TestSignedVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/log-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "octets `07`")
	var parts []string
	for _, part := range strings.SplitN(rest, "<!-- -->", 3) {
		part, _, _ = strings.Cut(part, "\n## ")
		var lines []string
		for line := range strings.Lines(strings.TrimSpace(part[strings.Index(part, "\n    "):])) {
			lines = append(lines, strings.TrimPrefix(line, "    "))
		}
		parts = append(parts, strings.Join(lines, "")+"\n")
	}
	if len(parts) != 3 {
		t.Fatalf("the page has %q, want three parts", parts)
	}
	directory := t.TempDir()
	for index, name := range []string{seal.KeysFile, "restarts", "latest"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(parts[index]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	heads, err := seal.OpenHeads(directory)
	if err != nil {
		t.Fatal(err)
	}
	root := func(text string) tlog.Hash { return sha256.Sum256([]byte(text)) }
	want := seal.Restart{
		Number: 1, At: time.Date(2026, 3, 31, 12, 30, 0, 0, time.UTC), Place: "7350000000000000001/16384/16500", Timeline: 2,
		Lost: &seal.Tree{Size: 20, Root: root("lost")}, Kept: &seal.Tree{Size: 12, Root: root("kept")}, LogIDs: &seal.LogIDs{Lowest: 13, Highest: 20},
	}
	if len(heads.Restarts) != 1 || !reflect.DeepEqual(*heads.Restarts[0], want) {
		t.Errorf("the restarts are %+v", heads.Restarts)
	}
	if head := heads.Latest; head.Size != 14 || head.Root != root("head") || head.Restart != 1 || *head.LogIDs != (seal.LogIDs{Lowest: 10000013, Highest: 10000014}) {
		t.Errorf("the latest head is %+v", head)
	}
}

// A signed text has one reading: anything other than what this program would have written is refused.
func TestSignedTextsAreUnambiguous(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	root := strings.Repeat("A", 43) + "="
	restart := "test.example/log\nrestart 1\nat 2026-03-31T12:30:00Z\nplace 1/2/3 timeline 1\nlost 8 " + root + "\nkept 5 " + root + "\n"
	head := "test.example/log\n8\n" + root + "\n"
	open := func(restarts, latest string) error {
		t.Helper()
		if err := os.MkdirAll(l.directory, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{seal.KeysFile: l.key.Public + "\n", "restarts": l.sign(t, restarts), "latest": l.sign(t, latest)} {
			if err := os.WriteFile(filepath.Join(l.directory, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := seal.OpenHeads(l.directory)
		return err
	}
	if err := open(restart, head+"unknown to us 4\nlog_ids 1 8\nrestart 1\n"); err != nil {
		t.Fatal(err)
	}
	for _, changed := range []string{
		"test.example/log\n", strings.Replace(restart, "restart 1", "restart 01", 1), strings.Replace(restart, "restart 1", "restart 2", 1),
		strings.Replace(restart, "Z", "+00:00", 1), strings.Replace(restart, "kept 5", "kept 8", 1), strings.Replace(restart, "kept 5", "kept -1", 1),
		restart + "log_ids 9 3\n", restart + "log_ids 1 2 3\n", restart + "kept 1 " + root + "\n", restart + "more\n", "other.example/log" + strings.TrimPrefix(restart, "test.example/log"),
		strings.Replace(restart, "place 1/2/3", "place 1/2/3 ", 1), strings.Replace(restart, root, root[1:], 1), "test.example/log\ndropped leaves\n0 7\n", head,
	} {
		if err := open(changed, head); err == nil {
			t.Errorf("taken for a restart: %q", changed)
		}
	}
	for _, line := range []string{"restart 0", "restart 01", "restart 2", "restart 1 2", "restart", "restart -1", "log_ids 1", "log_ids 08 9", "log_ids 9 8", "log_ids 1 8\nlog_ids 1 8", "restart 1\nrestart 1"} {
		if err := open(restart, head+line+"\n"); err == nil {
			t.Errorf("taken for a head: %q", line)
		}
	}
}

// Programs that know nothing about Postern accept its heads and proofs.
func TestOtherLibrariesAcceptHeadsAndProofs(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, awkward)
	l.write(t, 7)
	l.seal(t, 13)
	old := l.heads(t).Latest
	l.write(t, 40)
	l.seal(t, 40)

	verifier, err := note.NewVerifier(l.key.Public)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open([]byte(l.heads(t).Latest.Note), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 5 || lines[0] != "test.example/log" || lines[1] != "53" || lines[3] != "log_ids 14 53" || lines[4] != "" {
		t.Fatalf("the head says %q", opened.Text)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	if root == old.Root {
		t.Error("the root did not change")
	}
	for logID := int64(1); logID <= 53; logID++ {
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), logID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof.Inclusion.Hashes, 53, root, proof.Inclusion.LeafNumber, proof.Inclusion.Hash()); err != nil {
			t.Errorf("tlog refuses the proof of entry %d: %v", logID, err)
		}
		text, err := json.Marshal(proof)
		if err != nil {
			t.Fatal(err)
		}
		checked, err := seal.CheckProofs(bytes.NewReader(text), l.key.Public, func(read *seal.Proof) error {
			if read.LogID != logID || read.Inclusion.Hash() != proof.Inclusion.Hash() {
				return errors.New("another entry was read")
			}
			return nil
		})
		if err != nil || checked.Entries() != 1 || checked.OwnKeys {
			t.Errorf("entry %d: the proof has %+v; error: %v", logID, checked, err)
		}
	}
}

// newProof is the proof of one of nine sealed entries, and its text.
func newProof(t *testing.T) (l *sealedLog, proof *seal.Proof, text []byte) {
	t.Helper()
	l = newSealedLog(t)
	l.write(t, 9)
	l.seal(t, 9)
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(proof); err != nil {
		t.Fatal(err)
	}
	return l, proof, text
}

func TestProofThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	l, _, text := newProof(t)
	stranger := newKey(t, "test.example/log").Public
	if _, err := seal.CheckProofs(bytes.NewReader(text), stranger, nil); kindOf(err) != seal.KeyUnknown {
		t.Errorf("with another key: got %v, want KeyUnknown", err)
	}
	checked, err := seal.CheckProofs(bytes.NewReader(text), "", nil)
	if err != nil || !checked.OwnKeys {
		t.Errorf("its own keys: %+v, %v", checked, err)
	}
	for _, change := range [][2]string{
		{`"comment":"Checked"`, `"comment":"Never seen"`},
		{`"comment":"Checked",`, ``},
		{`"log_id":4`, `"log_id":5`},
		{`"log_id":4`, `"log_id":4,"approved":true`},
		{`"leaf_number":3`, `"leaf_number":2`},
		{`"leaf":"Ag`, `"leaf":"AQ`},
		{`\n9\n`, `\n8\n`},
		{`"hashes":["`, `"hashes":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","`},
		{`"head":`, `"note":`},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Errorf("there is no %s in %s", change[0], text)
			continue
		}
		if checked, err := seal.CheckProofs(strings.NewReader(changed), l.key.Public, nil); err == nil {
			t.Errorf("%s was accepted: %+v", change[1], checked)
		}
	}
	for length := range text {
		if _, err := seal.CheckProofs(bytes.NewReader(text[:length]), l.key.Public, nil); err == nil {
			t.Errorf("the first %d octets were accepted", length)
		}
	}
}

// A proof of a later version is not called forged: an auditor would accuse somebody.
func TestProofOfALaterVersionNeedsALaterProgram(t *testing.T) {
	t.Parallel()
	l, proof, text := newProof(t)
	check := func(keys string) error {
		text, err := json.Marshal(proof)
		if err != nil {
			t.Fatal(err)
		}
		_, err = seal.CheckProofs(bytes.NewReader(text), keys, nil)
		return err
	}
	for version, want := range map[string]string{
		`2,"of":"later"`: "newer", `9007199254740993`: "newer",
		// Nothing proves these.
		`1`: "tampered", `0`: "tampered", `-1`: "tampered", `"2"`: "tampered", `2.0`: "tampered", `null`: "tampered",
	} {
		_, err := seal.CheckProofs(strings.NewReader(`{"version":`+version+`,`+string(text[1:])), l.key.Public, nil)
		if newer, tampered := errors.As(err, new(*seal.NewerError)), errors.As(err, new(*seal.TamperedError)); newer != (want == "newer") || tampered != (want == "tampered") {
			t.Errorf("version %s: got %v, want %s", version, err, want)
		}
	}

	// Whoever only changes the version of the leaf has forged it.
	proof.Inclusion.Octets[0] = 3
	if err := check(l.key.Public); kindOf(err) != seal.ProofInvalid {
		t.Errorf("a forged version of the leaf: got %v, want ProofInvalid", err)
	}
	private, public, err := note.GenerateKey(rand.Reader, "test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	root := proof.Inclusion.Hash()
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("test.example/log\n1\n%s\n", base64.StdEncoding.EncodeToString(root[:]))}, signer)
	if err != nil {
		t.Fatal(err)
	}
	proof.Head, proof.Inclusion.LeafNumber, proof.Inclusion.Hashes = string(signed), 0, tlog.RecordProof{}
	if err := check(public); !errors.As(err, new(*seal.NewerError)) {
		t.Errorf("a signed leaf of a later version: got %v, want a NewerError", err)
	}
}

// firstUser reads a proof like programs that keep the first of two equal members.
func firstUser(t *testing.T, proof string) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(proof))
	for {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		if token == "userid" {
			value, err := decoder.Token()
			if err != nil {
				t.Fatal(err)
			}
			return value.(string)
		}
	}
}

// A proof of ALICE's approval must not show MALLORY's to another program.
func TestAmbiguousProofIsRefused(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	testsql.Run(t, l.Pool, awkward)
	l.write(t, 9)
	l.seal(t, 15)
	applies := map[string]bool{}
	for _, logID := range []int64{3, 9} {
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), logID, nil)
		if err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(proof)
		if err != nil {
			t.Fatal(err)
		}
		text := string(written)
		userID, err := json.Marshal(proof.UserID)
		if err != nil {
			t.Fatal(err)
		}
		own := `"userid":` + string(userID)

		twice := strings.Replace(text, own, `"userid":"MALLORY",`+own, 1)
		var last struct {
			UserID string `json:"userid"`
		}
		if err := json.Unmarshal([]byte(twice), &last); err != nil || last.UserID != *proof.UserID || firstUser(t, twice) != "MALLORY" {
			t.Fatalf("naive: the last one is %q, the first one %s: %v", last.UserID, firstUser(t, twice), err)
		}
		export := `{"head":` + string(quoted(t, proof.Head)) + `,"keys":["` + l.key.Public + `"]}` + "\n"
		for name, change := range map[string][2]string{
			"another one first":         {own, `"userid":"MALLORY",` + own},
			"another one last":          {own, own + `,"userid":"MALLORY"`},
			"the same one twice":        {own, own + `,` + own},
			"another case":              {own, own + `,"USERID":"MALLORY"`},
			"another case alone":        {`"userid"`, `"UserID"`},
			"escaped":                   {own, `"user\u0069d":"MALLORY",` + own},
			"null that nothing proves":  {`"action":null`, `"approved":null`},
			"null, and nothing missing": {own, own + `,"approved":null`},
			"two log ids":               {`"log_id":`, `"log_id":1,"log_id":`},
			"LOG_ID":                    {`"log_id":`, `"LOG_ID":1,"log_id":`},
			"a fraction":                {`"log_id":` + strconv.FormatInt(logID, 10), `"log_id":` + strconv.FormatInt(logID, 10) + ".0"},
			"an exponent":               {`"log_id":` + strconv.FormatInt(logID, 10), `"log_id":` + strconv.FormatInt(logID, 10) + "e0"},
			"a number as text":          {`"log_id":` + strconv.FormatInt(logID, 10), `"log_id":"` + strconv.FormatInt(logID, 10) + `"`},
			"a leaf number with an e":   {`"leaf_number":`, `"leaf_number":0e1,"x":`},
			"two proofs":                {`"proof":`, `"proof":null,"proof":`},
			"no proof":                  {`"proof":`, `"proof":null,"PROOF":`},
			"two leaves":                {`"leaf":`, `"leaf":"","leaf":`},
			"LEAF":                      {`"leaf":`, `"LEAF":"","leaf":`},
			"salted fields twice":       {`"salted":`, `"salted":{},"salted":`},
			"SALTED":                    {`"salted":`, `"SALTED":{},"salted":`},
			"a salted field twice":      {`"salted":{`, `"salted":{"userid":"",`},
			"USERID among the salted":   {`"salted":{`, `"salted":{"USERID":"",`},
			"no salted fields":          {`"salted":`, `"salted":null,"x":`},
			"more in the proof":         {`"leaf_number":`, `"note":"","leaf_number":`},
			"two heads":                 {`"head":`, `"head":"","head":`},
			"a byte that is not UTF-8":  {own, own + ",\"x\":\"\xff\""},
			"not UTF-8 in a value":      {own, "\"userid\":\"" + *proof.UserID + "\xff\""},
			"half a surrogate":          {own, `"userid":"` + *proof.UserID + `\ud800"`},
			"parameters twice":          {`"parameters":`, `"parameters":{},"parameters":`},
			"a parameter twice":         {`"parameters":{`, `"parameters":{"N":0,"NO":0,"N":0,`},
			"a comment":                 {own, "/* MALLORY */" + own},
		} {
			for kind, file := range map[string]string{"proof": text, "export": export + text} {
				changed := strings.Replace(file, change[0], change[1], 1)
				if kind == "export" && strings.HasPrefix(change[0], `"head"`) {
					changed = strings.Replace(file, change[0], change[1], 2) // its own line and the first one
				}
				applies[name] = applies[name] || changed != file
				if changed == file {
					continue // this entry has no such member
				}
				if _, err := seal.CheckProofs(strings.NewReader(changed), l.key.Public, nil); err == nil {
					t.Errorf("entry %d, %s, %s: the ambiguous proof is accepted", logID, kind, name)
				}
			}
		}
		for name, behind := range map[string]string{"text": "x", "a bracket": "]", "a number": "1", "null": "null", "NUL": "\x00", "half an object": `{"userid"`, "an empty object": "{}"} {
			if _, err := seal.CheckProofs(strings.NewReader(text+behind), l.key.Public, nil); err == nil {
				t.Errorf("entry %d: accepted with %s behind it", logID, name)
			}
		}
		// Changes by programs that format JSON and keep its digits.
		for name, same := range map[string]string{
			"as it is":      text,
			"in an export":  export + text + "\n",
			"other escapes": strings.Replace(text, own, `"\u0075serid":`+string(userID), 1),
			"indented":      string(indented(t, written)),
			"as an export":  export + strings.Replace(text, `,"head":`+string(quoted(t, proof.Head))+`,"keys":["`+l.key.Public+`"]`, "", 1),
		} {
			if checked, err := seal.CheckProofs(strings.NewReader(same), l.key.Public, nil); err != nil || checked.Entries() != 1 {
				t.Errorf("entry %d, %s: the same proof has %+v; error: %v", logID, name, checked, err)
			}
		}
	}
	for name, applied := range applies {
		if !applied {
			t.Errorf("%s was never tried", name)
		}
	}
}

func quoted(t *testing.T, text string) []byte {
	t.Helper()
	written, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func indented(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The parameters of a leaf are part of what is proven. They must not have two readings either.
func TestAmbiguousLeafIsRefused(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{`{"AMOUNT": 1, "AMOUNT": 1000}`, `{"A": {"B": 1, "\u0042": 2}}`, `{} {}`, "", "{\"A\": \"\\ud800\"}"} {
		record := seal.Record{LogID: 1, Outcome: "passed", GateID: "G", UserID: new("U"), Message: new("m"), Parameters: json.RawMessage(parameters), SessionRole: new("r"), ApplicationName: new("")}
		if read, err := leafOf(t, record, seal.Salt{}).Record(); err == nil {
			t.Errorf("ambiguous parameters %s were read as %s", parameters, read.Parameters)
		}
	}
}

// What stands beside a leaf is proven by the hashes in it, to the last octet.
func TestSaltedFieldsAreThoseOfTheLeaf(t *testing.T) {
	t.Parallel()
	bob := "BOB"
	record := seal.Record{LogID: 1, Outcome: "passed", GateID: "G", UserID: new("U"), AuthenticatedBy: &bob, Message: new("m"), Parameters: json.RawMessage("{}"), SessionRole: new("r"), ApplicationName: new("")}
	mallory := record
	mallory.UserID = new("MALLORY")
	forged := leafOf(t, mallory, seal.Salt{})
	for name, change := range map[string]func(map[string][]byte){
		"another value":             func(salted map[string][]byte) { salted["userid"][37]++ },
		"another salt":              func(salted map[string][]byte) { salted["userid"][0]++ },
		"another entry's":           func(salted map[string][]byte) { salted["userid"] = forged.Salted["userid"] },
		"another field's":           func(salted map[string][]byte) { salted["authenticated_by"] = salted["userid"] },
		"cut off":                   func(salted map[string][]byte) { salted["content"] = salted["content"][:40] },
		"more behind it":            func(salted map[string][]byte) { salted["comment"] = append(salted["comment"], 0) },
		"missing":                   func(salted map[string][]byte) { delete(salted, "comment") },
		"empty":                     func(salted map[string][]byte) { salted["comment"] = nil },
		"one that the leaf has not": func(salted map[string][]byte) { salted["remark"] = salted["comment"] },
	} {
		leaf := leafOf(t, record, seal.Salt{})
		if _, err := leaf.Record(); err != nil {
			t.Fatal(err)
		}
		change(leaf.Salted)
		if read, err := leaf.Record(); err == nil {
			t.Errorf("%s: it was read as %+v", name, read)
		}
	}
	// A hash in the leaf of octets that no field of a leaf can have.
	for name, inside := range map[string][]byte{"a number": {1, 0, 0, 0, 0, 0, 0, 0, 1}, "two texts": {2, 0, 0, 0, 1, 'U', 2, 0, 0, 0, 0}, "nothing": {}, "NULL": {0}} {
		leaf := leafOf(t, record, seal.Salt{})
		octets := append(make([]byte, 32), inside...)
		leaf.Octets = bytes.Replace(leaf.Octets, hashed(leaf.Salted["userid"]), hashed(octets), 1)
		leaf.Salted["userid"] = octets
		if read, err := leaf.Record(); err == nil {
			t.Errorf("%s as user id: it was read as %+v", name, read)
		}
	}
}

// Reading a leaf ends, whatever its bytes are. If it can be read, writing it again gives the same bytes, except for
// salted fields.
func FuzzReadLeaf(f *testing.F) {
	record := seal.Record{LogID: 1, Outcome: "passed", GateID: "G", UserID: new("U"), Message: new("m"), Parameters: json.RawMessage("{}"), SessionRole: new("r"), ApplicationName: new("")}
	leaf := leafOf(f, record, seal.Salt{})
	f.Add(leaf.Octets, leaf.Salted["userid"])
	f.Fuzz(func(t *testing.T, octets, userID []byte) {
		changed := seal.Leaf{Octets: octets, Salted: map[string][]byte{}}
		for name, salted := range leaf.Salted {
			changed.Salted[name] = salted
		}
		changed.Salted["userid"] = userID
		read, err := changed.Record()
		if err != nil {
			return
		}
		if again := leafOf(t, *read, seal.Salt{}); read.LogID == record.LogID && bytes.Equal(userID[:32], leaf.Salted["userid"][:32]) && !bytes.Equal(again.Octets, octets) {
			t.Errorf("%x is written as %x", octets, again.Octets)
		}
	})
}

// A pooler may need another query mode. The log is the same.
func TestEveryQueryModeSealsAlike(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config := l.Config(t)
		config.DefaultQueryExecMode = mode
		config.RuntimeParams["quote_all_identifiers"] = "on" // off elsewhere
		connection, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		l.write(t, 3)
		if entries, err := (&seal.Sealer{Key: l.key, Heads: l.heads(t)}).Seal(t.Context(), connection); err != nil || entries != 3 {
			t.Errorf("%v: sealed %d entries, want 3; error: %v", mode, entries, err)
		}
		if verdict, err := (&seal.Verifier{Heads: l.heads(t)}).Verify(t.Context(), connection); err != nil || verdict.Total > 0 {
			t.Errorf("%v: verify returns %+v; error: %v", mode, verdict, err)
		}
		if err := connection.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if different := testsql.Value[int64](t, l.Pool, `
select count(*) from postern_internal.leaf as l join postern_internal.checkpoint_entry as e using (log_id)
 where substring(l.hashes for 32) <> postern_internal.leaf_hash(e)`); different > 0 {
		t.Errorf("%d hashes of the database differ from those in Go", different)
	}
}
