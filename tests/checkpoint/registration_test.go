package checkpoint_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// gate is a row of postern.gate.
type gate struct {
	Description, Message        string
	Parameters, BoundParameters []string
	Active                      bool
	ActiveAdministered          bool
	MessageAdministered         bool
}

func (c *company) gate(t testing.TB, id string) gate {
	t.Helper()
	rows, err := c.administrator.Query(t.Context(), `
select description, message, parameters, bound_parameters, active, active_administered, message_administered
  from postern.gate where gate_id = $1`, id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[gate])
	if err != nil {
		t.Fatalf("read gate %s: %v", id, err)
	}
	return got
}

const register = "select postern.register_gate($1, $2, $3, $4, $5)"

// As in the .ins file of a component: the definition is an IFS Message, with the parameters as a nested message.
const registerMessage = `
do $$
declare
  info_msg text;
  parameters text;
begin
  info_msg := message_sys.construct('SINDOC_APPROVE');
  call message_sys.add_attribute(info_msg, 'DESCRIPTION', 'Approve a document revision');
  call message_sys.add_attribute(info_msg, 'MESSAGE', 'Person &PERSON_ID approved Document Revision &DOC_CLASS - &DOC_NO');
  call message_sys.add_attribute(info_msg, 'ACTIVE', 'TRUE');
  parameters := message_sys.construct('PARAMETERS');
  call message_sys.add_attribute(parameters, 'PERSON_ID', '');
  call message_sys.add_attribute(parameters, 'DOC_CLASS', '');
  call message_sys.add_attribute(parameters, 'DOC_NO', '');
  call message_sys.add_attribute(info_msg, 'PARAMETERS', parameters);
  perform sec_checkpoint_gate_api.register('SINDOC_APPROVE', info_msg);
end $$`

func TestGateIsRegisteredByMessageAsNatively(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, registerMessage)
	testsql.Run(t, c.administrator, register, "SINDOC_NATIVE", "Approve a document revision",
		"Person &PERSON_ID approved Document Revision &DOC_CLASS - &DOC_NO", []string{"PERSON_ID", "DOC_CLASS", "DOC_NO"}, true)
	byMessage, natively := c.gate(t, "SINDOC_APPROVE"), c.gate(t, "SINDOC_NATIVE")
	if a, b := asJSON(t, byMessage), asJSON(t, natively); a != b || !byMessage.Active || strings.Join(byMessage.Parameters, " ") != "PERSON_ID DOC_CLASS DOC_NO" ||
		strings.Join(byMessage.BoundParameters, " ") != "PERSON_ID DOC_CLASS DOC_NO" {
		t.Errorf("by message %s, natively %s", a, b)
	}

	// Reached with a message or natively, it shows the same dialog.
	const parameters = `{"PERSON_ID": "P1", "DOC_CLASS": "100", "DOC_NO": "7"}`
	want := c.stop(t, alice, "SINDOC_APPROVE", parameters)
	got := parseDialog(t, testdb.RequireCode(t, c.call(t, alice, "select security_sys.security_checkpoint($1, $2)", "SINDOC_APPROVE",
		"!SECURITY_CHECKPOINT\n$PERSON_ID=P1\n$DOC_CLASS=100\n$DOC_NO=7"), "PS101").Detail)
	if got.Message != want.Message || string(got.Parameters) != string(want.Parameters) {
		t.Errorf("by message %+v, natively %+v", got, want)
	}
	// An approval of the one is an approval of the other.
	ticket := c.answer(t, alice, got.Challenge, alice, pins[alice], nil)
	if err := c.resend(t, alice, ticket, "SINDOC_APPROVE", parameters); err != nil {
		t.Error(err)
	}

	// A gate without parameters, left inactive.
	testsql.Run(t, c.administrator, `select sec_checkpoint_gate_api.register('SINDOC_PLAIN', E'!X\n$DESCRIPTION=d\n$MESSAGE=Done')`)
	if got := c.gate(t, "SINDOC_PLAIN"); got.Active || len(got.Parameters) != 0 {
		t.Errorf("the gate without parameters is %+v", got)
	}
	if err := c.call(t, alice, "select security_sys.security_checkpoint('SINDOC_PLAIN')"); err != nil {
		t.Error(err)
	}
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// An upgrade of the application registers its gates again. What an administrator decided stays.
func TestUpgradeKeepsWhatTheAdministratorSet(t *testing.T) {
	c := newCompany(t)
	const id = "SINWOF_PAY"
	testsql.Run(t, c.administrator, register, id, "old", "Paid &A", []string{"A"}, false)

	// Nobody has changed it, so all of it is updated.
	testsql.Run(t, c.administrator, register, id, "new", "Paid &A by &B", []string{"A", "B"}, true)
	if got := c.gate(t, id); got.Description != "new" || got.Message != "Paid &A by &B" || len(got.Parameters) != 2 || !got.Active {
		t.Errorf("after a registration that updates everything, the gate is %+v", got)
	}

	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, false)", id)
	testsql.Run(t, c.administrator, "select postern.set_gate_message($1, 'Our &A was paid')", id)
	testsql.Run(t, c.administrator, register, id, "newest", "Paid &A by &B and &C", []string{"A", "B", "C"}, true)
	got := c.gate(t, id)
	if got.Description != "newest" || len(got.Parameters) != 3 {
		t.Errorf("description or parameters are not up to date: %+v", got)
	}
	if got.Message != "Our &A was paid" || got.Active || !got.ActiveAdministered || !got.MessageAdministered {
		t.Errorf("the administrator's message or switch is gone: %+v", got)
	}

	// The kept message names A: without A the gate would stop its business for good.
	testsql.Refused(t, c.administrator, "PS107", register, id, "broken", "Paid &B", []string{"B"}, true)
	if after := c.gate(t, id); asJSON(t, after) != asJSON(t, got) {
		t.Errorf("the refused registration has changed the gate to %+v", after)
	}
	// Only the administrator can resolve that.
	testsql.Run(t, c.administrator, "select postern.set_gate_message($1, 'Our payment')", id)
	testsql.Run(t, c.administrator, register, id, "works", "Paid &B", []string{"B"}, true)
}

