package seal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/administrator"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testsql"
)

// forgetful is a sealed log of several people, in which ALICE may be forgotten.
type forgetful struct {
	*sealedLog
	redactor *pgx.Conn
}

// entriesOfPeople are entries of ALICE, of BOB, of ALICE that BOB approved, and of BOB that ALICE approved. The last
// one is a wrong name in a session of ALICE.
const entriesOfPeople = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, comment, scheme, client_addr, approved_message) values
  ('passed', 'APP_PAY', 'ALICE', 'ALICE', 'Invoice of ALICE paid', '{"NO": 1}', 'Checked', 'PIN', '10.0.0.1', 'Shown to ALICE'),
  ('passed', 'APP_PAY', 'BOB', 'BOB', 'Invoice 2 paid', '{"NO": 2}', 'Checked', 'PIN', '10.0.0.2', null),
  ('passed', 'APP_PAY', 'ALICE', 'BOB', 'Invoice 3 paid', '{"NO": 3}', 'Seen', 'PIN', '10.0.0.1', null),
  ('passed', 'APP_PAY', 'BOB', 'ALICE', 'Invoice 4 paid', '{"NO": 4}', 'Seen', 'PIN', '10.0.0.2', null),
  ('cancelled', 'APP_PAY', 'ALICE', null, 'Invoice 5 paid', '{"NO": 5}', null, null, '10.0.0.1', null),
  ('denied', 'APP_PAY', 'ALICE', '482915', 'Invoice 6 paid', '{"NO": 6}', null, 'PIN', '10.0.0.1', null)`

func newForgetful(t testing.TB) *forgetful {
	t.Helper()
	l := &forgetful{sealedLog: newSealedLog(t)}
	testsql.Run(t, l.Pool, "select postern.create_user('ALICE', 'Alice Young'), postern.create_user('BOB', 'Bob Old')")
	testsql.Run(t, l.Pool, entriesOfPeople)
	l.redactor = l.Login(t, "postern_redactor").Connect(t)
	_, err := l.trySeal(t)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// deactivate has a user leave, so that the log may forget them, and seals what records that.
func (l *forgetful) deactivate(t testing.TB, userid string) {
	t.Helper()
	testsql.Run(t, l.Pool, "select postern.set_user_active($1, false)", userid)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
}

func (l *forgetful) redact(t testing.TB, userid string) seal.Redacted {
	t.Helper()
	done, err := (&seal.Redaction{UserID: userid, Reason: "Request 17"}).Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// requireIntactWith wants an intact log with this many redacted entries.
func (l *forgetful) requireIntactWith(t testing.TB, redacted int64) {
	t.Helper()
	if verdict := l.verify(t); verdict.Total > 0 || verdict.Redacted != redacted {
		t.Fatalf("%d redacted, want %d: %s", verdict.Redacted, redacted, messages(verdict))
	}
}

// shown are the entries as the view shows them.
const shown = `
select log_id || ': ' || concat_ws(' ', coalesce(userid, '-'), coalesce(authenticated_by, '-'), coalesce(message, '-'), coalesce(parameters::text, '-'),
         coalesce(comment, '-'), coalesce(host(client_addr), '-'), coalesce(approved_message, '-'),
         (select string_agg((r -> 'fields')::text || ' ' || (r ->> 'redacted_by'), ', ') from jsonb_array_elements(redacted) as r))
  from postern.checkpoint_log where gate_id = 'APP_PAY' order by log_id`

func TestLogForgetsOnePerson(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	leaves := testsql.Values[[]byte](t, l.Pool, "select hashes from postern_internal.leaf order by leaf_number limit 6")
	before := map[int64]*seal.Proof{}
	first := testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where gate_id = 'APP_PAY'")
	for logID := first; logID < first+6; logID++ {
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), logID, nil)
		if err != nil {
			t.Fatal(err)
		}
		before[logID] = proof
	}
	l.deactivate(t, "alice")
	done := l.redact(t, "alice") // any spelling of the user id
	if done.Entries < 5 || len(done.Records) != 1 {
		t.Fatalf("redacted: %+v", done)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)

	login := testsql.Value[string](t, l.redactor, "select session_user")
	got := testsql.Values[string](t, l.auditor, shown)
	for index, want := range []string{
		`- - - - - - - ["userid", "authenticated_by", "content", "comment", "origin"] LOGIN`,
		`BOB BOB Invoice 2 paid {"NO": 2} Checked 10.0.0.2 -`,
		`- BOB - - - - - ["userid", "content", "comment", "origin"] LOGIN`,
		`BOB - Invoice 4 paid {"NO": 4} - 10.0.0.2 - ["authenticated_by", "comment"] LOGIN`,
		`- - - - - - - ["userid", "content", "origin"] LOGIN`,
		`- - - - - - - ["userid", "authenticated_by", "content", "origin"] LOGIN`,
	} {
		if _, text, _ := strings.Cut(got[index], ": "); text != strings.ReplaceAll(want, "LOGIN", login) {
			t.Errorf("entry %d is shown as %s, want %s", index+1, got[index], want)
		}
	}
	// Nothing of ALICE is left in any row, and no salt with which a hash could be tried.
	if rest := testsql.Value[int64](t, l.Pool, `
