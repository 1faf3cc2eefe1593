package configuration

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
)

func read(t *testing.T, text string) *Desired {
	t.Helper()
	desired, err := Read([]string{standardInput}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return desired
}

func apply(t *testing.T, connection *pgx.Conn, text string) *Plan {
	t.Helper()
	plan, err := Apply(t.Context(), connection, read(t, text), false)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// Several processes apply the same file at the same time. One makes the changes, and the others find nothing left to
// do.
func TestConcurrentAppliesWaitForEachOther(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	text := "users:\n"
	for user := range 300 {
		text += fmt.Sprintf("  USER_%d: {description: d}\n", user)
	}
	var wait sync.WaitGroup
	changes := make([]int, 8)
	for index := range changes {
		connection := database.Connect(t)
		wait.Go(func() {
			desired, err := Read([]string{standardInput}, strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			plan, err := Apply(t.Context(), connection, desired, false)
			if err != nil {
				t.Error(err)
				return
			}
			changes[index] = len(plan.Changes)
		})
	}
	wait.Wait()
	total := 0
	for _, count := range changes {
		total += count
	}
	if total != 300 {
		t.Errorf("the applies made %v changes, want 300 by one of them", changes)
	}
}

// Apply plans again, and does not apply an old plan, if something has changed since that plan.
func TestApplyPlansAgain(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	desired := read(t, "gates: {SINWOF_APPROVE: {description: d, message: m, active: true}}")
	plan, err := MakePlan(t.Context(), query.New(connection), desired, false)
	if err != nil || len(plan.Changes) != 1 || plan.Changes[0].Operation != Create {
		t.Fatalf("the first plan is %+v; error: %v", plan, err)
	}
	if _, err := connection.Exec(t.Context(), "select postern.register_gate('SINWOF_APPROVE', 'd', 'other')"); err != nil {
		t.Fatal(err)
	}
	plan, err = Apply(t.Context(), connection, desired, false)
	if err != nil || len(plan.Changes) != 1 || plan.Changes[0].Operation != Alter {
		t.Fatalf("the applied plan is %+v; error: %v", plan, err)
	}
}

// One bad object among many is the one that the error shows, and no object is created.
func TestRefusalIsFoundAndNothingApplied(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	text := "gates:\n"
	for gate := range 1000 {
		message := "m"
		if gate == 617 {
			message = "m &UNDECLARED"
		}
		text += fmt.Sprintf("  GATE_%04d: {description: d, message: %s}\n", gate, message)
	}
	_, err := Apply(t.Context(), connection, read(t, text), false)
	var inFile *Error
	if !errors.As(err, &inFile) || inFile.Position.Line != 619 {
		t.Fatalf("got %v, want the gate in line 619", err)
	}
	testdb.RequireCode(t, err, "PS107")
	var gates int
	if err := connection.QueryRow(t.Context(), "select count(*) from postern.gate where not built_in").Scan(&gates); err != nil || gates != 0 {
		t.Errorf("%d gates are there, %v", gates, err)
	}
}

// The old message does not fit the new parameters, and the new message does not fit the old ones. A registration keeps
// an administrator's message. Apply must still work.
func TestAdministeredMessageChangesWithItsParameters(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	apply(t, connection, "gates: {A_B: {description: d, message: m &OLD, parameters: [OLD], administered: [message]}}")
	apply(t, connection, "gates: {A_B: {message: m &NEW, parameters: [NEW]}}")
	var message string
	if err := connection.QueryRow(t.Context(), "select message || parameters::text from postern.gate where gate_id = 'A_B'").Scan(&message); err != nil || message != "m &NEW{NEW}" {
		t.Errorf("the gate has %s, %v", message, err)
	}
}

// A file without the key never deactivates what somebody has activated. A file with the key does.
func TestFileWithoutTheKeyKeepsAGateActive(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	apply(t, connection, "gates: {A_B: {description: d, message: m}}")
	if _, err := connection.Exec(t.Context(), "select postern.set_gate_active('A_B', true)"); err != nil {
		t.Fatal(err)
	}
	isActive := func() (active bool) {
		t.Helper()
		if err := connection.QueryRow(t.Context(), "select active from postern.gate where gate_id = 'A_B'").Scan(&active); err != nil {
			t.Fatal(err)
		}
		return active
	}
	apply(t, connection, "gates: {A_B: {description: other, message: other, parameters: [X]}}")
	if !isActive() {
		t.Error("a silent file has switched the gate off")
	}
	apply(t, connection, "gates: {A_B: {active: false}}")
	if isActive() {
		t.Error("a file that says so has not switched the gate off")
	}
	// The administrator decides: the next registration by the application does not undo it.
	if _, err := connection.Exec(t.Context(), "select postern.register_gate('A_B', 'd', 'm', active => true)"); err != nil {
		t.Fatal(err)
	}
	if isActive() {
		t.Error("a registration has undone what the file said")
	}
}

func TestRolesGoFromUserToUser(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	first, second := database.Login(t).Name, database.Login(t).Name
	connection := database.Connect(t)
	apply(t, connection, fmt.Sprintf("users: {ALICE: {description: a, db_role: %s}, BOB: {description: b, db_role: %s}}", first, second))
	apply(t, connection, fmt.Sprintf("users: {ALICE: {db_role: %s}, BOB: {db_role: %s}}", second, first))
	apply(t, connection, "users: {ALICE: {db_role: ~}, BOB: }")
	var roles string
	err := connection.QueryRow(t.Context(), "select string_agg(userid || ':' || coalesce(db_role, '-'), ' ' order by userid) from postern.user_account").Scan(&roles)
	if want := "ALICE:- BOB:" + first; err != nil || roles != want {
		t.Errorf("the users have %s, %v, want %s", roles, err, want)
	}
}

// Rules created together and rules created one by one give the same access.
func TestRulesCompileTheSameTogetherOrOneByOne(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	for _, statement := range []string{
		"select postern.create_company('C', 'c'), postern.create_authority_class('C', 'SINGLE')",
		"select postern.posting_combination_id('C', a::text, b::text) from generate_series(10, 60) as a, generate_series(1, 9) as b",
		"select postern.add_authority_combination('C', 'SINGLE', true, '3%'), postern.add_authority_combination('C', 'SINGLE', true, '4_', '5'), postern.add_authority_combination('C', 'SINGLE', false, '%', '7')",
	} {
		if _, err := connection.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, connection, "companies: {C: {classes: {ATONCE: {allow: [{code_a: 3%}, {code_a: 4_, code_b: 5}, {code_a: 1%}], deny: [{code_b: 7}]}}}}")
	if _, err := Apply(t.Context(), connection, read(t, "companies: {C: {classes: {ATONCE: {allow: [{code_a: 3%}, {code_a: 4_, code_b: 5}]}}}}"), true); err != nil {
		t.Fatal(err)
	}
	var same bool
	var shown int
	err := connection.QueryRow(t.Context(), `
select bool_and(s.bits = a.bits), sum(bit_count(s.bits))
  from postern_internal.authority_map as s
  join postern_internal.authority_class as sc on sc.class_id = s.class_id and sc.class = 'SINGLE'
  join postern_internal.authority_class as ac on ac.class = 'ATONCE'
  join postern_internal.authority_map as a on a.class_id = ac.class_id and a.first_id = s.first_id`).Scan(&same, &shown)
	if err != nil || !same || shown != 10*8+10 {
		t.Errorf("the maps are the same: %v; %d combinations are shown, want 90; %v", same, shown, err)
	}
}

func TestBadArgumentsOfWhatApplyCalls(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	apply(t, connection, "users: {ALICE: {description: a}}\ncompanies: {C: {name: c, classes: {K: }, ledgers: {L: }}}")
	for statement, code := range map[string]string{
		"select postern.set_user_description('NOBODY', 'x')":                                                           "PS107",
		"select postern.set_user_description('ALICE', null)":                                                           "PS107",
		"select postern.set_user_description('ALICE', repeat('x', 1000000))":                                           "PS107",
		"select postern.set_user_db_role(null, null)":                                                                  "PS107",
		"select postern.set_user_db_role('ALICE', 'no_such_role')":                                                     "PS107",
		"select postern.set_company_name('NONE', 'x')":                                                                 "PS201",
		"select postern.set_company_name('C', ' ')":                                                                    "PS107",
		"select postern.change_authority_combinations('NONE', null, 'K', '[]')":                                        "PS201",
		"select postern.change_authority_combinations('C', 'NONE', 'K', '[]')":                                         "PS301",
		"select postern.change_authority_combinations('C', 'L', 'K', '[]')":                                            "PS301",
		"select postern.change_authority_combinations('C', null, 'MAX', '[]')":                                         "PS301",
		"select postern.change_authority_combinations('C', null, 'K', null)":                                           "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '{}')":                                           "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '[]', null)":                                     "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '[1]')":                                          "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '[{\"allowed\": true}]')":                        "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '[{\"allowed\": null, \"patterns\": []}]')":      "PS301",
		"select postern.change_authority_combinations('C', null, 'K', '[{\"allowed\": true, \"patterns\": [\"a\"]}]')": "PS301",
		"select postern.change_authority_combinations('C', null, 'K', jsonb_build_array(jsonb_build_object('allowed', true, 'patterns', jsonb_build_array('1','1','1','1','1','1','1','1','1',null))))": "PS301",
	} {
		_, err := connection.Exec(t.Context(), statement)
		if testdb.Code(err) != code {
			t.Errorf("%s\ngives %v, want %s", statement, err, code)
			continue
		}
		testdb.RequireCode(t, err, code)
	}
	var rules int
	if err := connection.QueryRow(t.Context(), "select count(*) from postern.authority_combination where class = 'K'").Scan(&rules); err != nil || rules != 0 {
		t.Errorf("%d rules are there, %v", rules, err)
	}
}

// A file may write a user ID in another case. That is the same user and not a second one.
func TestEverySpellingNamesTheSameUser(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	apply(t, connection, `
users: {ALICE: {description: Alice, default_company: "10"}}
companies: {"10": {name: Ten, users: {ALICE: {}}, ledgers: {IFRS: {users: {ALICE: {}}}}}}`)
	plan := apply(t, connection, `
users: {alice: {description: Alice Adams, default_company: "10"}}
companies: {"10": {name: Ten, users: {Alice: {class: ALL}}, classes: {ALL: {}}, ledgers: {IFRS: {users: {aLiCe: {}}}}}}`)
	for _, change := range plan.Changes {
		if change.Kind != "class" && change.Operation != Alter {
			t.Errorf("the plan has %+v", change)
		}
	}
	if len(plan.Changes) != 3 || plan.Unlisted != 0 {
		t.Errorf("the plan is %+v", plan)
	}
	users := ""
	if err := connection.QueryRow(t.Context(), `
select string_agg(a.userid || ' ' || a.description || ' ' || u.class, ', ')
  from postern.user_account as a join postern.company_user as u on u.userid = a.userid`).Scan(&users); err != nil || users != "ALICE Alice Adams ALL" {
		t.Errorf("the users are %s, %v", users, err)
	}
	if _, err := Read([]string{standardInput}, strings.NewReader("users: {STRASSE: {description: a}, straße: {description: b}}")); err == nil || !strings.Contains(err.Error(), "there twice") {
		t.Errorf("two that are the same: %v", err)
	}
}

// The schemes of a gate are an administrator's decision like its message. A file gives them, changes them, and takes
// them away, and what export writes makes the same gate in another database.
func TestSchemesOfAGate(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	connection := database.Connect(t)
	gate := func() (found string) {
		t.Helper()
		const read = "select coalesce(g.schemes::text, 'all') || case when g.exclusive then ' exclusive' else '' end from postern.gate as g where g.gate_id = 'A_B'"
		if err := connection.QueryRow(t.Context(), read).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	refused := func(text, want string) {
		t.Helper()
		if _, err := Apply(t.Context(), connection, read(t, text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	const created = "gates: {A_B: {description: d, message: m, schemes: [TOTP, PIN]}}"
	const notEnabled = "The gate cannot have these schemes"
	refused(created, notEnabled)
	if _, err := connection.Exec(t.Context(), "select postern.set_scheme_enabled('TOTP', true)"); err != nil {
		t.Fatal(err)
	}
	apply(t, connection, created)
	if got := gate(); got != "{TOTP,PIN} exclusive" {
		t.Fatalf("the gate is %s", got)
	}
	var exported bytes.Buffer
	if err := Export(t.Context(), query.New(connection), &exported); err != nil || !strings.Contains(exported.String(), "schemes: [TOTP, PIN]") {
		t.Fatalf("exported: %v\n%s", err, exported.String())
	}
	for _, step := range []struct{ file, want string }{
		{"gates: {A_B: {message: other}}", "{TOTP,PIN} exclusive"}, // a key that is absent changes nothing
		{"gates: {A_B: {schemes: [TOTP]}}", "{TOTP} exclusive"},
		{"gates: {A_B: {schemes: ~}}", "all exclusive"},
		{"gates: {A_B: {exclusive: false}}", "all"},
		{"gates: {A_B: {schemes: [PIN]}}", "{PIN} exclusive"},
		{"gates: {A_B: {schemes: ~, exclusive: false}}", "all"},
		{exported.String(), "{TOTP,PIN} exclusive"},
	} {
		apply(t, connection, step.file)
		if got := gate(); got != step.want {
			t.Errorf("after %s the gate is %s, want %s", step.file, got, step.want)
		}
		if again := apply(t, connection, step.file); len(again.Changes) > 0 {
			t.Errorf("after %s there is still to do: %+v", step.file, again.Changes)
		}
	}
	const contradiction = "cannot be exclusive: false, because it accepts only TOTP, PIN."
	refused("gates: {A_B: {exclusive: false}}", contradiction)
	refused("gates: {A_B: {exclusive: false, schemes: [TOTP, PIN]}}", contradiction)
	refused("gates: {A_B: {schemes: [NOSUCH]}}", notEnabled)
	if _, err := Read([]string{standardInput}, strings.NewReader("gates: {A_B: {schemes: PIN}}")); err == nil {
		t.Error("one name is taken for a list")
	}
}
