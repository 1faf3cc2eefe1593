// Package drivers runs the programs of docs/drivers.md, each with the driver of another language.
package drivers

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	root  = "../.."
	first = "739146"
)

// schema is a business function in the recommended shape. Each second attempt fails as if another transaction had been
// in the way.
const schema = `
select postern.register_gate('DRIVERS_APPROVE', 'Approve an invoice', 'Invoice &NO over &AMOUNT approved', '{NO,AMOUNT}', active => true);
create sequence public.attempt;
create table public.invoice (no text primary key, amount numeric, approved_by text);
insert into public.invoice values ('INV-Ä', 12500);
create function public.approve_invoice(no text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  amount numeric;
begin
  if nextval('public.attempt') % 2 = 1 then
    raise serialization_failure;
  end if;
  select i.amount into strict amount from public.invoice as i where i.no = approve_invoice.no for update;
  perform postern.checkpoint('DRIVERS_APPROVE', jsonb_build_object('NO', no, 'AMOUNT', amount));
  update public.invoice as i set approved_by = postern.current_userid() where i.no = approve_invoice.no;
end $$;`

// office is a database with an invoice, and with Alice, whose PIN no log may have.
type office struct {
	*testdb.Database
	login   *testdb.Login
	pin     string
	keyFile string
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Database: testdb.New(t), pin: "p" + rand.Text()[:12], keyFile: filepath.Join(t.TempDir(), "web-1.key")}
	o.login = o.Login(t, "postern_app")
	key := []byte(rand.Text() + rand.Text())
	if err := os.WriteFile(o.keyFile, key, 0o600); err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, o.Pool, schema)
	testsql.Run(t, o.Pool, "grant execute on function public.approve_invoice(text) to "+pgx.Identifier{o.login.Name}.Sanitize())
	admin := db.New(o.Pool)
	prompt := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: first}, required.Rejected
	}
	for _, do := range []func() error{
		func() error { return admin.CreateSessionKey(t.Context(), "web-1", key) },
		func() error { return admin.CreateUser(t.Context(), "ALICE", "Alice", nil) },
		func() error { return admin.ResetPIN(t.Context(), "ALICE", first) },
		func() error {
			return postern.ChangePIN(t.Context(), o.Pool, postern.TrustedSession("ALICE"), prompt, o.pin)
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	// From here on the server logs the text of each statement, but no values; with an error it logs the values, too.
	for _, setting := range []string{"log_statement = 'all'", "log_parameter_max_length = 0", "log_parameter_max_length_on_error = -1"} {
		testsql.Run(t, o.Pool, "alter role "+pgx.Identifier{o.login.Name}.Sanitize()+" set "+setting)
	}
	return o
}

// serverLog returns what the server has logged of the login.
func (o *office) serverLog(t *testing.T) string {
	t.Helper()
	log, err := o.Server.Log(t.Context())
	if err != nil {
		t.Skipf("not tested, because the server's log cannot be read: %v", err)
	}
	_, own, found := strings.Cut(log, o.login.Name+"@")
	if !found {
		t.Fatal("the server logs nothing of the login")
	}
	return own
}

// requireSecret checks that no statement has the PIN in its text, and no error in its values.
func (o *office) requireSecret(t *testing.T) {
	t.Helper()
	log := o.serverLog(t)
	if !strings.Contains(log, "postern.authenticate(") {
		t.Fatal("the log lacks the statement")
	}
	if strings.Contains(log, o.pin) {
		t.Error("the PIN is in the server's log")
	}
}

func (o *office) environment(t *testing.T) []string {
	t.Helper()
	address, err := url.Parse(o.login.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("user", o.login.Name)
	query.Set("password", o.login.Password)
	return append(os.Environ(),
		"DATABASE_URL="+o.login.URL,
		"SQLALCHEMY_URL=postgresql+asyncpg://"+o.login.Name+":"+o.login.Password+"@"+address.Host+address.Path,
		"JDBC_URL=jdbc:postgresql://"+address.Host+address.Path+"?"+query.Encode(),
		"POSTERN_DATABASE="+o.Name,
		"POSTERN_KEY_ID=web-1",
		"POSTERN_KEY_FILE="+o.keyFile)
}

// program is one of the page.
type program struct {
	name string
	// needs are programs and files without which it cannot run.
	needs []string
	// command returns the command line, without the arguments of the program.
	command     func(t *testing.T) []string
	environment []string
}

// Debian's packages belong to Debian's Python, which need not be the first one in PATH.
const (
	pythonProgram  = "/usr/bin/python3"
	pythonPackages = "/usr/lib/python3/dist-packages/"
	driver         = "/usr/share/java/postgresql.jar"
	gson           = "/usr/share/java/gson.jar"
)

func programs(t *testing.T) []program {
	t.Helper()
	folder, err := filepath.Abs(root + "/docs/drivers")
	if err != nil {
		t.Fatal(err)
	}
	python := func(file string) func(*testing.T) []string {
		return func(*testing.T) []string { return []string{pythonProgram, filepath.Join(folder, "python", file)} }
	}
	pythonEnvironment := []string{"PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1"}
	return []program{
		{
			name: "node", needs: []string{"node", filepath.Join(folder, "node", "node_modules", "pg")},
			command: func(*testing.T) []string { return []string{"node", filepath.Join(folder, "node", "approve.mjs")} },
		},
		{name: "psycopg", needs: []string{pythonProgram, pythonPackages + "psycopg"}, command: python("approve_psycopg.py"), environment: pythonEnvironment},
		{name: "sqlalchemy", needs: []string{pythonProgram, pythonPackages + "sqlalchemy", pythonPackages + "asyncpg"}, command: python("approve_sqlalchemy.py"), environment: pythonEnvironment},
		{
			name: "java", needs: []string{"javac", "java", driver, gson},
			command: func(t *testing.T) []string {
				return compileJava(t, filepath.Join(folder, "java", "Approve.java"), "Approve")
			},
		},
	}
}

// compileJava returns the command that runs a program of one class.
func compileJava(t *testing.T, file, class string) []string {
	t.Helper()
	classes := t.TempDir()
	compile := exec.CommandContext(t.Context(), "javac", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-cp", driver+":"+gson, "-d", classes, file)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", classes + ":" + driver + ":" + gson, class}
}

// require skips a test if the program cannot run on this machine; CI has everything.
func (p program) require(t *testing.T) {
	t.Helper()
	for _, need := range p.needs {
		_, err := exec.LookPath(need)
		if filepath.IsAbs(need) {
			_, err = os.Stat(need)
		}
		if err == nil {
			continue
		}
		const words = "run make drivers, and install the Debian packages that .ci/run names"
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs %s: %s", need, words)
		}
		t.Skipf("not tested, because there is no %s: %s", need, words)
	}
}

// run runs a program that approves the invoice as Alice, with lines as what she types.
func (o *office) run(t *testing.T, p program, command []string, lines ...string) (output, problems string, err error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), command[0], append(command[1:], "ALICE", "INV-Ä")...)
	leash.Tie(run)
	run.Env = append(o.environment(t), append(p.environment, "LC_ALL=C.UTF-8")...)
	run.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var out, errors bytes.Buffer
	run.Stdout, run.Stderr = &out, &errors
	err = run.Run()
	return out.String(), errors.String(), err
}