select count(*) from postern_internal.checkpoint_entry as e
 where e::text ~ 'ALICE|482915|10\.0\.0\.1' or e.redactions is not null and e.salt::text ~ '[1-9a-f]'`); rest != 0 {
		t.Errorf("%d entries still have something of ALICE", rest)
	}
	for index, hashes := range testsql.Values[[]byte](t, l.Pool, "select hashes from postern_internal.leaf order by leaf_number limit 6") {
		if !bytes.Equal(hashes, leaves[index]) {
			t.Errorf("leaf %d has changed", index)
		}
	}
	for logID, old := range before {
		testsql.Run(t, l.auditor, "select postern.verify_entry($1)", logID)
		// The proof from before stays valid, and the new one proves the same leaf.
		l.requireProven(t, old)
		proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), logID, &seal.Receipt{LogID: logID, LeafHash: old.Inclusion.Hash()})
		if err != nil {
			t.Fatalf("entry %d: %v", logID, err)
		}
		if len(proof.Records) != min(len(proof.Inclusion.Redacted), 1) {
			t.Errorf("the proof of %d has %d records", logID, len(proof.Records))
		}
		checked := l.requireProven(t, append([]*seal.Proof{proof}, proof.Records...)...)
		for _, found := range checked.Redactions {
			if found.LogID != done.Records[0] || found.Record == nil || !strings.Contains(*found.Record.Message, "Request 17") || *found.Record.SessionRole != login {
				t.Errorf("entry %d was redacted by %+v", logID, found)
			}
		}
	}
	// An export has the records too, also if they are of another period.
	moment := testsql.Value[string](t, l.Pool, "select to_char(logged_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from postern_internal.checkpoint_entry where log_id = $1", done.Records[0])
	for _, until := range []string{"", moment} {
		file := l.exportUntil(t, until)
		checked, err := seal.CheckProofs(bytes.NewReader(file), l.key.Public, nil)
		if err != nil || checked.Redacted() != done.Entries || len(checked.Redactions) != 1 || checked.Redactions[0].Record == nil || bytes.Contains(file, []byte("ALICE")) {
			t.Errorf("until %q: the export has %+v, %v", until, checked, err)
		}
	}
	// It names nobody.
	if named := testsql.Value[int64](t, l.auditor, "select count(*) from postern.administration_log where kind = 'redaction' and message ~* 'alice'"); named != 0 {
		t.Error("the record names the person")
	}
}

func (l *forgetful) requireProven(t testing.TB, proofs ...*seal.Proof) *seal.Checked {
	t.Helper()
	var file bytes.Buffer
	for _, proof := range proofs {
		if err := json.NewEncoder(&file).Encode(proof); err != nil {
			t.Fatal(err)
		}
	}
	checked, err := seal.CheckProofs(&file, l.key.Public, nil)
	if err != nil || checked.Entries() != int64(len(proofs)) {
		t.Fatalf("the proofs are not valid: %+v, %v", checked, err)
	}
	return checked
}

func (l *forgetful) exportUntil(t testing.TB, until string) []byte {
	t.Helper()
	exporter := &seal.Exporter{Heads: l.heads(t)}
	if until != "" {
		moment := testsql.Value[time.Time](t, l.Pool, "select $1::timestamptz", until)
		exporter.Until = &moment
	}
	var file bytes.Buffer
	if _, err := exporter.Export(t.Context(), l.auditor, func(line any) error { return json.NewEncoder(&file).Encode(line) }); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// One person can be forgotten after another, and what records a redaction too. Salts that are left stay right.
func TestLogForgetsOnePersonAfterAnother(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	first := testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where gate_id = 'APP_PAY'")
	l.deactivate(t, "BOB")
	one := l.redact(t, "BOB")
	l.deactivate(t, "ALICE")
	two := l.redact(t, "ALICE")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Fatal(messages(verdict))
	}
	proof, err := seal.Prove(t.Context(), l.auditor, l.heads(t), first+2, nil) // ALICE's, approved by BOB
	if err != nil || len(proof.Records) != 2 || proof.Inclusion.Redacted["authenticated_by"] != one.Records[0] || proof.Inclusion.Redacted["userid"] != two.Records[0] {
		t.Errorf("%+v, %v", proof.Inclusion.Redacted, err)
	}
	if rest := testsql.Value[int64](t, l.Pool, "select count(*) from postern_internal.checkpoint_entry as e where e.userid is not null and e.userid <> '' or e.authenticated_by is not null"); rest != 0 {
		t.Errorf("%d entries still name somebody", rest)
	}
}

// What an administrator did stays known; business values stay if somebody must keep them.
func TestRedactionKeepsContentIfAsked(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	redaction := &seal.Redaction{UserID: "ALICE", Reason: "Request 17", KeepContent: true}
	if _, err := redaction.Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)}); err != nil {
		t.Fatal(err)
	}
	if got := testsql.Values[string](t, l.auditor, shown); !strings.HasSuffix(strings.SplitN(got[4], " [", 2)[0], `- - Invoice 5 paid {"NO": 5} - - -`) {
		t.Errorf("it is shown as %s", got[4])
	}
	if verdict := l.verify(t); verdict.Total > 0 {
		t.Error(messages(verdict))
	}
}

// An administrator, or a redactor, speaks for a user who leaves soon. When the log has forgotten that user, it still says
// from which login things were administered. The user id alone would be the naive record.
// An assertion has the id of somebody's passkey, and a challenge with the session's user. It goes with either of them, even
// if the content stays, and leaves the content of an entry of BOB alone.
func TestAssertionIsForgottenWithThePerson(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	first := testsql.Value[int64](t, l.Pool, `
with added as (
  insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, scheme, assertion) values
    ('accepted', 'APP_PAY', 'ALICE', 'ALICE', 'Invoice 7 paid', '{"NO": 7}', 'PASSKEY', '{"id": "of Alice"}'),
    ('denied', 'APP_PAY', 'ALICE', 'BOB', 'Invoice 8 paid', '{"NO": 8}', 'PASSKEY', '{"id": "of Alice"}'),
    ('accepted', 'APP_PAY', 'BOB', 'ALICE', 'Invoice 9 paid', '{"NO": 9}', 'PASSKEY', '{"id": "of Alice"}'),
    ('accepted', 'APP_PAY', 'BOB', 'BOB', 'Invoice 10 paid', '{"NO": 10}', 'PASSKEY', '{"id": "of Bob"}')
  returning log_id)
