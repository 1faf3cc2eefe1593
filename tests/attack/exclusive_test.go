package attack

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

const (
	// coffeeGate is harmless, and anybody may approve there.
	coffeeGate = "OFFICE_COFFEE"
	// transferGate has the bound parameter AMOUNT.
	transferGate = "BANK_TRANSFER"

	million = `{"AMOUNT": 10000000}`
)

// newBank is a scene with a harmless gate and one that moves money.
func newBank(t *testing.T, exclusive bool, people ...string) *scene {
	t.Helper()
	s := newScene(t, people...)
	testsql.Run(t, s.Pool, "select postern.register_gate($1, 'Coffee', 'Coffee is fine', active => true)", coffeeGate)
	testsql.Run(t, s.Pool, "select postern.register_gate($1, 'Transfer money', '&AMOUNT transferred', '{AMOUNT}', true, exclusive => $2)", transferGate, exclusive)
	return s
}

// credit is what the log says about a pass.
type credit struct {
	gate, authenticatedBy, message string
	asked                          bool
	approval                       string
	approvedGate, approvedMessage  *string
}

func (s *scene) credits(t testing.TB) []credit {
	t.Helper()
	rows, err := s.Pool.Query(t.Context(), `
select gate_id, authenticated_by, message, asked, approval::text, approved_gate_id, approved_message
  from postern.checkpoint_log where outcome = 'passed' order by log_id`)
	if err != nil {
		t.Fatal(err)
	}
	credits, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c credit, err error) {
		return c, row.Scan(&c.gate, &c.authenticatedBy, &c.message, &c.asked, &c.approval, &c.approvedGate, &c.approvedMessage)
	})
	if err != nil {
		t.Fatal(err)
	}
	return credits
}

// Bob approves a coffee in Alice's session, and in the same transaction Alice transfers ten million. It is documented
// that the second gate is open. But the log must not say that Bob has seen it.
func TestLogDoesNotCreditWhatWasNotShown(t *testing.T) {
	t.Parallel()
	s := newBank(t, false, alice, bob)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, "create view public.naive_log as select outcome, gate_id, userid, authenticated_by from postern.checkpoint_log")
	connection := s.connect(t)
	ticket := answer(t, connection, alice, challenge(t, connection, alice, coffeeGate, "{}"), bob, pins[bob])
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, coffeeGate, "{}")
	reach(t, tx, transferGate, million)
	receipts := testsql.Values[string](t, tx, "select gate_id || ' ' || asked from postern.receipts() order by log_id")
	commit(t, tx)

	if got := testsql.Value[int](t, s.Pool, "select count(*) from public.naive_log where outcome = 'passed' and authenticated_by = $1", bob); got != 2 {
		t.Fatalf("naive: %d entries look as if Bob had approved, want both", got)
	}
	credits := s.credits(t)
	if len(credits) != 2 {
		t.Fatalf("%d passes are logged", len(credits))
	}
	if got := credits[0]; !got.asked || got.approval != ticket || got.approvedGate != nil || got.approvedMessage != nil {
		t.Errorf("the coffee is logged as %+v", got)
	}
	got := credits[1]
	if got.gate != transferGate || got.asked || got.approval != ticket {
		t.Fatalf("the transfer is logged as %+v", got)
	}
	if got.approvedGate == nil || *got.approvedGate != coffeeGate || got.approvedMessage == nil || *got.approvedMessage != "Coffee is fine" {
		t.Errorf("the transfer does not say what Bob was shown: %+v", got)
	}
	if want := []string{coffeeGate + " true", transferGate + " false"}; !slices.Equal(receipts, want) {
		t.Errorf("the receipts are %v", receipts)
	}
}