// state is who has approved the invoice, and the log.
func (o *office) state(t *testing.T) string {
	t.Helper()
	return testsql.Value[string](t, o.Pool, `
select concat_ws(' ', i.approved_by, (select string_agg(l.outcome || ':' || coalesce(l.comment, ''), ' ' order by l.log_id)
                                        from postern.checkpoint_log as l where l.gate_id = 'DRIVERS_APPROVE'))
  from public.invoice as i`)
}

func TestProgramsOfOtherLanguages(t *testing.T) {
	for _, p := range programs(t) {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			command := p.command(t)
			o := openOffice(t)
			const question = "Invoice INV-Ä over 12500 approved\n"
			expect := func(what string, lines []string, output, problem, state string) {
				t.Helper()
				out, problems, err := o.run(t, p, command, lines...)
				if (err == nil) != (problem == "") || out != output || !strings.HasPrefix(problems, problem) {
					t.Errorf("%s: ended with %v\n%s\n%s", what, err, out, problems)
				}
				if got := o.state(t); got != state {
					t.Errorf("%s: got %q, want %q", what, got, state)
				}
			}
			expect("Alice cancels", []string{"", "not ordered"}, question, "PS101 ", "cancelled:not ordered")
			expect("a wrong PIN", []string{"wrong", "as ordered"}, question, "PS102 ", "cancelled:not ordered denied:as ordered")

			testsql.Run(t, o.Pool, "select postern.set_setting('comment_required', 'true')")
			expect("a missing comment", []string{o.pin, ""}, question, "PS108 ", "cancelled:not ordered denied:as ordered")
			testsql.Run(t, o.Pool, "select postern.set_setting('username_prefilled', 'false')")
			expect("the right PIN", []string{"ALICE", o.pin, "wie bestellt, 3 Stück"}, question+"Approved.\n", "",
				"ALICE cancelled:not ordered denied:as ordered passed:wie bestellt, 3 Stück")
			o.requireSecret(t)
		})
	}
}

// The check of the programs finds a driver that writes values into the text of its statements, and an error whose values
// the server logs.
func TestCheckOfThePINFindsLeaks(t *testing.T) {
	for name, authenticate := range map[string]func(ctx context.Context, tx pgx.Tx, challenge, pin string) error{
		"values in the text": func(ctx context.Context, tx pgx.Tx, challenge, pin string) error {
			_, err := tx.Exec(ctx, "select postern.authenticate($1, 'ALICE', $2, 'as ordered')", pgx.QueryExecModeSimpleProtocol, challenge, pin)
			return err
		},
		"values with an error": func(ctx context.Context, tx pgx.Tx, _, pin string) error {
			_, err := tx.Exec(ctx, "select postern.authenticate($1, 'ALICE', $2, 'as ordered')", pgx.QueryExecModeExec, "no challenge", pin)
			testdb.RequireCode(t, err, "PS103")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			secretKey, err := os.ReadFile(o.keyFile)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := postern.NewSigner("web-1", secretKey, o.Name)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := o.login.Pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.Background()) }()
			if err := postern.TokenSession(signer, "ALICE").Start(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			challenge := testsql.Value[string](t, tx, `select postern.challenge('DRIVERS_APPROVE', '{"NO": "1", "AMOUNT": 5}')`)
			if err := authenticate(t.Context(), tx, challenge, o.pin); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(o.serverLog(t), o.pin) {
				t.Error("the check does not find the PIN in the server's log")
			}
		})
	}
}