select min(log_id) from added`)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	before := make([]*seal.Proof, 4)
	for index := range before {
		var err error
		if before[index], err = seal.Prove(t.Context(), l.auditor, l.heads(t), first+int64(index), nil); err != nil {
			t.Fatal(err)
		}
		if before[index].Assertion == nil || !strings.Contains(*before[index].Assertion, "of ") {
			t.Errorf("the proof of entry %d shows no assertion", index)
		}
	}
	l.deactivate(t, "ALICE")
	redaction := &seal.Redaction{UserID: "ALICE", Reason: "Request 17", KeepContent: true}
	done, err := redaction.Redact(t.Context(), l.redactor, l.key, []*seal.Heads{l.heads(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)
	got := testsql.Values[string](t, l.Pool, `
select concat_ws(' ', message, coalesce(userid, '-'), coalesce(authenticated_by, '-'), coalesce(assertion, '-'))
  from postern_internal.checkpoint_entry where log_id >= $1 and scheme = 'PASSKEY' order by log_id`, first)
	for index, want := range []string{"Invoice 7 paid - - -", "Invoice 8 paid - - -", "Invoice 9 paid BOB - -", `Invoice 10 paid BOB BOB {"id": "of Bob"}`} {
		if got[index] != want {
			t.Errorf("got %s, want %s", got[index], want)
		}
		l.requireProven(t, before[index])
	}
	// An assertion that somebody puts into a redacted entry does not fit the leaf.
	testsql.Run(t, l.Pool, "set session_replication_role = replica; update postern_internal.checkpoint_entry set assertion = 'x' where log_id = "+strconv.FormatInt(first, 10)+"; reset session_replication_role")
	if verdict := l.verify(t); verdict.Total == 0 {
		t.Error("an added assertion is not found")
	}
}

func TestAdministratorIsNotForgottenWithAnotherUser(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	both := l.Login(t, "postern_trusted_app", "postern_admin", "postern_redactor")
	connection := both.Connect(t)
	l.deactivate(t, "BOB")
	testsql.As(t, connection, "ALICE", func(tx pgx.Tx) {
		testsql.Run(t, tx, "select postern.set_setting('comment_required', 'true')")
		testsql.Run(t, tx, "select from postern.redact_log('BOB', 'Request 17', maximum => 1)")
	})
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	const made = "select count(*) from postern.administration_log where session_role = $1 and kind in ('redaction', 'setting')"
	before := testsql.Value[int64](t, l.Pool, made, both.Name)
	if before == 0 || before != testsql.Value[int64](t, l.Pool, made+" and userid = 'ALICE'", both.Name) {
		t.Fatalf("%d entries name ALICE and the login", before)
	}
	l.deactivate(t, "ALICE")
	l.redact(t, "ALICE")
	if naive := testsql.Value[int64](t, l.Pool, "select count(*) from postern.administration_log where userid = 'ALICE'"); naive != 0 {
		t.Fatalf("naive: %d entries still name ALICE", naive)
	}
	if after := testsql.Value[int64](t, l.Pool, made, both.Name); after != before {
		t.Errorf("the login is in %d entries, and was in %d", after, before)
	}
}

// A batch redacts the oldest or any others: all are reached in the end, and each batch has a record and a note.
func TestRedactionWorksInBatches(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.write(t, 2500)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.deactivate(t, "ALICE")
	done := l.redact(t, "ALICE")
	if done.Entries < 2505 || len(done.Records) != 3 {
		t.Errorf("redacted: %+v", done)
	}
	l.requireIntactWith(t, done.Entries)
	if again := l.redact(t, "ALICE"); again.Entries != 0 || len(again.Records) != 0 {
		t.Errorf("once more: %+v", again)
	}
}

// What is not sealed could have been changed before, and nobody vouches for it.
func TestUnsealedEntriesAreNotRedacted(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	l.redact(t, "ALICE")
	l.write(t, 2)
	type plan struct{ Entries, Unsealed int64 }
	count := func() (p plan) {
		t.Helper()
		if err := l.redactor.QueryRow(t.Context(), "select entries, unsealed from postern.redactable_entries('ALICE')").Scan(&p.Entries, &p.Unsealed); err != nil {
			t.Fatal(err)
		}
		return p
	}
	if got := count(); got != (plan{0, 2}) {
		t.Errorf("the plan is %+v", got)
	}
	if done := l.redact(t, "ALICE"); done.Entries != 0 {
		t.Errorf("redacted: %+v", done)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != (plan{2, 0}) {
		t.Errorf("the plan is %+v", got)
	}
	if done := l.redact(t, "ALICE"); done.Entries != 2 {
		t.Errorf("redacted: %+v", done)
	}
}

func TestWhoeverMayNotBeForgottenYet(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	try := func(userid, reason string) string {
		return `select postern.redact_log('` + userid + `', '` + reason + `')`
	}
	testsql.Refused(t, l.redactor, "55000", try("ALICE", "Request 17"))
	testsql.Refused(t, l.redactor, "55000", "select postern.redactable_entries('alice')")
	l.deactivate(t, "ALICE")
	for _, reason := range []string{"", " ", "Erase alice", "for Alice Young", strings.Repeat("x", 501)} {
		testsql.Refused(t, l.redactor, "PS107", try("ALICE", reason))
	}
	testsql.Refused(t, l.redactor, "PS107", try("", "Request 17"))
	// A ticket has the salt of the entries that it has opened.
	testsql.Run(t, l.Pool, `