// A parameter that is not bound may differ from what was shown. Then the log has both.
func TestLogHasBothMessagesIfTheyDiffer(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	ticket := approve(t, connection, alice, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 1}`)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 2}`)
	reach(t, tx, numberedGate, `{"PAYEE": "Somebody Else", "SEQUENCE": 1}`)
	commit(t, tx)
	credits := s.credits(t)
	if len(credits) != 2 || !credits[0].asked || credits[1].asked {
		t.Fatalf("the log has %+v", credits)
	}
	for _, got := range credits {
		if got.approvedMessage == nil || *got.approvedMessage != "Voucher 1 of Paper Mill Ltd numbered" || *got.approvedGate != numberedGate {
			t.Errorf("shown was, as the log says, %+v", got)
		}
	}
}

// An exclusive gate needs its own approval, whatever else was approved; and its approval opens nothing else.
func TestExclusiveGateIsNeverOpenedByAnotherApproval(t *testing.T) {
	t.Parallel()
	s := newBank(t, true, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, tx, bearerApprove))
	testsql.Run(t, tx, bearerCheckpoint, transferGate, million) // naive: any ticket opens it
	rollback(t, tx)

	coffee := approve(t, connection, alice, coffeeGate, "{}")
	transfer := approve(t, connection, alice, transferGate, million)
	tx = begin(t, connection, alice)
	open(t, tx, coffee)
	reach(t, tx, coffeeGate, "{}")
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	testsql.Run(t, tx, "select set_config('postern.exclusive_tickets', $1, true)", s.nonce(t, coffee))
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	rollback(t, tx)

	tx = begin(t, connection, alice)
	open(t, tx, transfer)
	refusedAndGoOn(t, tx, "PS101", checkpoint, coffeeGate, "{}")
	refusedAndGoOn(t, tx, "PS101", checkpoint, pinGate, "{}")
	refusedAndGoOn(t, tx, "PS103", checkpoint, transferGate, `{"AMOUNT": 10000001}`)
	reach(t, tx, transferGate, million)
	refusedAndGoOn(t, tx, "PS101", checkpoint, coffeeGate, "{}")
	for _, setting := range []string{"postern.ticket", "postern.exclusive_tickets"} {
		testsql.Run(t, tx, "select set_config($1, $2, true)", setting, s.nonce(t, transfer))
		refusedAndGoOn(t, tx, "PS101", checkpoint, coffeeGate, "{}")
		refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million) // once more is another transfer
	}
	for _, nonsense := range []string{"open", ",", "'", s.nonce(t, transfer) + ",x", "{}"} {
		testsql.Run(t, tx, "select set_config('postern.exclusive_tickets', $1, true)", nonsense)
		refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	}
	rollback(t, tx)

	// With both tickets, in either order of tickets and gates.
	for name, order := range map[string]struct{ tickets, gates []string }{
		"the coffee's ticket first": {[]string{coffeeGate, transferGate}, []string{transferGate, coffeeGate}},
		"the transfer's first":      {[]string{transferGate, coffeeGate}, []string{coffeeGate, transferGate}},
	} {
		tickets := map[string]string{
			coffeeGate: approve(t, connection, alice, coffeeGate, "{}"), transferGate: approve(t, connection, alice, transferGate, million),
		}
		parameters := map[string]string{coffeeGate: "{}", transferGate: million}
		tx := begin(t, connection, alice)
		for _, gate := range order.tickets {
			open(t, tx, tickets[gate])
		}
		for _, gate := range order.gates {
			reach(t, tx, gate, parameters[gate])
		}
		reach(t, tx, releaseGate, "{}") // opened together with the coffee
		commit(t, tx)
		credits := s.credits(t)
		for _, got := range credits[len(credits)-3:] {
			if want, asked := tickets[got.gate], got.gate != releaseGate; got.asked != asked || asked && got.approval != want {
				t.Errorf("%s: %s is logged as %+v", name, got.gate, got)
			}
		}
	}
}

