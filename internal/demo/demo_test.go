package demo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/demo"
)

// pins makes up PINs and remembers them.
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

// requireInOrder looks for each text behind the one before it.
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

// requireFixes looks for what doctor said would help among the statements behind it.
func requireFixes(t *testing.T, story string) {
	t.Helper()
	fixes := regexp.MustCompile(`(?m)^ +fix: (.+)$`).FindAllStringSubmatch(story, -1)
	if len(fixes) != 2 {
		t.Fatalf("doctor shows %d fixes, want 2:\n%s", len(fixes), story)
	}
	for _, fix := range fixes {
		requireInOrder(t, story, "fix: "+fix[1], "\n"+strings.Repeat(" ", 6)+fix[1]+"\n")
	}
}

func TestStory(t *testing.T) {
	var made pins
	out := &bytes.Buffer{}
	if err := demo.Run(t.Context(), demo.Options{Out: out, Installer: cli.RunOn, NewPIN: made.next}); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	story := out.String()
	requireInOrder(t, story,
		"perform security_sys.security_checkpoint('SINWOF_APPROVE', msg);",
		"select postern.register_gate('SINWOF_APPROVE'",
		"select postern.reset_pin($1, $2);", "select postern.set_pin($1);", "→ PS101", "select postern.set_pin($1); commit;",
		"Mallory finds", "select invoicing.approve_invoice(6666);", "→ PS101 Security checkpoint: Approve a supplier invoice", "rollback;",
		"Invoice 6666 of Mallory & Co over 98000.00 approved",
		"First guess:", "select postern.authenticate($1, $2, $3, $4, $5); commit;", "select postern.open_gates($1::uuid);", "→ PS102",
		"Fourth guess:", "→ PS104", "It unlocks at",
		"Alice is back", "select postern.unlock_user('ALICE');", "→ PS101", "Comment    Matches the delivery note",
		"select invoicing.approve_invoice(1041); commit;",
		"Bob approves and pays", "→ PS101", "select invoicing.approve_invoice(1042); select invoicing.release_payment(1042); commit;",
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
		"$ installer action gates PaymentRun --entry invoicing.run_payments\n", "gate PAYMNT_RELEASE (line 9, NOT REFERENCED, active)",
		"$ installer action gates PaymentRun --entry invoicing.run_payments --fix\n",
		"      select postern.register_action('PaymentRun', null, array['PAYMNT_RELEASE']);\n",
		`legacycheckpoints = "PAYMNT_RELEASE";`,
		"$ installer apply -f - --plan < PaymentRun.projection\n", "legacy_checkpoints: [] → [PAYMNT_RELEASE]", "0 to create, 1 to change, 0 to remove.",
		"$ installer apply -f - < PaymentRun.projection\n", "0 created, 1 changed, 0 removed.",
		"→ PS101", "PaymentRun: Release a payment (INVOICES: 1041, 1043)", "select invoicing.run_payments(); commit;",
		"→ 1041 paid, 1042 paid, 1043 paid, 6666 entered",
		"→ PAYMNT_RELEASE, BOB: Payment of 1840.00 for invoice 1041", "→ PAYMNT_RELEASE, BOB: Payment of 15300.00 for invoice 1043",
		"create view accounting.company_total as", "BOB sees the budgets of 10, 20, 30 and the totals of 10, 20, 30",
		"$ installer doctor\n", "error view_without_security_invoker", "warn unprotected_company", "1 error, 1 warning.",
		"BOB sees the budgets of 10 and the totals of 10\n", "$ installer doctor\n", "Nothing found.",
	)
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

// alice is a person who gets things wrong before she gets them right.
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
		t.Fatalf("%v\n%s", err, out)
	}
	story := out.String()
	requireInOrder(t, story, "→ PS109", "It is a run", "Mallory finds", "→ PS104", "Alice is back", "You cancelled", "was wrong", "commit;",
		"Approved:", "as ordered", "The second act", "CAROL sees", "InitPlan", "The third act", "→ PS105", "Nothing found.",
		"The server stays up")
	if len(person.answers) != 0 || !strings.Contains(story, "\x1b[") {
		t.Errorf("not asked for %q, or no colours:\n%s", person.answers, story)
	}
	made.requireAbsent(t, story)

	plain := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(story, "")
	match := regexp.MustCompile(`PGPASSFILE=(\S+) psql -h (\S+) -p (\d+) -U (\S+) (\S+)`).FindStringSubmatch(plain)
	if match == nil {
		t.Fatalf("no line says how to connect:\n%s", plain)
	}
	target := "passfile=" + match[1] + " host=" + match[2] + " port=" + match[3] + " user=" + match[4] + " dbname="
	connection, err := pgx.Connect(t.Context(), target+match[5])
	if err != nil {
		t.Fatal(err)
	}
	var entries int
	if err := connection.QueryRow(t.Context(), "select count(*) from postern.checkpoint_log").Scan(&entries); err != nil || entries != 16 {
		t.Errorf("the log has %d entries: %v", entries, err)
	}
	// What it says about reading the ledger as Bob works: each of its words is a statement.
	_, asBob, found := strings.Cut(plain, "begin; select postern.assume_user('BOB');")
	asBob, _, _ = strings.Cut(asBob, "\n")
	if !found {
		t.Fatalf("no line reads the ledger as Bob:\n%s", plain)
	}
	results, err := connection.PgConn().Exec(t.Context(), "begin; select postern.assume_user('BOB');"+asBob).ReadAll()
	if err != nil || len(results) != 5 || string(results[3].Rows[0][0]) != "29999" {
		t.Errorf("as Bob: %v, %v", results, err)
	}
	if err := connection.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	_, removal, _ := strings.Cut(plain, "emove ")
	_, removal, _ = strings.Cut(removal, "\n")
	removal = strings.TrimSpace(removal)
	if removal, isOwn := strings.CutPrefix(removal, `\c postgres`); isOwn {
		connection, err := pgx.Connect(t.Context(), target+"postgres")
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close(context.Background())
		for statement := range strings.Lines(removal) {
			statement = strings.TrimSpace(statement)
			if command, isShell := strings.CutPrefix(statement, `\! `); isShell {
				run(t, command)
			} else if _, err := connection.Exec(t.Context(), statement); err != nil {
				t.Error(err)
			}
		}
	} else {
		run(t, removal)
	}
	if _, err := os.Stat(match[1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the password file is left: %v", err)
	}
}

func run(t *testing.T, command string) {
	t.Helper()
	if output, err := exec.Command("/bin/sh", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, output)
	}
}
