package posterntest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/posterntest"
)

const pin = "482913"

var template = posterntest.Prepare(func(t testing.TB, db *posterntest.Database) {
	_, err := db.Pool.Exec(t.Context(), `
select postern.register_gate('TEST_PAY', 'Pay', '&AMOUNT paid to &PAYEE', '{AMOUNT,PAYEE}', active => true);
create table public.payment (payee text)`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	db.User(t, "ALICE", pin)
})

func pay(ctx context.Context) func(tx pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select postern.checkpoint('TEST_PAY', '{"AMOUNT": 12500.00, "PAYEE": "ACME"}')`)
		return err
	}
}

func TestEachTestHasItsDatabase(t *testing.T) {
	first, second := template.New(t), template.New(t)
	for _, database := range []*posterntest.Database{first, second} {
		if _, err := database.Pool.Exec(t.Context(), "insert into public.payment values ('ACME')"); err != nil {
			t.Fatal(err)
		}
		var payments int
		if err := database.Pool.QueryRow(t.Context(), "select count(*) from public.payment").Scan(&payments); err != nil || payments != 1 {
			t.Errorf("there are %d payments: %v", payments, err)
		}
	}
	var hasTable bool
	err := posterntest.New(t).Pool.QueryRow(t.Context(), "select to_regclass('public.payment') is not null").Scan(&hasTable)
	if err != nil || hasTable {
		t.Errorf("a new database has the table of the template: %v, %v", hasTable, err)
	}
}

// The login has only what a login of the application has, and each kind of session works with it.
func TestGateIsPassedInEachSession(t *testing.T) {
	database := template.New(t)
	for name, test := range map[string]struct {
		role    string
		session postern.Session
	}{
		"trusted": {"postern_trusted_app", postern.TrustedSession("ALICE")},
		"token":   {"postern_app", postern.TokenSession(database.Signer(t), "ALICE")},
	} {
		t.Run(name, func(t *testing.T) {
			pool := database.Login(t, test.role).Pool
			err := postern.Do(t.Context(), pool, test.session, nil, pay(t.Context()))
			required := posterntest.RequireGate(t, err, "TEST_PAY", map[string]any{"AMOUNT": 12500, "PAYEE": "ACME"})
			if required.Message != "12500.00 paid to ACME" {
				t.Errorf("the gate asks %q", required.Message)
			}
			prompt := posterntest.Prompt(t, postern.Answer{Response: pin})
			if err := postern.Do(t.Context(), pool, test.session, prompt, pay(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	complaints []string
	cleanups   []func()
}

func (r *recorder) Helper()                {}
func (r *recorder) Cleanup(cleanup func()) { r.cleanups = append(r.cleanups, cleanup) }
func (r *recorder) Errorf(f string, values ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(f, values...))
}
func (r *recorder) Fatal(values ...any) { r.Fatalf("%s", fmt.Sprint(values...)) }

func (r *recorder) Fatalf(format string, values ...any) {
	r.Errorf(format, values...)
	panic(r)
}

// complaints returns what a test that fails would say.
func complaints(t *testing.T, test func(t testing.TB)) string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if reason := recover(); reason != nil && reason != any(r) {
				panic(reason)
			}
		}()
		test(r)
	}()
	for _, cleanup := range slices.Backward(r.cleanups) {
		cleanup()
	}
	return strings.Join(r.complaints, "\n")
}

func TestPromptComplains(t *testing.T) {
	database := template.New(t)
	nothing := func(pgx.Tx) error { return nil }
	for name, test := range map[string]struct {
		answers   []postern.Answer
		work      func(pgx.Tx) error
		complaint string
	}{
		"asked once":        {[]postern.Answer{{Response: pin}}, pay(t.Context()), ""},
		"nothing to ask":    {nil, nothing, ""},
		"asked, no answer":  {nil, pay(t.Context()), `gate TEST_PAY asks "12500.00 paid to ACME"`},
		"wrong PIN":         {[]postern.Answer{{Response: "205861"}}, pay(t.Context()), "; the answer before was rejected: "},
		"no gate":           {[]postern.Answer{{Response: pin}}, nothing, "the prompt was called 0 times, not 1"},
		"one answer unused": {[]postern.Answer{{Response: pin}, {Response: pin}}, pay(t.Context()), "the prompt was called 1 times, not 2"},
	} {
		var err error
		got := complaints(t, func(recorded testing.TB) {
			err = postern.Do(t.Context(), database.Pool, postern.TrustedSession("ALICE"), posterntest.Prompt(recorded, test.answers...), test.work)
		})
		if (test.complaint == "") != (got == "") || !strings.Contains(got, test.complaint) {
			t.Errorf("%s: complains %q, want %q", name, got, test.complaint)
		}
		if asks := strings.Contains(got, "unexpectedly"); asks != (err != nil) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestRequireGateComplains(t *testing.T) {
	database := template.New(t)
	question := postern.Do(t.Context(), database.Pool, postern.TrustedSession("ALICE"), nil, pay(t.Context()))
	for name, test := range map[string]struct {
		err        error
		gate       string
		parameters map[string]any
		complaint  string
	}{
		"right":               {question, "TEST_PAY", map[string]any{"AMOUNT": 12500, "PAYEE": "ACME"}, ""},
		"any parameters":      {question, "TEST_PAY", nil, ""},
		"no error":            {nil, "TEST_PAY", nil, "got error <nil>"},
		"another error":       {errors.New("broken"), "TEST_PAY", nil, "got error broken"},
		"another gate":        {question, "TEST_SEND", nil, "gate TEST_PAY asks, want gate TEST_SEND"},
		"another value":       {question, "TEST_PAY", map[string]any{"AMOUNT": 12501, "PAYEE": "ACME"}, "with the parameters"},
		"text for a number":   {question, "TEST_PAY", map[string]any{"AMOUNT": "12500.00", "PAYEE": "ACME"}, "with the parameters"},
		"a parameter less":    {question, "TEST_PAY", map[string]any{"AMOUNT": 12500}, "with the parameters"},
		"no parameters":       {question, "TEST_PAY", map[string]any{}, "with the parameters"},
		"a parameter more":    {question, "TEST_PAY", map[string]any{"AMOUNT": 12500, "PAYEE": "ACME", "NO": 1}, "with the parameters"},
		"a value of no JSON":  {question, "TEST_PAY", map[string]any{"AMOUNT": func() {}}, "unsupported type"},
		"an array for a text": {question, "TEST_PAY", map[string]any{"AMOUNT": 12500, "PAYEE": []string{"ACME"}}, "with the parameters"},
	} {
		got := complaints(t, func(t testing.TB) { posterntest.RequireGate(t, test.err, test.gate, test.parameters) })
		if (test.complaint == "") != (got == "") || !strings.Contains(got, test.complaint) {
			t.Errorf("%s: complains %q, want %q", name, got, test.complaint)
		}
	}
}

// The first test fails with the reason. The others must not go on without what the template should have.
func TestBrokenTemplateFailsEachTest(t *testing.T) {
	broken := posterntest.Prepare(func(t testing.TB, db *posterntest.Database) {
		db.User(t, "ALICE", "111111")
	})
	for _, want := range []string{"PS109", "the first test that needed it says why"} {
		if got := complaints(t, func(t testing.TB) { broken.New(t) }); !strings.Contains(got, want) {
			t.Errorf("complains %q, want %q", got, want)
		}
	}
}

func TestTemplateRefusesWhatEndsWithATest(t *testing.T) {
	for name, prepare := range map[string]func(t testing.TB, db *posterntest.Database){
		"login":  func(t testing.TB, db *posterntest.Database) { db.Login(t, "postern_app") },
		"signer": func(t testing.TB, db *posterntest.Database) { db.Signer(t) },
	} {
		got := complaints(t, func(t testing.TB) { posterntest.Prepare(prepare).New(t) })
		if !strings.Contains(got, "not in a template") {
			t.Errorf("%s: complains %q", name, got)
		}
	}
}

func TestTemplateIsPreparedOnce(t *testing.T) {
	prepared := 0
	counted := posterntest.Prepare(func(testing.TB, *posterntest.Database) { prepared++ })
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { counted.New(t) })
	}
	group.Wait()
	if prepared != 1 {
		t.Errorf("prepared %d times", prepared)
	}
}

// childVariable makes this test binary print the URL of a database, and wait to be killed.
const childVariable = "POSTERNTEST_CHILD"

// TestServerEndsWithAKilledTest kills a test binary, which cannot clean up.
func TestServerEndsWithAKilledTest(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		fmt.Println(posterntest.New(t).URL)
		select {}
	}
	if os.Getenv("POSTERN_TEST_DATABASE_URL") != "" {
		t.Skip("a server that POSTERN_TEST_DATABASE_URL names does not end with a test")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), executable, "-test.run=^TestServerEndsWithAKilledTest$")
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	_, err = fmt.Fscanln(output, &address)
	connection, connectError := pgx.Connect(t.Context(), address)
	if err := errors.Join(err, connectError, child.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	_ = child.Wait() // says that it was killed
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for connection.Ping(ctx) == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Error("the server outlives the test that started it")
	}
}