insert into postern_internal.ticket (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
values (gen_random_uuid(), 'n', 'accepted', '-infinity', 'BOB', 'ALICE', 'PIN', 'APP_PAY', false, '', '{}', 'm', now() - interval '1 hour')`)
	testsql.Refused(t, l.redactor, "55000", try("ALICE", "Request 17"))
	testsql.Run(t, l.Pool, "delete from postern_internal.ticket")
	// Whoever redacts may not erase their own traces.
	testsql.Run(t, l.Pool, "update postern_internal.end_user set db_role = '"+testsql.Value[string](t, l.redactor, "select session_user")+"' where userid = 'ALICE'")
	testsql.Refused(t, l.redactor, "55000", try("ALICE", "Request 17"))
	testsql.Run(t, l.Pool, "update postern_internal.end_user set db_role = null")
	// What was typed as a user name, and is nobody's, may go too: somebody typed a PIN.
	if done := l.redact(t, "482915"); done.Entries != 1 {
		t.Errorf("redacted: %+v", done)
	}
	if got := testsql.Values[string](t, l.auditor, shown)[5]; !strings.Contains(got, ": ALICE - Invoice 6") {
		t.Errorf("it is shown as %s", got)
	}
	// An entry that somebody has changed stays, as evidence.
	testsql.Run(t, l.Pool, "set session_replication_role = replica; update postern_internal.checkpoint_entry set comment = 'x' where userid = 'ALICE' and authenticated_by = 'ALICE'; reset session_replication_role")
	testsql.Refused(t, l.redactor, "PS501", try("ALICE", "Request 17"))
}

// The passes of a ticket share its salt. Whoever has the salt of one could try user ids on the hashes of the others.
func TestNoSaltIsLeftWithAnEntryOfTheSameTicket(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	const ticket = "00000000-0000-4000-8000-000000000007"
	testsql.Run(t, l.Pool, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, ticket, salt)
select 'passed', gate_id, 'ALICE', 'BOB', 'm', '{}', '`+ticket+`', '00000000-0000-4000-8000-0000000000aa' from unnest(array['APP_PAY', 'APP_TWO', 'APP_THREE']) as gate_id`)
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	const guess = `
select count(*) from postern_internal.checkpoint_entry as e, postern_internal.checkpoint_entry as other
 where e.ticket = '` + ticket + `' and other.ticket = e.ticket and other.log_id <> e.log_id
   and position(sha256(postern_internal.field_salt(other.salt, e.log_id, 5) || postern_internal.encode_field('ALICE')) in postern_internal.leaf_data(e)) > 0`
	if naive := testsql.Value[int64](t, l.Pool, guess); naive != 6 {
		t.Fatalf("naive: %d hashes were guessed with the salt of another entry", naive)
	}
	l.deactivate(t, "ALICE")
	l.redact(t, "ALICE")
	if guessed := testsql.Value[int64](t, l.Pool, guess); guessed != 0 {
		t.Errorf("%d hashes were guessed with the salt of another entry", guessed)
	}
	// Postern's own code gives all passes of a ticket the same user and approver: those of the ticket.
	for _, file := range []string{"checkpoint/pass_gate.sql", "checkpoint/checkpoint.sql", "protect/reach_guard.sql"} {
		code, err := os.ReadFile(filepath.Join("../../sql/functions", file))
		if err != nil {
			t.Fatal(err)
		}
		statement := string(code)[strings.Index(string(code), "insert into postern_internal.checkpoint_entry"):]
		for _, part := range []string{"o.userid, o.authenticated_by", "o.salt"} {
			if !strings.Contains(statement, part) {
				t.Errorf("%s does not take %s", file, part)
			}
		}
	}
}

