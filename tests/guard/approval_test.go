package guard_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

func TestWriteOfAGuardedColumnAsksAndIsDoneOnce(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	const statement = "update shop.invoice set approved = true where invoice_no = 1"
	q := s.asked(t, statement)
	if q.Gate != gate || q.Message != "Invoice 1 over 10 approved" || string(q.Parameters) != `{"AMOUNT": 10, "INVOICE": 1}` {
		t.Errorf("the question is %+v, with %s", q, q.Parameters)
	}
	ticket := s.approve(t, q)
	s.send(t, []string{ticket}, statement)
	s.requireApproved(t, "1")
	s.requireLog(t, "Invoice 1 over 10 approved")
	s.within(t, nil, func(tx pgx.Tx) { Refused(t, tx, "PS103", "select postern.open_gates($1::uuid)", ticket) })
}

func TestInactiveGateGuardsNothing(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	Run(t, s.Pool, "select postern.set_gate_active('SHOP_APPROVE', false)")
	s.send(t, nil, "update shop.invoice set approved = true where invoice_no = 1", "delete from shop.invoice where invoice_no = 2", "truncate shop.invoice")
	s.requireLog(t, "")
	Run(t, s.Pool, "select postern.set_gate_active('SHOP_APPROVE', true)")
	s.asked(t, "insert into shop.invoice values (1, 1, true)")
}

// A change of other columns asks nothing. A change of a guarded column asks, even if a comparison by value would miss
// it.
func TestOnlyChangesOfGuardedColumnsAsk(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create collation shop.blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
alter table shop.invoice add account text collate shop.blind default 'abc', add tags integer[] default '{1}', add document json default '{"a": 1}';
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', columns => '{approved,account,tags,document,amount}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`)
	s.send(t, nil,
		"update shop.invoice set note = 'x'",
		"update shop.invoice set approved = approved, account = account, tags = tags, document = document, amount = amount",
		"update shop.invoice set approved = true where false",
		"delete from shop.invoice where false",
		"insert into shop.invoice select * from shop.invoice where false",
		"insert into shop.invoice values (1, 1) on conflict do nothing")
	s.requireLog(t, "")
	for _, set := range []string{"approved = true", "account = 'ABC'", "tags = '{1,2}'", "document = '{\"a\":1}'", "amount = 10.00", "account = null"} {
		if q := s.asked(t, "update shop.invoice set "+set+" where invoice_no = 1"); !strings.HasPrefix(q.Message, "Invoice 1 over 10") {
			t.Errorf("set %s: the question is %q", set, q.Message)
		}
	}
	// Rows trade their values, and the columns hold the same values as before.
	s.asked(t, "update shop.invoice set amount = 30 - amount where invoice_no in (1, 2)")
}

func TestWithoutColumnsEachChangeAsks(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, "select postern.protect_gate('shop.invoice', 'SHOP_PLAIN')")
	s.send(t, nil, "update shop.invoice set note = note")
	s.asked(t, "update shop.invoice set note = 'x' where invoice_no = 1")
	Run(t, s.owner, "alter table shop.invoice add later text")
	s.asked(t, "update shop.invoice set later = 'x' where invoice_no = 1")
	s.asked(t, "insert into shop.invoice values (9, 9)")
	s.asked(t, "delete from shop.invoice where invoice_no = 1")
}

func TestOperationsThatAreNotNamedAskNothing(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, "select postern.protect_gate('shop.invoice', 'SHOP_PLAIN', '{UPDATE}')")
	s.send(t, nil, "insert into shop.invoice values (9, 9, true)", "delete from shop.invoice where invoice_no = 1")
	s.asked(t, "update shop.invoice set approved = true where invoice_no = 2")
	s.asked(t, "insert into shop.invoice values (2, 1) on conflict (invoice_no) do update set approved = true")
	s.send(t, nil, "truncate shop.invoice")
}

func TestParametersComeFromNewRowsAndForADeleteFromOldOnes(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, strings.Replace(guardApproval, "columns => '{approved}', ", "", 1))
	for sql, want := range map[string]string{
		"update shop.invoice set amount = 11 where invoice_no = 1": "Invoice 1 over 11 approved",
		"insert into shop.invoice values (6, 60.5)":                "Invoice 6 over 60.5 approved",
		"delete from shop.invoice where invoice_no = 2":            "Invoice 2 over 20 approved",
	} {
		if got := s.asked(t, sql).Message; got != want {
			t.Errorf("%s: asked is %q, want %q", sql, got, want)
		}
	}
}

func TestParametersDefaultToColumnsOfTheirNames(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
alter table shop.invoice rename invoice_no to invoice;
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}')`)
	if got := s.asked(t, "update shop.invoice set note = 'x' where invoice = 3").Message; got != "Invoice 3 over 30 approved" {
		t.Errorf("the question is %q", got)
	}
}

