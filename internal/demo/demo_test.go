package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/shlex"
	"github.com/jackc/pgx/v5"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/demo"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/program"
)

// pins makes PINs and remembers them.
type pins []string

func (p *pins) next() string {
	pin := strings.ToLower(rand.Text()[:8])
	*p = append(*p, pin)
	return pin
}

func (p *pins) requireAbsent(t *testing.T, story string) {
	t.Helper()
	if len(*p) == 0 {
		t.Fatal("no PIN was made up: the test looks for nothing")
	}
	for _, pin := range *p {
		if strings.Contains(story, pin) {
			t.Errorf("the PIN %s is in the story:\n%s", pin, story)
		}
	}
}

// requireInOrder requires that the texts occur in this order.
func requireInOrder(t *testing.T, story string, texts ...string) {
	t.Helper()
	rest := story
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q does not come (next) in the story:\n%s", text, story)
		}
		rest = after
	}
}

// requireFixes requires that the story later runs the fixes that doctor suggested.
func requireFixes(t *testing.T, story string) {
	t.Helper()
	// Findings about the server are accepted. They have fixes too, but the demo does not apply them.
	story = regexp.MustCompile(`(?m)^ +accepted until .*\n +fix: .+$`).ReplaceAllString(story, "")
	fixes := regexp.MustCompile(`(?m)^ +fix: (.+)$`).FindAllStringSubmatch(story, -1)
	if len(fixes) != 2 {
		t.Fatalf("doctor shows %d fixes, want 2:\n%s", len(fixes), story)
	}
	for _, fix := range fixes {
		requireInOrder(t, story, "fix: "+fix[1], "\n"+strings.Repeat(" ", 6)+fix[1]+"\n")
	}
}

