// Package docs runs the documentation: each SQL block in psql, and each shell block in bash. Each Go block must be in a
// test of this package, word for word, and runs there.
package docs

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	root   = "../.."
	readme = root + "/README.md"
)

// block is one fenced code block. output is that of the next block if that is of kind output.
type block struct {
	kind, code, output string
	hasOutput          bool
}

func TestEveryBlockRuns(t *testing.T) {
	installer := buildInstaller(t)
	for _, file := range markdownFiles(t) {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			blocks := readBlocks(t, file)
			if file == readme {
				blocks = replaceInstall(t, blocks)
			}
			// Doctor and verify see the roles of the whole server, including those that other pages make.
			backup := filepath.Base(name) == "backup.md"
			dumps := backup || filepath.Base(name) == "log-restart.md"
			if file != readme && !dumps && !findsNothing(blocks) {
				t.Parallel()
			}
			if file == readme {
				// The README's business belongs to a role, which remains in the cluster when the database is dropped.
				t.Cleanup(func() {
					server, err := pgx.Connect(context.Background(), testdb.Server(t).URL)
					if err != nil {
						t.Fatal(err)
					}
					defer server.Close(context.Background())
					if _, err := server.Exec(context.Background(), "drop role if exists invoicing"); err != nil {
						t.Error(err)
					}
				})
			}
			var database *testdb.Database
			var environment []string
			switch {
			case dumps:
				database = startProduction(t)
				if backup {
					environment = append(environment, "NEW="+startAnother(t))
				}
			case file == readme || installsItself(blocks):
				database = testdb.Former(t)
			default:
				database = testdb.New(t)
			}
			folder := t.TempDir() // the next block finds what one block writes
			for _, b := range blocks {
				runBlock(t, database, installer, folder, b, environment...)
			}
			if file == readme {
				requireNoFinding(t, database, installer)
				requireNoDifference(t, database, installer)
				requireNoTrace(t, database, installer)
			}
		})
	}
}

// findsNothing marks a page after which doctor must find nothing at all.
func findsNothing(blocks []block) bool {
	return slices.ContainsFunc(blocks, func(b block) bool {
		return strings.Contains(b.output, "Nothing found.") || strings.Contains(b.output, "No difference:")
	})
}

// startProduction starts a server from this machine's own binaries, with a database with Postern. pg_dump refuses a
// server that is newer than itself, such as one in Docker.
func startProduction(t *testing.T) *testdb.Database {
	t.Helper()
	testdb.Server(t) // starts the server of all other pages before the environment names another way
	t.Setenv(server.URLVariable, "")
	t.Setenv(server.WayVariable, "binaries")
	production, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := production.Close(); err != nil {
			t.Error(err)
		}
	})
	err = production.Run(t.Context(), server.Program{Name: "psql", Arguments: []string{"-qXc", "create database erp template template0"}})
	if err != nil {
		t.Fatal(err)
	}
	address, err := production.ConnectionString("erp", "", "")
	if err != nil {
		t.Fatal(err)
	}
	database := &testdb.Database{Name: "erp", URL: address, Server: production}
	if _, err := install.Install(t.Context(), database.Config(t), install.Options{}); err != nil {
		t.Fatal(err)
	}
	return database
}

// startAnother starts another server, for restored databases. It returns libpq keywords, to which a database can be
// added.
func startAnother(t *testing.T) string {
	t.Helper()
	another, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := another.Close(); err != nil {
			t.Error(err)
		}
	})
	config, err := pgx.ParseConfig(another.URL)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s", config.Host, config.Port, config.User, config.Password, config.Database)
}

// requireNoFinding runs doctor: after the steps of the README, nothing may be left unprotected.
func requireNoFinding(t *testing.T, database *testdb.Database, installer string) {
	t.Helper()
	if out, err := shell(t, database, installer, t.TempDir(), "postern doctor"); err != nil || !strings.Contains("\n"+out, "\nNothing found.") {
		t.Errorf("after the README, doctor gives %v:\n%s", err, out)
	}
}

func requireNoDifference(t *testing.T, database *testdb.Database, installer string) {
	t.Helper()
	if out, err := shell(t, database, installer, t.TempDir(), "postern verify"); err != nil || !strings.Contains(out, "No difference:") {
		t.Errorf("after the README, verify gives %v:\n%s", err, out)
	}
}

