package drivers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testpooler"
	"github.com/posternsql/postern/internal/testsql"
)

// tableRow is a row of the page's table: driver, setting, and whether that works behind a pooler that keeps no prepared
// statements, and behind one that keeps them.
var tableRow = regexp.MustCompile(`(?m)^\| ([\w- ]+) \| ([^|]+) \| (yes|no) \| (yes|no) \|$`)

// The page says which settings of a driver work behind which pooler, and the test tries each: two clients share one
// connection to the server, one transaction after the other.
func TestDriversBehindAPooler(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/drivers.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRow.FindAllStringSubmatch(string(page), -1)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	folder, err := filepath.Abs("testdata/pooler")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]program{}
	for _, p := range programs(t) {
		byName[p.name] = p
	}
	turns := map[string]struct {
		of      string
		command func(t *testing.T) []string
	}{
		"node-postgres": {"node", func(t *testing.T) []string {
			return []string{"node", filepath.Join(folder, "turns.mjs"), filepath.Dir(byName["node"].command(t)[1]) + "/node_modules"}
		}},
		"psycopg": {"psycopg", func(*testing.T) []string { return []string{pythonProgram, filepath.Join(folder, "turns_psycopg.py")} }},
		"asyncpg": {"sqlalchemy", func(*testing.T) []string { return []string{pythonProgram, filepath.Join(folder, "turns_asyncpg.py")} }},
		"pgjdbc":  {"java", func(t *testing.T) []string { return compileJava(t, filepath.Join(folder, "Turns.java"), "Turns") }},
	}
	// What the page says of a setting, and what the program is told.
	arguments := map[string][]string{
		"as it is": nil, "queries without `name`": {"unnamed"}, "queries with `name`": {"named"},
		"`prepare_threshold=None`": {"None"}, "`statement_cache_size=0`": {"0"}, "`prepareThreshold=0`": {"prepareThreshold=0"},
	}
	o := openPoolerOffice(t)
	whole, commands := t, map[string][]string{}
	for _, mode := range testpooler.Modes(t) {
		for _, row := range rows {
			driver, setting, works := row[1], row[2], row[3] == "yes"
			if mode.KeepsStatements {
				works = row[4] == "yes"
			}
			t.Run(mode.Name+"/"+driver+" "+setting, func(t *testing.T) {
				o := *o
				login := *o.login
				login.URL = testpooler.Start(t, o.login.URL, mode.Settings+"\nignore_startup_parameters = extra_float_digits") // as the page says
				o.login = &login
				var err error
				if driver == "pgx" {
					err = turnsOfPgx(t, login.URL, setting)
				} else {
					turn, known := turns[driver]
					argument, knownSetting := arguments[setting]
					if !known || !knownSetting {
						t.Fatalf("the test does not know %s, %s", driver, setting)
					}
					p := byName[turn.of]
					p.require(t)
					if commands[driver] == nil {
						commands[driver] = turn.command(whole) // which needs its folder until the end
					}
					line := append(commands[driver], argument...)
					for range 2 { // the second one meets what the first one has left, as another process does
						run := exec.CommandContext(t.Context(), line[0], line[1:]...)
						leash.Tie(run)
						run.Env = append(o.environment(t), append(p.environment, "LC_ALL=C.UTF-8")...)
						said, failed := run.CombinedOutput()
						if failed != nil {
							err = fmt.Errorf("%w: %s", failed, said)
						}
					}
				}
				if (err == nil) != works {
					t.Errorf("the page says %t, and it ended with %v", works, err)
				}
				if err != nil && !strings.Contains(err.Error(), "prepared statement") {
					t.Errorf("it failed for another reason: %v", err)
				}
			})
		}
	}
}

// openPoolerOffice is an office whose login the server trusts, since these programs make no tokens.
func openPoolerOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Database: testdb.New(t), keyFile: "none"}
	o.login = o.Login(t, "postern_trusted_app")
	testsql.Run(t, o.Pool, "select postern.create_user('ALICE', 'Alice')")
	return o
}

// turnsOfPgx lets two clients of one pooler take turns with pgx.
func turnsOfPgx(t *testing.T, url, setting string) error {
	t.Helper()
	if mode, found := strings.CutPrefix(strings.Trim(setting, "`"), "default_query_exec_mode="); found {
		url += "&default_query_exec_mode=" + mode
	} else if setting != "as it is" {
		t.Fatalf("the test does not know pgx, %s", setting)
	}
	var clients [2]*pgx.Conn
	for index := range clients {
		client, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return err
		}
		defer client.Close(context.Background())
		clients[index] = client
	}
	for turn := range 24 {
		if err := pgx.BeginFunc(t.Context(), clients[turn%2], func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "select postern.assume_user($1)", "ALICE"); err != nil {
				return err
			}
			var (
				userid string
				got    int
			)
			err := tx.QueryRow(t.Context(), "select postern.current_userid(), $1::integer", turn).Scan(&userid, &got)
			if err == nil && (userid != "ALICE" || got != turn) {
				t.Fatal(userid, got)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
