package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unsafe"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	// mark begins what an attacker would like to show on a separate line.
	mark = "FORGED"
	// hostile is what an attacker has written wherever that is possible; short fits into 20 characters.
	hostile = "x\n" + mark + " line\r\n" + mark + "\u0085" + mark + "\u2028" + mark + "\x0b" + mark + "\t\u202e" + mark + "\u2066\u200b\ufe0f\u3164\x1b[2K\u009b1A\x7f\U000e0041"
	short   = "x\n" + mark + "\u202e\x1b[2K"
)

// scene has a hostile value in everything that the command line lists.
func forge(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	for _, statement := range []string{
		"insert into postern_internal.end_user (userid, folded, description) values ($1, $1, $1)",
		"insert into postern_internal.credential (userid) values ($1)",
		"insert into postern_internal.company (company, name, row_level_security) values ($2, $1, true)",
		"insert into postern_internal.company_user (userid, company) values ($1, $2)",
		"insert into postern_internal.ledger (company, ledger_id) values ($2, $2)",
		"insert into postern_internal.ledger_user (userid, company, ledger_id) values ($1, $2, $2)",
		"insert into postern_internal.authority_class (company, class) values ($2, $2)",
		`insert into postern_internal.authority_combination (class_id, allowed, patterns)
		 select class_id, true, array_fill($2::text, '{10}') from postern_internal.authority_class where class = $2`,
		"update postern_internal.company_user set class_id = (select class_id from postern_internal.authority_class where class = $2)",
		`insert into postern_internal.gate (gate_id, description, message, message_template, parameters, unbound_parameters, active)
		 values ($1, $1, $1, $1, array[$1], '{}', true)`,
		"insert into postern_internal.action (action, checkpoint, legacy_checkpoints) values ($1, $1, array[$1])",
		"insert into postern_internal.session_key (kid, inner_pad, outer_pad, system_identifier, database_oid, table_oid) values ($1, decode(repeat('00', 64), 'hex'), decode(repeat('00', 64), 'hex'), 1, 1, 1)",
		`insert into postern_internal.event_action (name, event, kind, target, condition, template, queued_to, after_log_id, place)
		 select $1, 'SECURITY_CHECKPOINT_DENIED', 'notify', $1, $1, $1, pg_current_snapshot(), 0, postern_internal.current_place()`,
		`insert into postern_internal.event_delivery (event_action_id, log_id, state, attempts, finished_at, last_error)
		 select event_action_id, 1, 'dead', 15, now(), $1 from postern_internal.event_action`,
		`insert into postern_internal.checkpoint_entry (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, application_name)
		 values ('denied', $1, $1, $1, 'Y' || $1, $1, jsonb_build_object($1, $1), $1, $1, $1)`,
	} {
		used := []any{}
		for index, value := range []string{hostile, short} {
			if strings.Contains(statement, fmt.Sprintf("$%d", index+1)) {
				used = append(used, value)
			} else if index == 0 {
				statement = strings.ReplaceAll(statement, "$2", "$1")
				used = append(used, short)
				break
			}
		}
		testsql.Run(t, database.Pool, statement, used...)
	}
	// Names of the catalog have 63 octets.
	name := `"x` + "\n" + mark + "\u202e\x1b[2K" + `"`
	testsql.Run(t, database.Pool, `
create table public.`+name+` (company text not null, `+name+` int);
select postern.protect_company(format('%I.%I', 'public', relname)::regclass) from pg_class where relname like 'x%FORGED%' and relkind = 'r';
create view public.`+strings.Replace(name, "x", "v", 1)+` as select * from public.`+name+`;
create table public.`+strings.Replace(name, "x", "w", 1)+` (company text not null);
create function public.refuse() returns trigger language plpgsql as $$
begin
  raise notice using message = new.description, detail = new.description, hint = new.description;
  raise exception using message = new.description, detail = new.description, hint = new.description;
end $$;
create function public.reach() returns void language plpgsql as $$ begin perform postern.checkpoint('x
`+mark+`'); end $$;
create trigger refuse before update on postern_internal.end_user for each row execute function public.refuse();
comment on function postern.current_userid() is E'x\nFORGED';
create or replace view postern.setting as select name, value, kind, minimum, maximum, default_value, description || E'' as description from postern_internal.setting`)
	return database
}

// run returns what a command prints: either to pipes for standard output and standard error, or to a terminal.
func run(t *testing.T, onTerminal bool, arguments ...string) string {
	t.Helper()
	if !onTerminal {
		var out, problems bytes.Buffer
		cli.Main(t.Context(), arguments, strings.NewReader(""), &out, &problems)
		return out.String() + problems.String()
	}
	terminal, screen := openTerminal(t)
	said := make(chan []byte)
	go func() {
		content, _ := io.ReadAll(terminal) // ends with EIO when nobody has the terminal open any more
		said <- content
	}()
	cli.Main(t.Context(), arguments, strings.NewReader(""), screen, io.Discard)
	if err := screen.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(<-said), "\r\n", "\n")
}

