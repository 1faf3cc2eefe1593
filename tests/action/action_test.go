package action_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// An action without a checkpoint of its own shows the descriptions of its gates, and its parameters.
func TestActionWithoutACheckpointDescribesItsGates(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, "", secondGate, firstGate)
	c.activate(t, firstGate, secondGate)

	asked := c.ask(t, action, `{"INVOICE_NO": "100-7", "100%s": null}`)
	if asked.Gate != secondGate || asked.Action == nil || *asked.Action != action || asked.Description != "Move money, Change an invoice" ||
		asked.Message != "PayInvoice: Move money, Change an invoice (100%s: , INVOICE_NO: 100-7)" ||
		string(asked.Parameters) != `{"100%s": null, "INVOICE_NO": "100-7"}` || asked.Username == nil || *asked.Username != alice {
		t.Errorf("the dialog of an action without a checkpoint is %+v", asked)
	}
	asked = c.ask(t, action, "{}")
	if asked.Message != "PayInvoice: Move money, Change an invoice" {
		t.Errorf("the message without parameters is %q", asked.Message)
	}

	// Only the gates that were reached are logged.
	ticket := c.answer(t, asked)
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, beginAction, action, "{}")
		testsql.Run(t, tx, "select payment.first()")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	requireLog(t, c.takeLog(t, new(int64)), entry{"passed", firstGate, action, "Invoice 100-7 changed"})
}

func TestActionWithoutGatesIsBegunByAnybody(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, "")
	testsql.Run(t, c.application, "begin read only")
	testsql.Run(t, c.application, beginAction, action, "{}")
	testsql.Run(t, c.application, "commit")
	c.activate(t, firstGate)
	err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, beginAction, action, "{}")
		return execute(t, tx, "select payment.first()")
	})
	unhandled := testdb.RequireCode(t, err, "PS105")
	if unhandled.Message != "Unhandled Security Checkpoint" {
		t.Errorf("the message is %q", unhandled.Message)
	}
	// The HINT has the statement that fixes it.
	_, statement, found := strings.Cut(unhandled.Hint, ": ")
	if !found {
		t.Fatalf("the hint is %q", unhandled.Hint)
	}
	testsql.Run(t, c.administrator, statement)
	c.ask(t, action, "{}")
}

// The log names the action of users who were denied or who cancelled, too.
func TestDeniedAndCancelledActionsAreLogged(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate)
	c.activate(t, ownGate)
	asked := c.ask(t, action, parameters)
	if err := c.alice(t, func(tx pgx.Tx) error {
		return execute(t, tx, "select postern.authenticate($1, 'ALICE', '000000')", asked.Challenge)
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.alice(t, func(tx pgx.Tx) error { return execute(t, tx, "select postern.cancel($1)", asked.Challenge) }); err != nil {
		t.Fatal(err)
	}
	requireLog(t, c.takeLog(t, new(int64)),
		entry{"denied", ownGate, action, "Invoice 100-7 paid"}, entry{"cancelled", ownGate, action, "Invoice 100-7 paid"})
}

func TestDisabledCheckpointsStopNoAction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate)
	c.activate(t, ownGate, firstGate, secondGate)
	c.ask(t, action, parameters)
	testsql.Run(t, c.administrator, "select postern.set_setting('checkpoints_enabled', 'false')")
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, beginAction, action, parameters)
		return execute(t, tx, "select payment.straight()")
	}); err != nil {
		t.Error(err)
	}
	requireLog(t, c.takeLog(t, new(int64)))
}

// A parameter that is not bound may also differ when an action is sent again.
func TestUnboundParametersOfAction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Pay an invoice', 'Invoice &INVOICE_NO paid', '{INVOICE_NO,VOUCHER}', true, '{INVOICE_NO}')", ownGate)
	c.register(t, action, ownGate)
	ticket := c.answer(t, c.ask(t, action, `{"INVOICE_NO": "100-7", "VOUCHER": 1}`))
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		refusedAndGoOn(t, tx, "PS103", beginAction, action, `{"INVOICE_NO": "100-8", "VOUCHER": 1}`)
		testsql.Run(t, tx, beginAction, action, `{"INVOICE_NO": "100-7", "VOUCHER": 2}`)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Whoever changes the PIN has to prove the old one, inside an action as well.
