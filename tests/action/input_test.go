package action_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestArgumentsOfRegisterAction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate)
	const state = "select string_agg(a::text, ' ' order by a.action) from postern.action as a"
	before := testsql.Value[string](t, c.administrator, state)
	huge := strings.Repeat("X", 1<<20)
	many := make([]string, 201)
	for index := range many {
		many[index] = fmt.Sprintf("CHKPT_%d", index)
	}
	for name, call := range map[string]struct {
		code              string
		action, own, gate any
	}{
		"no name":                    {"PS107", nil, ownGate, "{}"},
		"a blank name":               {"PS107", " ", ownGate, "{}"},
		"a long name":                {"PS107", huge, ownGate, "{}"},
		"a name of two lines":        {"PS107", "Pay\nInvoice", ownGate, "{}"},
		"no legacy checkpoints":      {"PS107", action, ownGate, nil},
		"a legacy checkpoint NULL":   {"PS107", action, ownGate, "{NULL}"},
		"a matrix":                   {"PS107", action, ownGate, "{{CHKPT_LEGACY_CP1,CHKPT_LEGACY_CP2}}"},
		"one gate twice":             {"PS107", action, ownGate, "{CHKPT_LEGACY_CP1,CHKPT_LEGACY_CP1}"},
		"too many":                   {"PS107", action, ownGate, "{" + strings.Join(many, ",") + "}"},
		"an unknown checkpoint":      {"PS106", action, "CHKPT_UNKNOWN", "{}"},
		"a long checkpoint":          {"PS106", action, huge, "{}"},
		"an empty checkpoint":        {"PS106", action, "", "{}"},
		"an unknown legacy":          {"PS106", action, ownGate, "{CHKPT_LEGACY_CP1,CHKPT_UNKNOWN}"},
		"a legacy of other letters":  {"PS106", action, ownGate, "{chkpt_legacy_cp1}"},
		"a long legacy checkpoint":   {"PS106", action, ownGate, "{" + huge + "}"},
		"the built-in gate":          {"PS107", action, "POSTERN_PIN_CHANGE", "{}"},
		"the built-in gate as a ref": {"PS107", action, nil, "{POSTERN_PIN_CHANGE}"},
	} {
		t.Run(name, func(t *testing.T) {
			err := execute(t, c.administrator, "select postern.register_action($1, $2, $3::text[])", call.action, call.own, call.gate)
			if got := testdb.RequireCode(t, err, call.code); len(got.Detail) > 2000 {
				t.Errorf("the detail has %d characters", len(got.Detail))
			}
		})
	}
	if after := testsql.Value[string](t, c.administrator, state); after != before {
		t.Errorf("the actions are %s, and were %s", after, before)
	}
	testdb.RequireCode(t, execute(t, c.administrator, "select postern.register_action(repeat('a', 129))"), "PS107")
	testsql.Run(t, c.administrator, "select postern.register_action(repeat('a', 128))")
}

func TestArgumentsOfBeginAction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate)
	c.register(t, "Alone", "", firstGate)
	huge := fmt.Sprintf(`{"INVOICE_NO": %q}`, strings.Repeat("7", 40000))
	type call struct {
		code       string
		action     any
		parameters any
	}
	always := map[string]call{
		"no action":         {"PS106", nil, "{}"},
		"unknown action":    {"PS106", "payinvoice", "{}"},
		"a long action":     {"PS106", strings.Repeat("X", 1<<20), "{}"},
		"no parameters":     {"PS107", action, nil},
		"JSON null":         {"PS107", action, "null"},
		"an array":          {"PS107", action, "[]"},
		"a scalar":          {"PS107", "Alone", "7"},
		"much":              {"PS107", action, huge},
		"much for gates":    {"PS107", "Alone", huge},
		"much in its names": {"PS107", "Alone", fmt.Sprintf(`{%q: 7}`, strings.Repeat("7", 40000))},
	}
	whenActive := map[string]call{
		"a missing parameter": {"PS107", action, "{}"},
		"one too many":        {"PS107", action, `{"INVOICE_NO": "100-7", "AMOUNT": 7}`},
		"other letters":       {"PS107", action, `{"invoice_no": "100-7"}`},
		"much to say":         {"PS107", "Alone", fmt.Sprintf(`{"INVOICE_NO": %q}`, strings.Repeat("7", 32740))},
	}
	check := func(t *testing.T, call call) {
		t.Helper()
		err := execute(t, c.application, beginAction, call.action, call.parameters)
		if got := testdb.RequireCode(t, err, call.code); len(got.Detail) > 2000 {
			t.Errorf("the detail has %d characters", len(got.Detail))
		}
	}
	for name, call := range always {
		t.Run(name, func(t *testing.T) { check(t, call) })
	}
	for name, call := range whenActive {
		// While no gate stops, parameters are not checked, as with any gate.
		if err := execute(t, c.application, beginAction, call.action, call.parameters); err != nil {
			t.Errorf("%s: while no gate stops, the parameters are refused: %v", name, err)
		}
	}
	c.activate(t, ownGate, firstGate)
	for name, call := range always {
		t.Run(name+", active", func(t *testing.T) { check(t, call) })
	}
	for name, call := range whenActive {
		t.Run(name, func(t *testing.T) { check(t, call) })
	}
	// An unknown user is asked nothing.
	testdb.RequireCode(t, execute(t, c.application, beginAction, action, parameters), "PS401")
}