// Whoever removes a value must have said so in the log and in a signed note. Each of these fits its leaf.
func TestRemovedValueIsFound(t *testing.T) {
	t.Parallel()
	// What postern.redact_log does, without its checks and its record.
	const remove = `
update postern_internal.checkpoint_entry as e
   set (userid, authenticated_by, assertion, message, parameters, approved_message, comment, session_role, client_addr, application_name, salt, salts, redactions)
     = (select r.userid, r.authenticated_by, r.assertion, r.message, r.parameters, r.approved_message, r.comment, r.session_role, r.client_addr, r.application_name, r.salt, r.salts, r.redactions
          from postern_internal.redacted_entry(e, '{5,8}', RECORD) as r)
 where e.log_id = (select min(log_id) from postern_internal.checkpoint_entry where userid = 'BOB' and gate_id = 'APP_PAY')`
	silently := "set session_replication_role = replica; "
	loudly := "; reset session_replication_role"
	for name, test := range map[string]struct {
		change string
		kind   seal.Kind
		seen   string // what verify_entry says of it
	}{
		"no record":             {silently + strings.ReplaceAll(remove, "RECORD", "999999") + loudly, seal.ValueRemoved, "PS501"},
		"another entry":         {silently + strings.ReplaceAll(remove, "RECORD", "1") + loudly, seal.ValueRemoved, ""},
		"the record of another": {silently + strings.ReplaceAll(remove, "RECORD", "(select max(log_id) from postern_internal.checkpoint_entry where action = 'redaction')") + loudly, seal.ValueRemoved, ""},
		"a forged record": {strings.ReplaceAll(remove, "RECORD", "(select postern_internal.record_administration('redaction', '{\"entries\": 1, \"reason\": \"Request 18\"}', null, null))") +
			"", seal.ValueRemoved, ""},
		"the value alone": {silently + "update postern_internal.checkpoint_entry set userid = null where userid = 'BOB'" + loudly, seal.EntryChanged, "PS501"},
		"value and salt": {silently + "update postern_internal.checkpoint_entry set userid = null, salt = '00000000-0000-0000-0000-000000000000' where userid = 'BOB'" + loudly,
			seal.EntryChanged, "PS501"},
		"another name written": {silently + "update postern_internal.checkpoint_entry set userid = 'BOB' where redactions is not null" + loudly, seal.EntryChanged, "PS501"},
		"a message written":    {silently + "update postern_internal.checkpoint_entry set message = 'BOB did it' where redactions[8] is not null" + loudly, seal.EntryChanged, "PS501"},
		"a hash made longer":   {silently + "update postern_internal.checkpoint_entry set salts[5] = salts[5] || '\\x00' where redactions[5] is not null" + loudly, seal.EntryChanged, "PS501"},
		"a salt cut off":       {silently + "update postern_internal.checkpoint_entry set salts[6] = substring(salts[6] for 31) where redactions[6] is null and redactions is not null" + loudly, seal.EntryChanged, "PS501"},
		"the record removed":   {silently + "delete from postern_internal.checkpoint_entry where action = 'redaction'; delete from postern_internal.leaf where leaf_number = (select max(leaf_number) from postern_internal.leaf)" + loudly, seal.ValueRemoved, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newForgetful(t)
			l.deactivate(t, "ALICE")
			done := l.redact(t, "ALICE")
			if _, err := l.trySeal(t); err != nil {
				t.Fatal(err)
			}
			l.requireIntactWith(t, done.Entries)
			bob := testsql.Value[int64](t, l.Pool, "select min(log_id) from postern_internal.checkpoint_entry where userid = 'BOB' and gate_id = 'APP_PAY'")
			connection := l.Connect(t)
			if name == "a forged record" {
				// With the triggers disabled, a superuser can do what they refuse.
				testsql.Run(t, connection, "begin")
				record := testsql.Value[int64](t, connection, "select postern_internal.record_administration('redaction', '{\"entries\": 1, \"reason\": \"Request 18\"}', null, null)")
				testsql.Run(t, connection, "set local session_replication_role = replica")
				testsql.Run(t, connection, strings.ReplaceAll(remove, "RECORD", "$1::bigint"), record)
				testsql.Run(t, connection, "commit")
				if _, err := l.trySeal(t); err != nil {
					t.Fatal(err)
				}
			} else {
				testsql.Run(t, connection, test.change)
			}
			if test.seen != "" && !strings.Contains(test.change, "redactions") {
				testsql.Refused(t, l.auditor, test.seen, "select postern.verify_entry($1)", bob)
			}
			requireFinding(t, l.verify(t), test.kind, 0)
		})
	}
}