// An upgrade registers many gates in one transaction while administrators work.
func TestUpgradeAndAdministratorsDoNotDeadlock(t *testing.T) {
	for name, change := range map[string]string{
		"gate switched":  "select postern.set_gate_active('SINWOF_RELEASE', false)",
		"all disabled":   "select postern.set_setting('checkpoints_enabled', 'false')",
		"another value":  "select postern.set_setting('max_failures', '7')",
		"gate of theirs": "select postern.register_gate('SINWOF_RELEASE', 'theirs', 'm', '{}', true)",
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompany(t)
			upgrade, err := c.administrator.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			testsql.Run(t, upgrade, register, approveGate, "new", "Invoice &INVOICE_NO", []string{"INVOICE_NO"}, true)
			other := c.Login(t, "postern_admin").Connect(t)
			done := make(chan error, 1)
			go func() { done <- execute(t, other, change) }()
			for testsql.Value[int](t, c.Pool, "select cardinality(pg_blocking_pids($1::int8::int4))", int64(other.PgConn().PID())) == 0 {
				testsql.Run(t, c.Pool, "select pg_sleep(0.01)")
			}
			testsql.Run(t, upgrade, register, releaseGate, "new", "Released", []string{}, true)
			testsql.Run(t, upgrade, "select postern.set_setting('max_failures', '6')")
			if err := upgrade.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			if !testsql.Value[bool](t, c.Pool, `
select bool_and(g.stops = case when g.built_in then g.gate_id <> 'POSTERN_ADMINISTRATION' else g.active and s.value = 'true' end)
  from postern_internal.gate as g, postern_internal.setting as s where s.name = 'checkpoints_enabled'`) {
				t.Error("a gate stops that should not, or does not that should")
			}
		})
	}
}