// requireNoTrace uninstalls. What the README made for its own business stays, and of Postern the log.
func requireNoTrace(t *testing.T, database *testdb.Database, installer string) {
	t.Helper()
	out, err := shell(t, database, installer, t.TempDir(), "postern uninstall --yes --with-dependents")
	kept := regexp.MustCompile(`kept: the log, as (postern_log_\w+)\.checkpoint_entry\n`).FindStringSubmatch(out)
	if err != nil || kept == nil {
		t.Fatalf("after the README, uninstall gives %v:\n%s", err, out)
	}
	connection := database.Connect(t)
	if entries := testsql.Value[int](t, connection, "select count(*) from "+kept[1]+".checkpoint_entry"); entries < 17 {
		t.Errorf("the log keeps %d entries", entries)
	}
	const madeByUsers = `
select i.type || ' ' || i.identity
  from (select 'pg_namespace'::regclass as classid, oid from pg_namespace
        union all select 'pg_extension'::regclass, oid from pg_extension
        union all select 'pg_class'::regclass, oid from pg_class where relkind not in ('i', 'I', 't')
        union all select 'pg_proc'::regclass, oid from pg_proc
        union all select 'pg_type'::regclass, oid from pg_type where typtype <> 'c' and typelem = 0
        union all select 'pg_operator'::regclass, oid from pg_operator
        union all select 'pg_cast'::regclass, oid from pg_cast
        union all select 'pg_trigger'::regclass, oid from pg_trigger where not tgisinternal
        union all select 'pg_policy'::regclass, oid from pg_policy
        union all select 'pg_event_trigger'::regclass, oid from pg_event_trigger
        union all select 'pg_default_acl'::regclass, oid from pg_default_acl
        union all select 'pg_publication'::regclass, oid from pg_publication) as o
 cross join lateral pg_identify_object(o.classid, o.oid, 0) as i
 where o.oid >= 16384
   and not exists (select from pg_depend as d where d.classid = o.classid and d.objid = o.oid and d.deptype in ('e', 'i'))
   and not i.identity ~ ('^' || $1 || '($|[.])')
 union all
 select 'setting or privilege of the database' from pg_database as d
  where d.datname = current_database() and (d.datacl is not null or exists (select from pg_db_role_setting as s where s.setdatabase = d.oid))
 order by 1`
	want := []string{"extension pgcrypto", "function public.approve_invoice(pg_catalog.text)", "table public.invoice"}
	if left := testsql.Values[string](t, connection, madeByUsers, kept[1]); !slices.Equal(left, want) {
		t.Errorf("after the README, uninstall leaves:\n%s", strings.Join(left, "\n"))
	}
}

// Tables and code are exempt, because they cannot be wrapped.
func TestLinesOfPagesFitTheScreen(t *testing.T) {
	for _, file := range allPages(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fence := ""
		for number, line := range strings.Split(string(source), "\n") {
			bare := strings.TrimSpace(line)
			switch {
			case fence != "":
				if strings.HasPrefix(bare, fence) {
					fence = ""
				}
			case strings.HasPrefix(bare, "```"):
				fence = "```"
			case strings.HasPrefix(bare, "|"), strings.HasPrefix(line, "    "):
			case utf8.RuneCountInString(line) > 100:
				t.Errorf("%s:%d has %d columns, not 100 at most", file, number+1, utf8.RuneCountInString(line))
			}
		}
	}
}