// Two transfers need two approvals, even of the same amount; and a rollback to a savepoint takes a pass back.
func TestExclusiveGateTakesAnApprovalEachTime(t *testing.T) {
	t.Parallel()
	s := newBank(t, true, alice)
	connection := s.connect(t)
	first := approve(t, connection, alice, transferGate, million)
	second := approve(t, connection, alice, transferGate, `{"AMOUNT": 5}`)
	third := approve(t, connection, alice, transferGate, million)
	tx := begin(t, connection, alice)
	open(t, tx, first)
	testsql.Run(t, tx, "savepoint one")
	reach(t, tx, transferGate, million)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, `{"AMOUNT": 5}`)
	testsql.Run(t, tx, "rollback to savepoint one")
	reach(t, tx, transferGate, `{"AMOUNT": 10000000.00}`) // the pass was taken back
	open(t, tx, second)
	open(t, tx, third)
	refusedAndGoOn(t, tx, "PS103", checkpoint, transferGate, `{"AMOUNT": 6}`)
	reach(t, tx, transferGate, million)
	reach(t, tx, transferGate, `{"AMOUNT": 5}`)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	refusedAndGoOn(t, tx, "PS103", openGates, first)

	// One statement reaches it twice.
	rollback(t, tx)
	tx = begin(t, connection, alice)
	open(t, tx, first)
	refusedAndGoOn(t, tx, "PS101", "select postern.checkpoint($1, $2::jsonb), postern.checkpoint($1, $2::jsonb)", transferGate, million)
	reach(t, tx, transferGate, million)
	commit(t, tx)
	if got := s.passes(t); got != 1 {
		t.Errorf("%d passes are logged, want 1", got)
	}
}

// The ticket of an exclusive gate is bound to time, user and role like any other.
func TestExclusiveTicketIsCheckedLikeOthers(t *testing.T) {
	t.Parallel()
	s := newBank(t, true, alice, bob)
	connection, other := s.connect(t), s.connect(t)
	stranger := s.Login(t, "postern_trusted_app").Connect(t)
	ticket := approve(t, connection, alice, transferGate, million)

	tx := begin(t, stranger, alice)
	refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
	tx = begin(t, connection, bob)
	refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	elsewhere := begin(t, other, alice)
	testsql.Run(t, elsewhere, "select pg_current_xact_id(), set_config('postern.exclusive_tickets', $1, true)", s.nonce(t, ticket))
	refusedAndGoOn(t, elsewhere, "PS101", checkpoint, transferGate, million)
	rollback(t, elsewhere)
	rollback(t, tx)

	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, s.Pool, "update postern_internal.ticket set expires_at = clock_timestamp()")
	reach(t, tx, transferGate, million) // it was in time when it was used
	rollback(t, tx)
	ticket = approve(t, connection, alice, transferGate, million)
	s.expire(t, func() error {
		tx = begin(t, connection, alice)
		_, err := tx.Exec(t.Context(), openGates, ticket)
		return err
	}, func() { rollback(t, tx) })
	refusedAndGoOn(t, tx, "PS103", checkpoint, transferGate, million)
	rollback(t, tx)
}