func TestRedundantMessageDrawsAWarning(t *testing.T) {
	c := newCompany(t)
	for name, test := range map[string]struct {
		message    string
		parameters []string
		warnings   int
	}{
		"checkpoint":               {"Security checkpoint passed for &A", []string{"A"}, 1},
		"gate":                     {"Passed the gate for &A", []string{"A"}, 1},
		"authentication":           {"Authentication for invoice &A", []string{"A"}, 1},
		"authenticated":            {"&A was authenticated", []string{"A"}, 1},
		"password":                 {"Entered the right password for &A", []string{"A"}, 1},
		"PIN":                      {"&A approved with PIN", []string{"A"}, 1},
		"the user":                 {"&A approved by the user", []string{"A"}, 1},
		"a user id":                {"&USER_ID approved &A", []string{"USER_ID", "A"}, 1},
		"the foundation's user":    {"&FND_USER approved &A", []string{"FND_USER", "A"}, 1},
		"the date":                 {"&A approved on &TRANSACTION_DATE", []string{"TRANSACTION_DATE", "A"}, 1},
		"in capitals":              {"CHECKPOINT PASSED FOR &A", []string{"A"}, 1},
		"several":                  {"&A passed the gate on &TODAY", []string{"A", "TODAY"}, 1},
		"a name that is cut short": {"Invoice &A_NO", []string{"A"}, 1},

		"a due date":     {"Due date &D moved", []string{"D"}, 0},
		"a user account": {"User account &U opened", []string{"U"}, 0},
		"another gate":   {"Gate &A of the warehouse opened", []string{"A"}, 0},
		"well written": {"Person &PERSON_ID approved Document Revision &DOC_CLASS - &DOC_NO - &DOC_SHEET - &DOC_REV.",
			[]string{"PERSON_ID", "DOC_CLASS", "DOC_NO", "DOC_SHEET", "DOC_REV"}, 0},
		"words that only sound like it": {"Delegated, updated and investigated &A for a pinned mandate", []string{"A"}, 0},
		"no parameters":                 {"Payments released & archived", nil, 0},
		"longest name":                  {"Invoice &INVOICE_NO of &INVOICE", []string{"INVOICE", "INVOICE_NO"}, 0},
	} {
		for how, call := range map[string]func(){
			"register_gate": func() {
				testsql.Run(t, c.administrator, register, "SINWOF_WARN", "d", test.message, append([]string{}, test.parameters...), false)
			},
			"set_gate_message": func() {
				testsql.Run(t, c.administrator, "select postern.set_gate_message('SINWOF_WARN', $1)", test.message)
				testsql.Run(t, c.Pool, "delete from postern_internal.gate where gate_id = 'SINWOF_WARN'")
			},
		} {
			if how == "set_gate_message" {
				testsql.Run(t, c.Pool, `
insert into postern_internal.gate (gate_id, description, message, message_template, parameters, unbound_parameters, active)
values ('SINWOF_WARN', 'd', 'm', 'm', $1, '{}', false) on conflict (gate_id) do update set parameters = $1`, append([]string{}, test.parameters...))
			}
			*c.warnings = nil
			call()
			if len(*c.warnings) != test.warnings {
				t.Errorf("%s by %s: %d warnings, want %d", name, how, len(*c.warnings), test.warnings)
			}
			for _, warning := range *c.warnings {
				if warning.Severity != "WARNING" || warning.Detail == "" || warning.Hint == "" {
					t.Errorf("%s by %s: the warning is incomplete: %+v", name, how, warning)
				}
			}
			testsql.Run(t, c.Pool, "delete from postern_internal.gate where gate_id = 'SINWOF_WARN'")
		}
	}
}

