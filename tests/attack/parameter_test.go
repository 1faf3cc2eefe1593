package attack

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// Values that look like the approved ones, or are no values at all, take the place of what was approved: at a gate that
// a ticket has opened, and at the beginning of an action. Naive: values with the same text are equal.
func TestOnlyTheApprovedValuesPass(t *testing.T) {
	s := newActionScene(t, alice)
	testsql.Run(t, s.Pool, "create function public.naive_same(approved jsonb, given jsonb) returns boolean language sql return approved ->> 'AMOUNT' = given ->> 'AMOUNT'")
	connection := s.connect(t)
	if !testsql.Value[bool](t, connection, `select public.naive_same('{"AMOUNT": 100}', '{"AMOUNT": "100"}')`) {
		t.Fatal("the naive comparison withstood")
	}

	for name, attack := range map[string]struct{ code, parameters string }{
		"a cent more":         {"PS103", `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 100.01}`},
		"number as text":      {"PS103", `{"PAYEE": "Paper Mill Ltd", "AMOUNT": "100"}`},
		"null":                {"PS103", `{"PAYEE": "Paper Mill Ltd", "AMOUNT": null}`},
		"array":               {"PS103", `{"PAYEE": ["Paper Mill Ltd"], "AMOUNT": 100}`},
		"last of two":         {"PS103", `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 100, "AMOUNT": 900}`},
		"one too many":        {"PS107", `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 100, "": 1}`},
		"too few":             {"PS107", `{"PAYEE": "Paper Mill Ltd"}`},
		"scalar":              {"PS107", `5`},
		"text":                {"PS107", `"PAYEE"`},
		"JSON null":           {"PS107", `null`},
		"list of names":       {"PS107", `["PAYEE", "AMOUNT"]`},
		"ten megabytes":       {"PS107", `{"PAYEE": "` + strings.Repeat("x", 10<<20) + `", "AMOUNT": 100}`},
		"ten megabytes above": {"PS107", `["` + strings.Repeat("x", 10<<20) + `"]`},
		"deep":                {"PS107", strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, way := range []struct {
				approve   func() string
				statement string
				argument  string
			}{
				{func() string { return approve(t, connection, alice, approveGate, invoice) }, checkpoint, approveGate},
				{func() string { return approveAction(t, connection, alice, payAction, invoice) }, beginAction, payAction},
			} {
				ticket := way.approve()
				tx := begin(t, connection, alice)
				open(t, tx, ticket)
				refusedAndGoOn(t, tx, attack.code, way.statement, way.argument, attack.parameters)
				refusedAndGoOn(t, tx, "PS107", way.statement, way.argument, nil)
				// What was approved is still open, however it is spelled: order, duplicates, exponents, zeros.
				testsql.Run(t, tx, way.statement, way.argument, `{"AMOUNT": 7, "AMOUNT": 1.000e2, "PAYEE": "Paper Mill Ltd"}`)
				rollback(t, tx)
			}
		})
	}
	if got := s.passes(t); got != 0 {
		t.Errorf("%d passes are logged", got)
	}
}

// A setting says that an action has begun without an approval, and everybody may clear it. Then the transaction behaves
// as if no action had begun: what was approved in time is open and logged, and nothing else.
func TestClearedActionOpensWhatWasApprovedAndNothingElse(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, "select postern.register_action('Harmless')")
	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveBeginAction, "Harmless", "{}")
	testsql.Run(t, tx, naiveActionGate, releaseGate, "{}")
	rollback(t, tx)

	clear := func(tx pgx.Tx) { testsql.Run(t, tx, "select set_config('postern.action', '', true)") }
	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		// Nothing was approved.
		tx := beginAt(t, connection, alice, level)
		testsql.Run(t, tx, beginAction, "Harmless", "{}")
		refusedAndGoOn(t, tx, "PS105", checkpoint, releaseGate, "{}")
		clear(tx)
		refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
		rollback(t, tx)

		// A gate was approved, then an action; afterwards an action of the other kind begins.
		for _, ticket := range []string{
			approve(t, connection, alice, approveGate, invoice),
			approveAction(t, connection, alice, payAction, invoice),
		} {
			before := s.passes(t)
			tx = beginAt(t, connection, alice, level)
			open(t, tx, ticket)
			testsql.Run(t, tx, "savepoint early")
			testsql.Run(t, tx, beginAction, "Harmless", "{}")
			clear(tx)
			refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
			refusedAndGoOn(t, tx, "PS101", checkpoint, pinGate, "{}")
			testsql.Run(t, tx, "rollback to savepoint early")
			clear(tx)
			refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
			commit(t, tx)
			if got := s.passes(t); got != before {
				t.Errorf("%d passes are logged", got-before)
			}
		}

		ticket := approve(t, connection, alice, releaseGate, "{}")
		before := s.passes(t)
		tx = beginAt(t, connection, alice, level)
		open(t, tx, ticket)
		testsql.Run(t, tx, beginAction, "Harmless", "{}")
		clear(tx)
		reach(t, tx, releaseGate, "{}")
		commit(t, tx)
		if got := s.passes(t); got != before+1 {
			t.Errorf("%d passes are logged, want 1", got-before)
		}
	}
}