// A directory that lacks the note, or has a changed one, does not vouch for a redaction.
func TestRedactionNeedsItsSignedNote(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	done := l.redact(t, "ALICE")
	path := filepath.Join(l.directory, "redacted")
	notes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)
	for name, changed := range map[string]string{
		"removed": "", "one line less": strings.Replace(string(notes), "\n\n", "", 1), "another record": strings.Replace(string(notes), "record ", "record 1", 1),
	} {
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if verdict := l.verify(t); !slices.ContainsFunc(verdict.Findings, func(f seal.Finding) bool { return f.Kind == seal.ValueRemoved }) {
			t.Errorf("%s: %s", name, messages(verdict))
		}
	}
	if err := os.WriteFile(path, notes, 0o644); err != nil {
		t.Fatal(err)
	}
	// Without the command there is no note.
	testsql.Run(t, l.redactor, "select postern.redact_log('482915', 'Request 18')")
	l.requireIntactWith(t, done.Entries) // it went with ALICE's
	l.deactivate(t, "BOB")
	testsql.Run(t, l.redactor, "select postern.redact_log('BOB', 'Request 18')")
	requireFinding(t, l.verify(t), seal.ValueRemoved, 0)
}

// A backup from before brings the values back.
func TestReturnedValueIsFound(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	testsql.Run(t, l.Pool, "create table public.backup as select * from postern_internal.checkpoint_entry")
	l.redact(t, "ALICE")
	connection := l.Connect(t)
	testsql.Run(t, connection, `set session_replication_role = replica;
delete from postern_internal.checkpoint_entry where log_id in (select log_id from public.backup);
insert into postern_internal.checkpoint_entry select * from public.backup; reset session_replication_role`)
	requireFinding(t, l.verify(t), seal.ValueReturned, 0)
	done := l.redact(t, "ALICE")
	l.requireIntactWith(t, done.Entries)
}