func TestBadRegistrationIsRefused(t *testing.T) {
	c := newCompany(t)
	long := strings.Repeat("x", 10_000_000)
	names := []string{}
	for n := range 51 {
		names = append(names, "P"+strings.Repeat("X", n%20)+string(rune('A'+n/20)))
	}
	before := testsql.Value[int](t, c.administrator, "select count(*) from postern.gate")
	for name, test := range map[string]struct {
		id, description, message string
		parameters               []string
	}{
		"no prefix":                    {"APPROVE", "d", "m", nil},
		"nothing before the prefix":    {"_APPROVE", "d", "m", nil},
		"nothing behind the prefix":    {"SINWOF_", "d", "m", nil},
		"31 characters":                {"SINWOF_" + strings.Repeat("X", 24), "d", "m", nil},
		"10 MB":                        {"SINWOF_" + long, "d", "m", nil},
		"a space":                      {"SINWOF_A B", "d", "m", nil},
		"a new line":                   {"SINWOF_A\n", "d", "m", nil},
		"a quote":                      {"SINWOF_A'", "d", "m", nil},
		"not ASCII":                    {"SINWOF_Ä", "d", "m", nil},
		"empty":                        {"", "d", "m", nil},
		"a digit first":                {"1SINWOF_A", "d", "m", nil},
		"Postern's own prefix":         {"POSTERN_A", "d", "m", nil},
		"no description":               {"SINWOF_A", " ", "m", nil},
		"201 characters description":   {"SINWOF_A", strings.Repeat("d", 201), "m", nil},
		"10 MB description":            {"SINWOF_A", long, "m", nil},
		"no message":                   {"SINWOF_A", "d", "", nil},
		"2001 characters message":      {"SINWOF_A", "d", strings.Repeat("m", 2001), nil},
		"10 MB message":                {"SINWOF_A", "d", long, nil},
		"undeclared parameter":         {"SINWOF_A", "d", "&A and &B", []string{"A"}},
		"declared in another case":     {"SINWOF_A", "d", "&a", []string{"A"}},
		"undeclared, none declared":    {"SINWOF_A", "d", "&A", nil},
		"parameter twice":              {"SINWOF_A", "d", "m", []string{"A", "A"}},
		"51 parameters":                {"SINWOF_A", "d", "m", names},
		"parameter of 31 characters":   {"SINWOF_A", "d", "m", []string{strings.Repeat("P", 31)}},
		"parameter of 10 MB":           {"SINWOF_A", "d", "m", []string{long}},
		"parameter with a space":       {"SINWOF_A", "d", "m", []string{"A B"}},
		"parameter like a regex":       {"SINWOF_A", "d", "m", []string{"A|B"}},
		"empty parameter":              {"SINWOF_A", "d", "m", []string{""}},
		"parameter with a digit first": {"SINWOF_A", "d", "m", []string{"1A"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := testsql.Refused(t, c.administrator, "PS107", register, test.id, test.description, test.message, append([]string{}, test.parameters...), true)
			if size := len(got.Message) + len(got.Detail) + len(got.Hint); size > 4000 {
				t.Errorf("the error has %d characters", size)
			}
		})
	}
	// The longest that is accepted.
	testsql.Run(t, c.administrator, register, "SINWOF_"+strings.Repeat("X", 23), strings.Repeat("d", 200), strings.Repeat("m", 2000), names[:50], true)
	testsql.Run(t, c.administrator, "select postern.register_gate('S_1', 'd', 'm', '{A,B}', true, '{B}')")
	for _, bound := range []string{"{C}", "{A,C}", "{NULL}", "{{A},{B}}"} {
		testsql.Refused(t, c.administrator, "PS107", "select postern.register_gate('S_1', 'd', 'm', '{A,B}', true, $1::text::text[])", bound)
	}
	testsql.Refused(t, c.administrator, "PS107", "select postern.register_gate('S_1', 'd', 'm', '{{A,B}}', true)")
	testsql.Refused(t, c.administrator, "PS107", "select postern.register_gate('S_1', 'd', 'm', '{A,NULL}', true)")

	for name, message := range map[string]string{
		"no message":             "anything",
		"malformed":              "!X\nDESCRIPTION=d",
		"unknown attribute":      "!X\n$DESCRIPTION=d\n$MESSAGE=m\n$COLOUR=red",
		"ACTIVE is neither":      "!X\n$DESCRIPTION=d\n$MESSAGE=m\n$ACTIVE=yes",
		"ACTIVE is a message":    "!X\n$DESCRIPTION=d\n$MESSAGE=m\n$ACTIVE=!ACTIVE\n-$A=TRUE",
		"PARAMETERS are no text": "!X\n$DESCRIPTION=d\n$MESSAGE=m\n$PARAMETERS=A,B",
		"no description":         "!X\n$MESSAGE=m",
		"no message text":        "!X\n$DESCRIPTION=d",
		"undeclared parameter":   "!X\n$DESCRIPTION=d\n$MESSAGE=&A",
	} {
		if _, err := c.administrator.Exec(t.Context(), "select sec_checkpoint_gate_api.register('SINWOF_B', $1)", message); testdb.Code(err) != "PS107" {
			t.Errorf("%s: got %v, want PS107", name, err)
		} else {
			testdb.RequireCode(t, err, "PS107")
		}
	}
	if after := testsql.Value[int](t, c.administrator, "select count(*) from postern.gate"); after != before+2 {
		t.Errorf("%d gates were registered", after-before)
	}
	for _, call := range []string{"select postern.set_gate_active('SINWOF_NONE', true)", "select postern.set_gate_message('SINWOF_NONE', 'm')"} {
		testsql.Refused(t, c.administrator, "PS106", call)
	}
	testsql.Refused(t, c.administrator, "PS107", "select postern.set_gate_message($1, 'Invoice &ELSE')", approveGate)
}