func TestActionDoesNotOpenTheBuiltInGate(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate)
	setPIN := func(tx pgx.Tx) error { return execute(t, tx, "select postern.set_pin('519264')") }

	err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, beginAction, action, parameters)
		return setPIN(tx)
	})
	asked := required(t, err)
	if asked.Gate != "POSTERN_PIN_CHANGE" || asked.Action != nil {
		t.Fatalf("the question is %+v, want that of POSTERN_PIN_CHANGE outside of the action", asked)
	}
	c.activate(t, ownGate)
	ticket := c.answer(t, c.ask(t, action, parameters))
	err = c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, beginAction, action, parameters)
		return setPIN(tx)
	})
	required(t, err)

	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, false)", ownGate)
	ticket = c.answer(t, asked)
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, beginAction, action, parameters)
		return setPIN(tx)
	}); err != nil {
		t.Error(err)
	}
}

// A gate that is switched on while the action is under way is opened by the action's approval, if the action references
// it.
func TestGateSwitchedOnWhileActionIsUnderWay(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate)
	err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, beginAction, action, parameters)
		testsql.Run(t, tx, "select payment.straight()")
		c.activate(t, firstGate)
		return execute(t, tx, "select payment.straight()")
	})
	asked := required(t, err)
	if asked.Action == nil || *asked.Action != action || asked.Message != "Invoice 100-7 paid" {
		t.Fatalf("the question is %+v, want that of the action", asked)
	}
	ticket := c.answer(t, asked)
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, beginAction, action, parameters)
		return execute(t, tx, "select payment.straight()")
	}); err != nil {
		t.Error(err)
	}
}

// The next client of a pooled connection is in no action, whatever was left behind.
func TestActionEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, "")
	c.activate(t, firstGate)
	testsql.Run(t, c.application, "begin")
	testsql.Run(t, c.application, beginAction, action, "{}")
	left := testsql.Value[string](t, c.application, "select current_setting('postern.action')")
	testsql.Run(t, c.application, "commit")
	reachFirst := func(tx pgx.Tx) error { return execute(t, tx, "select payment.first()") }
	testdb.RequireCode(t, c.alice(t, reachFirst), "PS101")

	for _, leftBehind := range []string{left, "nonsense", "\t{}", `{"action": "PayInvoice"}`} {
		testsql.Run(t, c.application, "select set_config('postern.action', $1, false)", leftBehind)
		ticket := c.answer(t, required(t, c.alice(t, reachFirst)))
		if err := c.alice(t, func(tx pgx.Tx) error {
			testsql.Run(t, tx, openGates, ticket)
			return reachFirst(tx)
		}); err != nil {
			t.Errorf("with the setting %q left behind, the next client is refused: %v", leftBehind, err)
		}
	}
}

func TestRegistrationReplacesAndRemovalEndsAnAction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate, secondGate)
	c.register(t, action, "", secondGate)
	c.register(t, "Other", firstGate)
	const list = "select string_agg(concat_ws(' ', action, coalesce(checkpoint, 'none'), legacy_checkpoints::text), '; ' order by action) from postern.action"
	if got := testsql.Value[string](t, c.administrator, list); got != "Other CHKPT_LEGACY_CP1 {}; PayInvoice none {CHKPT_LEGACY_CP2}" {
		t.Errorf("the actions are %s", got)
	}
	testsql.Run(t, c.administrator, "select postern.remove_action('Other')")
	if got := testsql.Value[string](t, c.administrator, list); got != "PayInvoice none {CHKPT_LEGACY_CP2}" {
		t.Errorf("the actions are %s", got)
	}
	testdb.RequireCode(t, execute(t, c.administrator, "select postern.remove_action('Other')"), "PS106")
	testdb.RequireCode(t, execute(t, c.administrator, "select postern.remove_action(null)"), "PS106")
	testdb.RequireCode(t, execute(t, c.application, beginAction, "Other", "{}"), "PS106")
}