func TestFileLinksLeadSomewhere(t *testing.T) {
	for _, file := range allPages(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		err = ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
			link, ok := node.(*ast.Link)
			if !ok || !entering {
				return ast.WalkContinue, nil
			}
			target, err := url.Parse(string(link.Destination))
			if err != nil {
				return ast.WalkStop, err
			}
			if target.Scheme != "" || target.Path == "" {
				return ast.WalkContinue, nil
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), target.Path)); err != nil {
				t.Errorf("%s has a broken link: %v", file, err)
			}
			return ast.WalkContinue, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func markdownFiles(t *testing.T) []string {
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	checks, err := filepath.Glob(filepath.Join(root, "docs", "doctor", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(append(files, checks...), readme, root+"/CONTRIBUTING.md", root+"/SECURITY.md")
}

// allPages are the pages whose blocks run, and those for developers of Postern.
func allPages(t *testing.T) []string {
	t.Helper()
	files := append(markdownFiles(t), root+"/CHANGELOG.md")
	for _, folder := range []string{"internals", "internals/decisions"} {
		pages, err := filepath.Glob(filepath.Join(root, "docs", folder, "*.md"))
		if err != nil || len(pages) == 0 {
			t.Fatalf("no page in %s: %v", folder, err)
		}
		files = append(files, pages...)
	}
	return files
}

func readBlocks(t *testing.T, file string) []block {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	var last ast.Node
	err = ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		fence, ok := node.(*ast.FencedCodeBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		code := string(fence.Lines().Value(source))
		kind := string(fence.Language(source))
		if kind == "output" {
			if last == nil || fence.PreviousSibling() != last {
				t.Errorf("%s: an output without a block before it:\n%s", file, code)
				return ast.WalkContinue, nil
			}
			blocks[len(blocks)-1].output = code
			blocks[len(blocks)-1].hasOutput = true
			return ast.WalkContinue, nil
		}
		blocks = append(blocks, block{kind: kind, code: code})
		last = fence
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

func installsItself(blocks []block) bool {
	for _, b := range blocks {
		if b.kind == "sh" && strings.Contains(b.code, program.Released+" install") {
			return true
		}
	}
	return false
}

// installVariable is a command that takes the place of the README's "postern install", such as that of another form. What
// the README shows for a checkout is omitted then.
const installVariable = "POSTERN_TEST_INSTALL"

func replaceInstall(t *testing.T, blocks []block) []block {
	t.Helper()
	command := os.Getenv(installVariable)
	if command == "" {
		return blocks
	}
	blocks = slices.DeleteFunc(blocks, func(b block) bool { return b.kind == "sh" && strings.HasPrefix(b.code, "go run ") })
	install := slices.IndexFunc(blocks, func(b block) bool { return b.kind == "sh" && b.code == program.Released+" install\n" })
	if install < 0 {
		t.Fatalf("no block of the README is only %q", program.Released+" install")
	}
	blocks[install].code = command
	return blocks
}

func runBlock(t *testing.T, database *testdb.Database, installer, folder string, b block, environment ...string) {
	t.Helper()
	switch b.kind {
	case "cron": // tests/upkeep runs it on a server that has pg_cron
	case "sql":
		var out, errors bytes.Buffer
		err := database.Server.Run(t.Context(), server.Program{
			Name:      "psql",
			Arguments: []string{"--no-psqlrc", "--quiet"},
			Database:  database.Name,
			Stdin:     strings.NewReader(b.code),
			Stdout:    &out,
			Stderr:    &errors,
		})
		if err != nil {
			t.Fatalf("psql cannot run the block: %v\n%s\n%s", err, b.code, errors.String())
		}
		if !strings.Contains(b.output, "ERROR:") && strings.Contains(errors.String(), "ERROR:") {
			t.Errorf("the block fails, and the page shows no error:\n%s\n%s", b.code, errors.String())
		}
		checkOutput(t, b, out.String()+errors.String())
	case "sh":
		out, err := shell(t, database, installer, folder, b.code, environment...)
		if err != nil {
			t.Errorf("the block fails: %v:\n%s\n%s", err, b.code, out)
		}
		checkOutput(t, b, out)
	case "go":
		if strings.HasPrefix(b.code, "package ") || strings.HasPrefix(b.code, "func ") { // TestQuickstartForTheWeb and TestPageOnTestsRuns run them
			return
		}
		source, err := os.ReadFile("go_test.go")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(unindented(string(source)), unindented(b.code)) {
			t.Errorf("does not stand in go_test.go:\n%s", b.code)
		}
	case "js", "python", "java":
		if !slices.Contains(driverPrograms(t), b.code) {
			t.Errorf("no file in docs/drivers, which tests/drivers runs, is this block:\n%s", b.code)
		}
	case "mermaid": // a drawing, for readers only
	default:
		t.Errorf("a block of kind %q, which nothing runs:\n%s", b.kind, b.code)
	}
}

// driverPrograms are the programs of docs/drivers.
func driverPrograms(t *testing.T) (programs []string) {
	t.Helper()
	for _, pattern := range []string{"node/*.mjs", "python/*.py", "java/*.java"} {
		files, err := filepath.Glob(filepath.Join(root, "docs", "drivers", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no program is called %s: %v", pattern, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			programs = append(programs, string(source))
		}
	}
	return programs
}

func TestPageOnDriversShowsEachProgram(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/drivers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range driverPrograms(t) {
		if !strings.Contains(string(page), "\n"+program+"```\n") {
			t.Errorf("docs/drivers.md does not show this program:\n%s", program)
		}
	}
}

var number = regexp.MustCompile(`\d+`)

// checkOutput looks for each line of the printed output, in order. A line that ends with … needs to match only up to
// there. Numbers are not compared where a page may have begun with an earlier release, because an upgrade is an entry of
// the log.
func checkOutput(t *testing.T, b block, got string) {
	t.Helper()
	rest, output := got, b.output
	if os.Getenv(installVariable) != "" || os.Getenv(testdb.FormerVariable) != "" {
		rest, output = number.ReplaceAllString(rest, "0"), number.ReplaceAllString(output, "0")
	}
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(strings.TrimRight(line, " \n"), "…")
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Errorf("the output has no %q:\n%s\n%s", line, b.code, got)
			return
		}
		rest = after
	}
}

func shell(t *testing.T, database *testdb.Database, installer, folder, code string, environment ...string) (string, error) {
	t.Helper()
	programs := t.TempDir()
	// The documentation runs the released binary, or go run in a checkout. Here it is built once. Running all tests
	// from within a test would never end: CI takes that command from the README and runs it. For a single test, and for
	// a target of make, it is enough that they exist.
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for program, shim := range map[string]string{
		"go": `#!/bin/sh
case "$1 $2" in
'run ./cmd/installer') shift 2; exec postern "$@" ;;
'test ./...') exit 0 ;;
'test ./tests/'*) grep --quiet --recursive --include='*_test.go' "^func $4(" "$CHECKOUT/$2" && exit 0 ;;
esac
echo "the documentation runs: go $*" >&2; exit 1
`,
		"make": `#!/bin/sh
exec ` + lookPath(t, "make") + ` --directory="$CHECKOUT" --dry-run "$@"
`,
	} {
		if err := os.WriteFile(filepath.Join(programs, program), []byte(shim), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := database.Config(t)
	command := exec.CommandContext(t.Context(), "bash", "-eu", "-o", "pipefail", "-c", code)
	command.Dir = folder
	leash.Tie(command)
	command.Env = append(os.Environ(),
		"PATH="+programs+":"+filepath.Dir(installer)+":"+os.Getenv("PATH"),
		"CHECKOUT="+checkout,
		"DATABASE_URL="+database.URL,
		"PGHOST="+config.Host, "PGPORT="+strconv.Itoa(int(config.Port)),
		"PGUSER="+config.User, "PGPASSWORD="+config.Password, "PGDATABASE="+config.Database)
	if strings.Contains(code, "doctor") {
		// Findings about the server that runs the tests are not a fault of a page. They come from another installation, which
		// would make the roles that a page has to make.
		command.Env = append(command.Env, "POSTERN_ACCEPT="+testdb.AcceptServer(t))
	}
	command.Env = append(command.Env, environment...)
	out, err := command.CombinedOutput()
	return string(out), err
}

func lookPath(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func unindented(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		out.WriteString(strings.TrimSpace(line) + "\n")
	}
	return out.String()
}

// programVariable names a program that was built before, such as that of a package, which then runs the blocks.
const programVariable = "POSTERN_TEST_PROGRAM"

func buildInstaller(t *testing.T) string {
	t.Helper()
	if built := os.Getenv(programVariable); built != "" {
		if filepath.Base(built) != program.Released {
			t.Fatalf("%s must name a program called %s", programVariable, program.Released)
		}
		return built
	}
	path := filepath.Join(t.TempDir(), program.Released)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/installer")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the installer: %v\n%s", err, out)
	}
	return path
}