// The same within an action: its approval opens the gates inside, but no exclusive one.
func TestActionOpensNoExclusiveGate(t *testing.T) {
	t.Parallel()
	s := newBank(t, true, alice)
	testsql.Run(t, s.Pool, "select postern.register_action('PayAll', null, array[$1, $2, $3])", transferGate, coffeeGate, releaseGate)
	testsql.Run(t, s.Pool, "select postern.register_action('Transfer', $1, array[$2])", transferGate, coffeeGate)
	testsql.Run(t, s.Pool, "select postern.register_action('Unaware')")
	connection := s.connect(t)

	action := approveAction(t, connection, alice, "PayAll", "{}")
	transfer := approve(t, connection, alice, transferGate, million)
	tx := begin(t, connection, alice)
	open(t, tx, action)
	testsql.Run(t, tx, beginAction, "PayAll", "{}")
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	open(t, tx, transfer)
	reach(t, tx, transferGate, million)
	reach(t, tx, coffeeGate, "{}")
	commit(t, tx)
	credits := s.credits(t)
	if len(credits) != 2 || !credits[0].asked || credits[0].approval != transfer || credits[1].asked || credits[1].approval != action ||
		credits[1].approvedMessage == nil || *credits[1].approvedMessage != "PayAll: Coffee, Release payments" {
		t.Errorf("the log has %+v", credits)
	}

	// The exclusive gate is the action's own checkpoint. The approval is for the beginning, once, and opens nothing
	// inside.
	action = approveAction(t, connection, alice, "Transfer", million)
	tx = begin(t, connection, alice)
	open(t, tx, action)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	refusedAndGoOn(t, tx, "PS103", beginAction, "Transfer", `{"AMOUNT": 1}`)
	testsql.Run(t, tx, beginAction, "Transfer", million)
	refusedAndGoOn(t, tx, "PS101", beginAction, "Transfer", million)
	refusedAndGoOn(t, tx, "PS101", checkpoint, coffeeGate, "{}")
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	rollback(t, tx)

	// An action that needs no approval and does not reference the exclusive gate: the gate asks for itself.
	transfer = approve(t, connection, alice, transferGate, million)
	tx = begin(t, connection, alice)
	open(t, tx, transfer)
	testsql.Run(t, tx, beginAction, "Unaware", "{}")
	refusedAndGoOn(t, tx, "PS105", checkpoint, coffeeGate, "{}")
	reach(t, tx, transferGate, million)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	rollback(t, tx)
}

// A registration that does not mention exclusive, for example during an upgrade, would turn it off. The naive version
// has false as the default.
func TestRegistrationKeepsAGateExclusive(t *testing.T) {
	t.Parallel()
	s := newBank(t, true, alice)
	connection := s.connect(t)
	for _, test := range []struct{ registration, code string }{
		{"select postern.register_gate($1, 'Transfer money', '&AMOUNT transferred', '{AMOUNT}', true)", "PS101"},
		{"select postern.register_gate($1, 'Transfer money', '&AMOUNT transferred', '{AMOUNT}', true, exclusive => null)", "PS101"},
		{"select postern.register_gate($1, 'Transfer money', '&AMOUNT transferred', '{AMOUNT}', true, exclusive => false)", ""},
	} {
		testsql.Run(t, s.Pool, test.registration, transferGate)
		coffee := approve(t, connection, alice, coffeeGate, "{}")
		tx := begin(t, connection, alice)
		open(t, tx, coffee)
		reach(t, tx, coffeeGate, "{}")
		if test.code == "" {
			reach(t, tx, transferGate, million)
		} else {
			refusedAndGoOn(t, tx, test.code, checkpoint, transferGate, million)
		}
		rollback(t, tx)
	}
}

// A gate that becomes exclusive is no longer opened by earlier approvals.
func TestGateBecomesExclusive(t *testing.T) {
	t.Parallel()
	s := newBank(t, false, alice)
	connection := s.connect(t)
	coffee := approve(t, connection, alice, coffeeGate, "{}")
	transfer := approve(t, connection, alice, transferGate, million)
	tx := begin(t, connection, alice)
	open(t, tx, coffee)
	reach(t, tx, coffeeGate, "{}")
	reach(t, tx, transferGate, million)
	testsql.Run(t, s.Pool, "select postern.register_gate($1, 'Transfer money', '&AMOUNT transferred', '{AMOUNT}', true, exclusive => true)", transferGate)
	refusedAndGoOn(t, tx, "PS101", checkpoint, transferGate, million)
	rollback(t, tx)
	if got := status(t, connection, alice, transfer); got != "expired" {
		t.Errorf("an approval that would open gates along, and this one again and again, is %s", got)
	}
	if got := status(t, connection, alice, coffee); got != "accepted" {
		t.Errorf("an approval of another gate is %s", got)
	}
}