// A condition that is unknown counts as true: an inserted row has no old values, and may be inserted as approved.
func TestConditionSaysWhichRowsAsk(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, strings.Replace(guardApproval, ")", ", condition => 'new.approved and not old.approved -- becomes approved')", 1))
	s.send(t, nil,
		"insert into shop.invoice values (6, 60)",
		"update shop.invoice set approved = false",
		"delete from shop.invoice where invoice_no = 5 and approved")
	s.asked(t, "insert into shop.invoice values (7, 70, true)")
	s.asked(t, "update shop.invoice set approved = true where invoice_no = 1")

	Run(t, s.owner, `
select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE'),
       postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}',
                            condition => 'new.amount > old.amount and new.amount > (select max(amount) from shop.invoice where invoice_no = 1)')`)
	s.send(t, nil, "update shop.invoice set amount = 1 where invoice_no = 5")
	s.asked(t, "update shop.invoice set amount = 55 where invoice_no = 4")
}

// One approval serves the gate of the function and the guard of the table, in either order, and is logged once.
func TestFunctionAndGuardAreOneApproval(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval+";"+business+`;
create function shop.approve_late(no integer) returns void language plpgsql as $$
begin
  update shop.invoice set approved = true where invoice_no = no;
  perform postern.checkpoint('SHOP_APPROVE', (select jsonb_build_object('INVOICE', i.invoice_no, 'AMOUNT', i.amount::numeric(9, 2)) from shop.invoice as i where i.invoice_no = no));
end
$$`)
	q := s.asked(t, "select shop.approve(1)")
	if q.Message != "Invoice 1 over 10 approved" {
		t.Errorf("the question is %q", q.Message)
	}
	s.send(t, []string{s.approve(t, q)}, "select shop.approve(1)")
	s.requireLog(t, "Invoice 1 over 10 approved")
	s.send(t, []string{s.approve(t, s.asked(t, "select shop.approve_late(2)"))}, "select shop.approve_late(2)")
	s.requireLog(t, "Invoice 1 over 10 approved; Invoice 2 over 20 approved")
	s.requireApproved(t, "1 2")

	// Two invoices are two approvals, whichever comes first.
	first := s.approve(t, s.asked(t, "select shop.approve(3)"))
	q = s.asked(t, "select shop.approve(3), shop.approve(4)", first)
	if q.Message != "Invoice 4 over 40 approved" {
		t.Errorf("the question is %q", q.Message)
	}
	s.send(t, []string{s.approve(t, q), first}, "select shop.approve(3), shop.approve(4)")
	s.requireApproved(t, "1 2 3 4")
}

