// Package cli_test runs the installer's command line as its users do: each script in testdata is a story with an empty
// database of its own, which DATABASE_URL names. POSTERN_ACCEPT accepts what doctor finds of the server itself.
//
// Besides testscript's own commands there are
//
//	exits CODE PROGRAM [ARGUMENT…]   runs a program that must end with this exit code
//	here CODE [ARGUMENT…]            runs a command line in the test's process; it must end with this exit code
//	sql STATEMENTS                   runs statements as the superuser; what the last one gives is stdout
//	login NAME ATTRIBUTES            makes a role and puts the database's URL for it into $NAME_URL, its name into $NAME
//	psql FILE                        runs a file with psql, as the superuser
//	forget_log                       empties the log, so that a script can count what comes after its scene
package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"postern":   main,
		"installer": main, // what go run starts in a checkout
		"postern-peak": reportPeak(func() error {
			if code := cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr); code != 0 {
				return fmt.Errorf("exit code %d", code)
			}
			return nil
		}),
		"collect-log": reportPeak(collectLog),
	})
}

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			database := testdb.Empty(env.T().(testing.TB))
			env.Values[databaseKey{}], env.Values[testKey{}] = database, env.T()
			// tests/install changes roles, perhaps in the same cluster, and says so with this lock.
			roles, err := pgx.Connect(context.Background(), database.Server.URL)
			if err != nil {
				return err
			}
			env.Defer(func() { roles.Close(context.Background()) })
			lock := "select pg_advisory_lock_shared(7061)"
			if strings.HasSuffix(env.T().(testing.TB).Name(), "/rights") {
				lock = "select pg_advisory_lock(7061)" // it makes members of roles that belong to the whole cluster
			}
			if _, err := roles.Exec(context.Background(), lock); err != nil {
				return err
			}
			env.Setenv("DATABASE_URL", database.URL)
			env.Setenv("DATABASE", database.Name)
			env.Setenv("POSTERN_ACCEPT", testdb.AcceptServer(env.T().(testing.TB)))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"here":  here,
			"sql":   sql,
			"login": login,
			"psql":  psql,

			"forget_log": forgetLog,
		},
	})
}

type databaseKey struct{}

func database(script *testscript.TestScript) *testdb.Database {
	return script.Value(databaseKey{}).(*testdb.Database)
}

func exits(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) < 2 {
		script.Fatalf("usage: exits CODE PROGRAM [ARGUMENT…]")
	}
	want, err := strconv.Atoi(arguments[0])
	script.Check(err)
	err = script.Exec(arguments[1], arguments[2:]...)
	code := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		script.Check(err)
	}
	if code != want {
		script.Fatalf("%s ended with %d, want %d", strings.Join(arguments[1:], " "), code, want)
	}
}

// here is for commands that read functions: each new process would need two seconds of CPU time to prepare their
// parser.
func here(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) < 1 {
		script.Fatalf("usage: here CODE [ARGUMENT…]")
	}
	want, err := strconv.Atoi(arguments[0])
	script.Check(err)
	config, err := pgx.ParseConfig(script.Getenv("DATABASE_URL"))
	script.Check(err)
	code := cli.RunOn(context.Background(), config, arguments[1:], strings.NewReader(""), script.Stdout(), script.Stderr())
	if code != want {
		script.Fatalf("%s ended with %d, want %d", strings.Join(arguments[1:], " "), code, want)
	}
}

func sql(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) != 1 {
		script.Fatalf("usage: sql STATEMENTS")
	}
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, database(script).URL)
	script.Check(err)
	defer connection.Close(ctx)
	results, err := connection.PgConn().Exec(ctx, arguments[0]).ReadAll()
	script.Check(err)
	for _, row := range results[len(results)-1].Rows {
		fmt.Fprintln(script.Stdout(), string(bytes.Join(row, []byte("\t"))))
	}
}

func login(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) != 2 {
		script.Fatalf("usage: login NAME ATTRIBUTES")
	}
	// testdb makes and drops the role. The test is the one as which testscript runs this script.
	made := database(script).Login(script.Value(testKey{}).(testing.TB))
	_, err := database(script).Pool.Exec(context.Background(), "alter role "+made.Name+" "+arguments[1])
	script.Check(err)
	script.Setenv(arguments[0], made.Name)
	script.Setenv(arguments[0]+"_URL", made.URL)
}

type testKey struct{}

func psql(script *testscript.TestScript, negated bool, arguments []string) {
	if len(arguments) != 1 {
		script.Fatalf("usage: psql FILE")
	}
	err := database(script).Server.Run(context.Background(), server.Program{
		Name:      "psql",
		Arguments: []string{"--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", "-"},
		Database:  database(script).Name,
		Stdin:     strings.NewReader(script.ReadFile(arguments[0])),
		Stdout:    script.Stdout(),
		Stderr:    script.Stderr(),
	})
	if (err != nil) != negated {
		script.Fatalf("psql: %v", err)
	}
}

func forgetLog(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) > 0 {
		script.Fatalf("usage: forget_log")
	}
	database(script).ForgetLog(script.Value(testKey{}).(testing.TB))
}