// openTerminal returns a terminal that is wide enough for most lines.
func openTerminal(t *testing.T) (terminal, screen *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	control := func(request uintptr, argument unsafe.Pointer) {
		if _, _, problem := syscall.Syscall(syscall.SYS_IOCTL, terminal.Fd(), request, uintptr(argument)); problem != 0 {
			t.Fatal(problem)
		}
	}
	unlocked, number := int32(0), uint32(0)
	control(syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(syscall.TIOCGPTN, unsafe.Pointer(&number))
	size := [4]uint16{50, 2000}
	control(syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, screen
}

// requireHonest fails if a value begins a line without a mark before it (| in errors, + and - in differences), or if an
// unprintable character is shown.
func requireHonest(t *testing.T, command, said string) {
	t.Helper()
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(strings.TrimLeft(line, " │"), mark) {
			t.Errorf("%s has the line %q:\n%s", command, line, said)
			return
		}
		for _, character := range line {
			if character != '\t' && unicode.In(character, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
				t.Errorf("%s prints %U in %q", command, character, line)
				return
			}
		}
	}
}

// Whatever others have written: no command shows it as a separate line, or controls the terminal with it.
func TestNoValueForgesALineOfOutput(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	t.Setenv("DATABASE_URL", forge(t).URL)
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	if naive := fmt.Sprintf("message    %s\n", hostile); !strings.Contains(naive, "\n"+mark) {
		t.Fatal("naive: the value has no line of its own")
	}
	if err := os.WriteFile(file("hostile.yaml"), []byte("users:\n  BOB: {description: \"x\\nFORGED\\u202e\\e[2K\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"log", "key", "create", "--key", file("key"), "--origin", "test"},
		{"log", "seal", "--key", file("key"), "--heads", file("heads")},
		{"log", "prove", "1", "--heads", file("heads"), "-o", file("proof.json")},
	} {
		if said := run(t, false, arguments...); strings.Contains(said, "Error") {
			t.Fatalf("%q fails: %s", arguments, said)
		}
	}

	lists := [][]string{
		{"user", "list"}, {"user", "companies", hostile}, {"company", "list"}, {"company", "users"}, {"company", "users", short}, {"company", "protected"},
		{"ledger", "list"}, {"ledger", "users"}, {"ledger", "class", "list"}, {"ledger", "rule", "list"}, {"gate", "list"}, {"action", "list"},
		{"action", "gates", hostile, "--entry", "public.reach()"}, {"session", "key", "list"}, {"event", "action", "list"}, {"event", "dead"}, {"log", "list"}, {"log", "list", "--user", hostile},
		{"log", "export", "--spreadsheet"}, {"log", "check-proof", file("proof.json")}, {"doctor"}, {"verify"}, {"export"},
		{"apply", "-f", file("hostile.yaml"), "--plan"},
	}
	refusals := [][]string{
		{"user", "disable", hostile}, {"user", "create", hostile, "--description", "d"}, {"user", "unlock", hostile + "y"}, {"company", "create", short, "--name", "n"},
		{"company", "grant", hostile, short}, {"company", "revoke", hostile + "y", short}, {"company", "protect", `public."` + short + `"`}, {"ledger", "create", short, short},
		{"ledger", "row-level-security", short, "on"}, {"ledger", "class", "create", short, short}, {"ledger", "explain", hostile, short, "1"},
		{"gate", "enable", hostile}, {"gate", "message", hostile, hostile}, {"gate", "register", hostile, "--description", hostile, "--message", hostile},
		{"action", "remove", hostile + "y"}, {"action", "register", "A" + hostile, "--checkpoint", hostile}, {"setting", "set", hostile, hostile},
		{"setting", "set", "ticket_seconds", hostile}, {"scheme", "enable", hostile}, {"session", "key", "retire", hostile},
		{"session", "key", "rotate", hostile, hostile, "--print"}, {"event", "enable", hostile}, {"event", "action", "remove", hostile + "y"},
		{"login", "allow", hostile}, {"log", "list", "--since", hostile}, {"apply", "-f", hostile}, {hostile}, {"user", hostile}, {"user", "list", hostile},
		{"user", "list", "--" + hostile}, {"log", "key", "create", "--key", file("key2"), "--origin", hostile},
	}
	// Programs read these from a pipe, and get the exact text.
	exact := [][]string{
		{"user", "list", "--json"}, {"company", "list", "--json"}, {"gate", "list", "--json"}, {"action", "list", "--json"}, {"session", "key", "list", "--json"},
		{"event", "action", "list", "--json"}, {"event", "dead", "--json"}, {"log", "list", "--json"}, {"log", "export"}, {"log", "export", "--format", "jsonl"},
		{"log", "export", "--format", "json"}, {"log", "prove", "1", "--heads", file("heads")}, {"log", "export", "--proofs", "--heads", file("heads")},
		{"doctor", "--json"}, {"ledger", "rule", "list", "--json"},
	}
	for _, part := range []struct {
		commands   [][]string
		onTerminal bool
	}{{lists, false}, {refusals, false}, {lists, true}, {exact, true}} {
		for _, arguments := range part.commands {
			command, said := fmt.Sprintf("%.60q, terminal: %v", arguments, part.onTerminal), run(t, part.onTerminal, arguments...)
			requireHonest(t, command, said)
			if !strings.Contains(said, mark) {
				t.Errorf("%s does not show the value, and this test says nothing: %s", command, said)
			}
		}
	}
	for _, arguments := range [][]string{{"user", "list", "--json"}, {"log", "export"}} {
		if said := run(t, false, arguments...); !strings.Contains(said, "\u202e") {
			t.Errorf("%q does not give programs the exact text: %q", arguments, said)
		}
	}
}