// A function reaches the gate with one invoice and writes another one: its approval does not open the guard.
func TestGuardDoesNotTakeWhatTheFunctionHadApproved(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval+`;
create function shop.approve_other(no integer, other integer) returns void language plpgsql as $$
begin
  perform postern.checkpoint('SHOP_APPROVE', (select jsonb_build_object('INVOICE', i.invoice_no, 'AMOUNT', i.amount) from shop.invoice as i where i.invoice_no = no));
  update shop.invoice set approved = true where invoice_no = other;
end
$$`)
	ticket := s.approve(t, s.asked(t, "select shop.approve_other(1, 5)"))
	if q := s.asked(t, "select shop.approve_other(1, 5)", ticket); q.Message != "Invoice 5 over 50 approved" {
		t.Errorf("the question is %q, want that of invoice 5", q.Message)
	}
	s.requireApproved(t, "")
}

// The approval of an action whose own checkpoint is the guard's gate is an approval of what the guard asks for.
func TestActionAndGuardAreOneApproval(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	Run(t, s.Pool, "select postern.register_action('ApproveInvoice', 'SHOP_APPROVE')")
	const begin, write = `select postern.begin_action('ApproveInvoice', '{"INVOICE": 1, "AMOUNT": 10}')`, "update shop.invoice set approved = true where invoice_no = "
	ticket := s.approve(t, s.asked(t, begin))
	s.within(t, []string{ticket}, func(tx pgx.Tx) {
		Refused(t, tx, "PS101", write+"1") // the action has not begun
	})
	s.within(t, []string{ticket}, func(tx pgx.Tx) {
		Run(t, tx, begin)
		Refused(t, tx, "PS101", write+"2")
	})
	s.send(t, []string{ticket}, begin, write+"1")
	s.requireApproved(t, "1")
	s.requireLog(t, "Invoice 1 over 10 approved")
}

// With exclusive => false, a guard is opened by the approval of another gate, like any gate.
func TestGuardThatIsNotExclusiveIsOpenedAlong(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, strings.Replace(guardApproval, ")", ", exclusive => false)", 1))
	const plain, write = "select postern.checkpoint('SHOP_PLAIN')", "update shop.invoice set approved = true where invoice_no = "
	ticket := s.approve(t, s.asked(t, plain))
	s.within(t, []string{ticket}, func(tx pgx.Tx) { Refused(t, tx, "PS103", write+"1") })
	s.send(t, []string{ticket}, plain, write+"1", write+"2")
	s.requireLog(t, "Anything done; Invoice 1 over 10 approved (not asked); Invoice 2 over 20 approved (not asked)")

	// If the guard itself asks, several rows are approved together too.
	ticket = s.approve(t, s.asked(t, write+"3 or invoice_no = 4"))
	s.send(t, []string{ticket}, write+"3 or invoice_no = 4")
	s.requireApproved(t, "1 2 3 4")
}

func TestGuardMakesItsGateExclusive(t *testing.T) {
	s := newScene(t)
	ticket := s.approve(t, s.asked(t, `select postern.checkpoint('SHOP_APPROVE', '{"INVOICE": 1, "AMOUNT": 10}')`))
	Run(t, s.owner, guardApproval)
	if !Value[bool](t, s.Pool, "select exclusive from postern.gate where gate_id = 'SHOP_APPROVE'") {
		t.Error("the gate is not exclusive")
	}
	// This approval would have opened other gates.
	s.within(t, nil, func(tx pgx.Tx) { Refused(t, tx, "PS103", "select postern.open_gates($1::uuid)", ticket) })
	Run(t, s.Pool, "select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true)")
	refused := Refused(t, s.Pool, "PS107", "select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true, exclusive => false)")
	if !strings.Contains(refused.Detail, "shop.invoice") {
		t.Errorf("the detail is %q", refused.Detail)
	}
	Run(t, s.owner, "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')")
	Run(t, s.Pool, "select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true, exclusive => false)")
}

// Somebody without an end user, such as a job, cannot be asked.
func TestWriterWithoutAnEndUserIsRefused(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	Refused(t, s.application, "PS401", "update shop.invoice set approved = true")
	Refused(t, s.Pool, "PS401", "update shop.invoice set approved = true")
	Run(t, s.Pool, "update shop.invoice set note = 'x'")
}