// requireDelivered checks what the receivers got as real receivers would: with other people's code, and with only what
// the story shows.
func requireDelivered(t *testing.T, story string) {
	t.Helper()
	received := func(marker string) string {
		_, rest, _ := strings.Cut(story, marker)
		var text strings.Builder
		for line := range strings.Lines(rest) {
			if line = strings.TrimLeft(line, " "); strings.HasPrefix(line, "┃") {
				text.WriteString(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(line, "┃"), " "), "\n") + "\n")
			} else if text.Len() > 0 {
				break
			}
		}
		return text.String()
	}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(received("the web server got:"))))
	if err != nil {
		t.Fatalf("the web server got no request: %v\n%s", err, story)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := standardwebhooks.NewWebhook(regexp.MustCompile(`whsec_\S+`).FindString(story))
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(body, request.Header); err != nil {
		t.Errorf("the signature of %q: %v", body, err)
	}
	if want := `{"text": "Invoice 1044 of Polar Tools over 2310.00 approved", "user": "BOB", "comment": "Price as agreed"}`; strings.TrimSpace(string(body)) != want {
		t.Errorf("the web server got %s", body)
	}
	letter, err := mail.ReadMessage(strings.NewReader(received("the mail server got:")))
	if err != nil {
		t.Fatalf("the mail server got no mail: %v\n%s", err, story)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil {
		t.Fatal(err)
	}
	if letter.Header.Get("To") != "<auditors@example.com>" || !strings.HasSuffix(letter.Header.Get("Message-ID"), "@example.com>") {
		t.Errorf("the mail's header is %v", letter.Header)
	}
	requireInOrder(t, string(text), "gate_id: SINWOF_APPROVE", "message: Invoice 1044 of Polar Tools over 2310.00 approved", "userid: BOB", "comment: Price as agreed", "log_id: 69")
}

// requireGone requires that the demo's directory is gone, because a key was in it.
func requireGone(t *testing.T, story string) {
	t.Helper()
	match := regexp.MustCompile(`\$ DIR=(\S+)`).FindStringSubmatch(story)
	if match == nil {
		t.Fatalf("no line says which directory it is:\n%s", story)
	}
	if _, err := os.Stat(match[1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was not removed: %v", match[1], err)
	}
}

func TestStory(t *testing.T) {
	var made pins
	out := &bytes.Buffer{}
	if err := demo.Run(t.Context(), demo.Options{Out: out, Installer: cli.RunOn, NewPIN: made.next}); err != nil {
		t.Fatalf("the demo fails: %v\n%s", err, out)
	}
	story := strings.ReplaceAll(out.String(), program.Name()+" ", program.Released+" ")
	requireInOrder(t, story,
		"perform security_sys.security_checkpoint('SINWOF_APPROVE', msg);",
		"select postern.register_gate('SINWOF_APPROVE'",
		"select postern.reset_pin($1, $2::varchar);", "select postern.set_pin($1::varchar);", "→ PS101", "select postern.set_pin($1::varchar); commit;",
		"Mallory finds", "select invoicing.approve_invoice(6666);", "→ PS101 Security checkpoint: Approve a supplier invoice", "rollback;",
		"Invoice 6666 of Mallory & Co over 98000.00 approved",
		"First guess:", "select postern.authenticate($1, $2, $3::varchar, $4, ", "); commit;", "select postern.begin_session($1, $2::uuid);", "→ PS102",
		"Fourth guess:", "→ PS104", "it unlocks at",
		"Alice is back", "select postern.unlock_user('ALICE');", "→ PS101", "Comment    Matches the delivery note",
		"select invoicing.approve_invoice(1041); commit;",
		"Bob approves and pays", "→ PS101", "select invoicing.approve_invoice(1042);", "select invoicing.release_payment(1042); commit;",
		"The next transaction asks again", "→ PS101", "select postern.cancel($1, $2); commit;",
		"Carol", "→ PS101", "select invoicing.approve_invoice(1043); commit;",
		"→ 1041 approved, 1042 paid, 1043 approved, 6666 entered",
		"The second act", "select postern.create_company('30', 'Harbour Cranes');", "select postern.grant_company('CAROL', '20');",
		"select postern.add_authority_combination('10', 'SALES', false, code_b => '900');", "select postern.set_row_level_security('10', true);",
		"select postern.protect_ledger('accounting.ledger_row');",
		"The same query", "select count(*), sum(amount) from accounting.ledger_row;",
		"ALICE sees 200000 rows", "BOB   sees  29999 rows", "CAROL sees  66666 rows", "→ PS401", "rollback;",
		"Why does Bob not see row", "explain_access('BOB', '10', ",
		"→ A combination of the class says that it is not allowed.", "class SALES, code part B: the row has 900, the rule says 900",
		"explain (costs off, verbose) select sum(amount) from accounting.ledger_row;", "InitPlan", "postern.ledger_map()",
		"The third act", "perform postern.begin_action('PaymentRun'", "select postern.register_action('PaymentRun');",
		"select invoicing.run_payments();", "→ PS105 Unhandled Security Checkpoint", "rollback;",
		"$ postern action gates PaymentRun --entry invoicing.run_payments\n", "gate PAYMNT_RELEASE (line 9, NOT REFERENCED, active)",
		"$ postern action gates PaymentRun --entry invoicing.run_payments --fix\n",
		"      select postern.register_action('PaymentRun', null, array['PAYMNT_RELEASE']);\n",
		`legacycheckpoints = "PAYMNT_RELEASE";`,
		"$ postern apply -f - --plan < PaymentRun.projection\n", "legacy_checkpoints: [] → [PAYMNT_RELEASE]", "0 to create, 1 to change, 0 to remove.",
		"$ postern apply -f - < PaymentRun.projection\n", "0 created, 1 changed, 0 removed.",
		"→ PS101", "PaymentRun: Release a payment (INVOICES: 1041, 1043)", "select invoicing.run_payments(); commit;",
		"→ 1041 paid, 1042 paid, 1043 paid, 6666 entered",
		"→ PAYMNT_RELEASE, BOB: Payment of 1840.00 for invoice 1041", "→ PAYMNT_RELEASE, BOB: Payment of 15300.00 for invoice 1043",
		"create view accounting.company_total as", "BOB sees the budgets of 10, 20, 30 and the totals of 10, 20, 30",
		"$ postern doctor", "error view_without_security_invoker", "warn unprotected_company", "1 error, 1 warning.",
		"BOB sees the budgets of 10 and the totals of 10\n", "$ postern doctor", "Nothing found.",
		"The fourth act", "postern event action add chat", "$ postern event run --once", "delivered 2, skipped 0, to be tried again 0, dead 0",
		"$ postern log key create --key $DIR/log.key", "erp.example.com/log+", "→ -rw------- log.key",
		"$ postern log seal ", "69 entries sealed; the signed head covers 69.", "┃ erp.example.com/log\n", "┃ 69\n", "┃ — erp.example.com/log ",
		"$ postern log verify ", "69 entries verified: the log is what was signed.",
		"$ postern log prove 69 ", "$ postern log check-proof $DIR/proof.json --public-key $DIR/log.key.pub\n",
		"message    Invoice 1044 of Polar Tools over 2310.00 approved", "comment    Price as agreed", "1 entry proven: under the head of 69 leaves",
		"update postern_internal.checkpoint_entry set comment = 'Alice told me to' where log_id = 69;", "→ 55000",
		"begin; set local session_replication_role = replica;", "where log_id = 69; commit;", "→ BOB: Alice told me to",
		"$ postern log verify ", "entry_changed  69      68    entry 69 is not what was sealed as leaf 68", "1 finding: the log is not what was signed.",
		"The fifth act", "update invoicing.supplier_invoice set state = 'approved' where invoice_no = 6666; commit;", "→ 6666 approved",
		"select postern.protect_gate('invoicing.supplier_invoice', 'SINWOF_APPROVE', columns => '{state}',",
		"set state = 'approved' where invoice_no = 6666;", "→ PS101 Security checkpoint: Approve a supplier invoice", "rollback;", "→ 6666 entered",
		"$ postern event action add administrators --event SECURITY_ADMINISTRATION",
		"select postern.set_gate_active('SINWOF_APPROVE', false);", "commit;", "→ 6666 approved", "select postern.set_gate_active('SINWOF_APPROVE', true);",
		"$ postern event run --once", "delivered 2,", "┃ Subject: SECURITY_ADMINISTRATION: gate SINWOF_APPROVE changed: active", "true -> false", "┃ session_role: oscar_",
		"┃ change: gate SINWOF_APPROVE changed: active true -> false",
		"$ postern gate history SINWOF_APPROVE", `{"active": false`, "oscar_", `{"active": true}`, "oscar_",
		"$ postern apply -f - --impact < sales.yaml\n", "Gains: 1 user.\n", "gains   BOB  company 10  90 of 200",
	)
	requireDelivered(t, story)
	requireGone(t, story)
	requireFixes(t, story)
	if count := strings.Count(story, "select count(*), sum(amount) from accounting.ledger_row;"); count != 2 {
		t.Errorf("the query of all three is told %d times, want it once, and once for nobody", count)
	}
	rows := regexp.MustCompile(`(?m)^ +\d\d:\d\d:\d\d +(\S+) +(\S+) +([A-Z]+(?:, by [A-Z]+)?)`).FindAllStringSubmatch(story, -1)
	log := ""
	for _, row := range rows {
		log += strings.Join(row[1:], " ") + "\n"
	}
	if want := `passed POSTERN_PIN_CHANGE ALICE
passed POSTERN_PIN_CHANGE BOB
passed POSTERN_PIN_CHANGE CAROL
denied SINWOF_APPROVE ALICE
denied SINWOF_APPROVE ALICE
denied SINWOF_APPROVE ALICE
denied SINWOF_APPROVE ALICE
passed SINWOF_APPROVE ALICE
passed SINWOF_APPROVE BOB
passed PAYMNT_RELEASE BOB
cancelled SINWOF_APPROVE BOB
passed SINWOF_APPROVE BOB, by CAROL
`; log != want {
		t.Errorf("the log says\n%s\nwant\n%s", log, want)
	}
	if strings.Contains(story, "\x1b") {
		t.Error("there are colours in plain text")
	}
	made.requireAbsent(t, story)
}

// reader stops reading at a word.
type reader struct {
	bytes.Buffer
	until string
}

func (r *reader) Write(text []byte) (int, error) {
	if strings.Contains(r.String(), r.until) {
		return 0, syscall.EPIPE
	}
	return r.Buffer.Write(text)
}

func TestStoryEndsWhenNobodyReads(t *testing.T) {
	out := &reader{until: "$ DIR="}
	if err := demo.Run(t.Context(), demo.Options{Out: out, Installer: cli.RunOn, Keep: true}); !errors.Is(err, context.Canceled) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the story ended with %v", err)
	}
	requireGone(t, out.String())
}

// alice is a person who makes mistakes before she gets things right.
type alice struct {
	t       *testing.T
	answers []string
}

func (a *alice) next(label string) (string, error) {
	if len(a.answers) == 0 {
		return "", errors.New("asked too often: " + label)
	}
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return answer, nil
}

func (a *alice) AskLine(_ context.Context, label string) (string, error) {
	if strings.Contains(label, "PIN") {
		a.t.Errorf("%q would show what is typed", label)
	}
	return a.next(label)
}

func (a *alice) AskSecret(_ context.Context, label string) (string, error) { return a.next(label) }

func TestPersonAtAKeptServer(t *testing.T) {
	made := pins{}
	chosen := made.next()
	person := &alice{t: t, answers: []string{
		"123456", chosen,
		"", "", "not now",
		"", "wrong", "a typo",
		"ALICE", chosen, "as ordered",
	}}
	out := &bytes.Buffer{}
	if err := demo.Run(t.Context(), demo.Options{Out: out, Installer: cli.RunOn, NewPIN: made.next, Person: person, Keep: true, Colour: true}); err != nil {
		t.Fatalf("the demo fails: %v\n%s", err, out)
	}
	story := out.String()
	plain := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(story, "")
	plain = strings.ReplaceAll(plain, program.Name()+" ", program.Released+" ")
	remove := sync.OnceFunc(removal(t, plain))
	t.Cleanup(remove) // even if the test fails
	requireInOrder(t, story, "→ PS109", "It is a run", "Mallory finds", "→ PS104", "Alice is back", "You cancelled", "was wrong", "commit;",
		"Approved:", "as ordered", "The second act", "CAROL sees", "InitPlan", "The third act", "→ PS105", "Nothing found.",
		"The fourth act", "1 finding", "The fifth act", "Gains: 1 user.", "The server stays up")
	if len(person.answers) != 0 || !strings.Contains(story, "\x1b[") {
		t.Errorf("not asked for %q, or no colours:\n%s", person.answers, story)
	}
	made.requireAbsent(t, story)

	match := connectLine.FindStringSubmatch(plain)
	if match == nil {
		t.Fatalf("no line says how to connect:\n%s", plain)
	}
	connection, err := pgx.Connect(t.Context(), target(match)+match[5])
	if err != nil {
		t.Fatal(err)
	}
	var entries int
	if err := connection.QueryRow(t.Context(), "select count(*) from postern.checkpoint_log").Scan(&entries); err != nil || entries != 17 {
		t.Errorf("the log has %d entries: %v", entries, err)
	}
	// The story says how to read the ledger as Bob. Each word of that is a statement.
	_, asBob, found := strings.Cut(plain, "begin; select postern.assume_user('BOB');")
	asBob, _, _ = strings.Cut(asBob, "\n")
	if !found {
		t.Fatalf("no line reads the ledger as Bob:\n%s", plain)
	}
	results, err := connection.PgConn().Exec(t.Context(), "begin; select postern.assume_user('BOB');"+asBob).ReadAll()
	if err != nil || len(results) != 5 || string(results[3].Rows[0][0]) != "29999" {
		t.Errorf("as Bob, the query returns %v; error: %v", results, err)
	}
	if err := connection.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	requireVerifiable(t, plain)

	remove()
	requireGone(t, plain)
}

// connectLine is how the story tells the reader to connect to a kept server.
var connectLine = regexp.MustCompile(`export PGPASSFILE=(\S+)\n +psql -h (\S+) -p (\d+) -U (\S+) (\S+)`)

// target turns that line into a connection string without the database.
func target(match []string) string {
	return "passfile=" + match[1] + " host=" + match[2] + " port=" + match[3] + " user=" + match[4] + " dbname="
}

// removal returns a function that removes a kept server, or the demo's objects on somebody's own server, in the way
// that the story says. A server ends with this process at the latest.
func removal(t *testing.T, story string) func() {
	t.Helper()
	_, text, _ := strings.Cut(story, "emove ")
	_, text, _ = strings.Cut(text, "\n")
	text = strings.TrimSpace(text)
	statements, isOwn := strings.CutPrefix(text, `\c postgres`)
	if !isOwn {
		last, err := leash.Command(text)
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			run(t, text)
			if err := last.Keep(); err != nil {
				t.Error(err)
			}
		}
	}
	match := connectLine.FindStringSubmatch(story)
	if match == nil {
		t.Fatalf("no line says how to connect:\n%s", story)
	}
	return func() {
		connection, err := pgx.Connect(context.Background(), target(match)+"postgres")
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close(context.Background())
		for statement := range strings.Lines(statements) {
			statement = strings.TrimSpace(statement)
			if command, isShell := strings.CutPrefix(statement, `\! `); isShell {
				run(t, command)
			} else if _, err := connection.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	}
}

// requireVerifiable runs the last command line that the story shows.
func requireVerifiable(t *testing.T, story string) {
	t.Helper()
	lines := regexp.MustCompile(`(?m)^ +postern (log verify .*)$`).FindAllStringSubmatch(story, -1)
	passwords := regexp.MustCompile(`PGPASSFILE=(\S+)`).FindStringSubmatch(story)
	if len(lines) != 1 || passwords == nil {
		t.Fatalf("%d lines say how to verify the log:\n%s", len(lines), story)
	}
	words, err := shlex.Split(lines[0][1])
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", passwords[1])
	out := &bytes.Buffer{}
	if code := cli.Main(t.Context(), words, strings.NewReader(""), out, out); code != 3 || !strings.Contains(out.String(), "\nentry_changed\t") {
		t.Errorf("%s ended with %d:\n%s", lines[0][0], code, out)
	}
}

func run(t *testing.T, command string) {
	t.Helper()
	if output, err := exec.Command("/bin/sh", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s fails: %v\n%s", command, err, output)
	}
}
