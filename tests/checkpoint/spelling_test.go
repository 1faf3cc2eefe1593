package checkpoint_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Gates and actions have one spelling. Somebody who uses another one is told the right one.
func TestGateAndActionHaveOneSpelling(t *testing.T) {
	t.Parallel()
	c := newCompany(t, alice)
	const register = "select postern.register_gate($1, 'Approve', 'Approved')"
	refused := testsql.Refused(t, c.administrator, "PS107", register, "sinwof_Approve")
	if !strings.Contains(refused.Detail, approveGate) {
		t.Errorf("the refusal does not name the other spelling: %s", refused.Detail)
	}
	testsql.Run(t, c.administrator, "select postern.register_action('PayInvoice', $1)", approveGate)
	testsql.Refused(t, c.administrator, "PS107", "select postern.register_action('payINVOICE')")
	testsql.Run(t, c.administrator, "select postern.register_action('PayInvoice')")
	testsql.Run(t, c.administrator, "select postern.register_action('Zahlung_Ä')")
	testsql.Run(t, c.administrator, "select postern.register_action('Zahlung_ä')") // only ASCII is folded, on every server

	for statement, right := range map[string]string{
		"select postern.set_gate_active('sinwof_approve', true)":                    approveGate,
		"select postern.set_gate_message('Sinwof_Approve', 'm')":                    approveGate,
		"select postern.register_action('Other', 'sinwof_approve')":                 approveGate,
		"select postern.register_action('Other', null, '{sinwof_release,NO_GATE}')": releaseGate,
		"select postern.remove_action('PAYINVOICE')":                                "PayInvoice",
	} {
		if refused := testsql.Refused(t, c.administrator, "PS106", statement); !strings.Contains(refused.Hint, right) {
			t.Errorf("%s: the HINT is %q", statement, refused.Hint)
		}
	}
	for statement, right := range map[string]string{
		"select postern.checkpoint('sinwof_approve', '{}')":                                     approveGate,
		"select security_sys.security_checkpoint('sinwof_approve')":                             approveGate,
		"select postern.challenge('Sinwof_Approve', '{}')":                                      approveGate,
		"select postern.begin_action('payInvoice')":                                             "PayInvoice",
		"select postern.checkpoint('postern_pin_change', '{}')":                                 pinGate,
		"select postern.checkpoint('NO_SUCH_GATE', '{}')":                                       "postern.register_gate",
		"select postern.begin_action('NoSuchAction')":                                           "postern.register_action",
		"select security_sys.security_checkpoint('sinwof_release', E'!SECURITY_CHECKPOINT\\n')": releaseGate,
	} {
		if refused := testdb.RequireCode(t, c.call(t, alice, statement), "PS106"); !strings.Contains(refused.Hint, right) {
			t.Errorf("%s: the HINT is %q", statement, refused.Hint)
		}
	}
}

// Two administrators register two spellings at once. One of them gets an error.
func TestSpellingsRace(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	first, second := c.Connect(t), c.Connect(t)
	for name, statement := range map[string]string{
		"gate":   "select postern.register_gate($1, 'd', 'm')",
		"action": "select postern.register_action($1)",
	} {
		spellings := []string{"RACE_" + strings.ToUpper(name), "RACE_" + name}
		var errors [2]error
		var together sync.WaitGroup
		for i, connection := range []testsql.Querier{first, second} {
			together.Go(func() { _, errors[i] = connection.Exec(t.Context(), statement, spellings[i]) })
		}
		together.Wait()
		var refused *pgconn.PgError
		for _, err := range errors {
			if err != nil {
				refused = testdb.RequireCode(t, err, "PS107")
			}
		}
		if refused == nil || errors[0] != nil && errors[1] != nil {
			t.Errorf("%s: got %v, want one error", name, errors)
		}
	}
	// Without the functions: the table has the same rule.
	_, err := c.Pool.Exec(t.Context(), `
insert into postern_internal.gate (gate_id, description, message, message_template, parameters, unbound_parameters, active)
values ('sinwof_approve', 'd', 'm', 'm', '{}', '{}', true)`)
	if testdb.Code(err) != "23505" {
		t.Errorf("the table accepts a second spelling: got %v, want 23505", err)
	}
}