// With the gate of the administration, a redactor is asked before anything is signed.
func TestNothingIsSignedThatNobodyHasApproved(t *testing.T) {
	t.Parallel()
	l := newForgetful(t)
	l.deactivate(t, "ALICE")
	redactor := testsql.NewAdministrator(t, l.Database, "RUTH", "postern_redactor")
	redactor.Do(t, "select postern.set_setting('administration_gate', 'redaction')")
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	files := func() []string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(l.directory, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	before := files()
	redact := func() (seal.Redacted, error) {
		return (&seal.Redaction{UserID: "ALICE", Reason: "Request 17"}).Redact(t.Context(), redactor.Conn, l.key, []*seal.Heads{l.heads(t)})
	}
	_, err := redact()
	if asked := testsql.RequestOf(t, err); !strings.Contains(asked.Message, "entries redacted: Request 17") {
		t.Errorf("it asks %q", asked.Message)
	}
	if after := files(); !slices.Equal(before, after) {
		t.Errorf("%q were there, and %q are", before, after)
	}
	l.requireIntactWith(t, 0)

	asked := 0
	administrator.Ask(redactor.Conn, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		return postern.Answer{Username: "RUTH", Response: redactor.PIN}, nil
	})
	done, err := redact()
	if err != nil || done.Entries < 5 || asked != 1 || slices.Equal(before, files()) {
		t.Fatalf("asked %d times, redacted %+v: %v", asked, done, err)
	}
	if _, err := l.trySeal(t); err != nil {
		t.Fatal(err)
	}
	l.requireIntactWith(t, done.Entries)
}

func TestNothingIsDroppedThatNobodyHasApproved(t *testing.T) {
	t.Parallel()
	l := oldLog(t, 3)
	admin := testsql.NewAdministrator(t, l.Database, "ADA")
	admin.Do(t, "select postern.set_setting('administration_gate', 'log_drop')")
	_, err := l.drop(t, admin.Conn, month(2), time.Second)
	if asked := testsql.RequestOf(t, err); !strings.Contains(asked.Message, "Log drop") {
		t.Errorf("it asks %q", asked.Message)
	}
	if !exists(t, l, partition(3)) {
		t.Fatal("the month was dropped")
	}
	administrator.Ask(admin.Conn, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Username: "ADA", Response: admin.PIN}, nil
	})
	if done, err := l.drop(t, admin.Conn, month(2), time.Second); err != nil || len(done.Months) != 1 || exists(t, l, partition(3)) {
		t.Errorf("dropped were %+v: %v", done, err)
	}
	if verdict := l.verify(t); verdict.Total > 0 || verdict.Dropped != 10 {
		t.Errorf("verify returns %+v", verdict)
	}
}
