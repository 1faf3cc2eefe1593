package guard_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

const (
	approveTwo  = "update shop.invoice set approved = true where invoice_no in (1, 2)"
	guardTotals = `select postern.protect_gate('shop.invoice', 'SHOP_APPROVE_ALL', '{update}', '{approved}', '{"INVOICES": "count", "TOTAL": "sum(amount)"}')`
)

// A statement asks once for all its rows, and each of them is logged.
func TestBulkStatementAsksOnceAndLogsEachRow(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	q := s.asked(t, approveTwo)
	if q.Message != "Invoice 1 over 10 approved\nInvoice 2 over 20 approved" || string(q.Parameters) != `{"each row": [{"AMOUNT": 10, "INVOICE": 1}, {"AMOUNT": 20, "INVOICE": 2}]}` {
		t.Errorf("the question is %q, with %s", q.Message, q.Parameters)
	}
	ticket := s.approve(t, q)
	for _, other := range []string{
		"update shop.invoice set approved = true where invoice_no in (1, 2, 3)",
		"update shop.invoice set approved = true where invoice_no in (1, 3)",
		"update shop.invoice set approved = true where invoice_no = 1",
		"update shop.invoice set approved = true, amount = amount + 1 where invoice_no in (1, 2)",
	} {
		s.within(t, []string{ticket}, func(tx pgx.Tx) { Refused(t, tx, "PS103", other) })
	}
	// The rows are found in another order.
	s.send(t, []string{ticket}, "update shop.invoice set approved = true from (select 2 as no union all select 1 order by 1 desc limit 2) as o where invoice_no = o.no")
	s.requireApproved(t, "1 2")
	s.requireLog(t, "Invoice 1 over 10 approved; Invoice 2 over 20 approved")
	if got := Value[int](t, s.Pool, "select count(distinct approval) from postern.checkpoint_log where outcome = 'passed' and asked and approved_message is null"); got != 1 {
		t.Errorf("%d approvals are named", got)
	}
}

// The approval of one row must not open the next statement of five.
func TestApprovalOfOneRowOpensNoOtherStatement(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	const one = "update shop.invoice set approved = true where invoice_no = 1"
	ticket := s.approve(t, s.asked(t, one))
	s.within(t, []string{ticket}, func(tx pgx.Tx) {
		Run(t, tx, one)
		Refused(t, tx, "PS101", "update shop.invoice set approved = true where invoice_no > 1")
	})
	s.within(t, []string{ticket}, func(tx pgx.Tx) {
		Run(t, tx, one)
		Run(t, tx, "savepoint again")
		Refused(t, tx, "PS101", "update shop.invoice set approved = not approved where invoice_no = 1")
		Run(t, tx, "rollback to savepoint again")
		Refused(t, tx, "PS101", "with a as (update shop.invoice set approved = false where invoice_no = 1 returning 1) insert into shop.invoice select 9, 9, true from a")
	})
}

// A statement that was rolled back has used up no approval.
func TestUndoneStatementLeavesTheApproval(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	const one = "update shop.invoice set approved = true where invoice_no = 1"
	ticket := s.approve(t, s.asked(t, one))
	s.send(t, []string{ticket}, "savepoint a", one, "rollback to savepoint a", one)
	s.requireApproved(t, "1")
	s.requireLog(t, "Invoice 1 over 10 approved")
}

func TestTotalsAreShownAndBound(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardTotals)
	q := s.asked(t, approveTwo)
	if q.Message != "2 invoices over 30 approved" || string(q.Parameters) != `{"TOTAL": 30, "INVOICES": 2}` {
		t.Errorf("the question is %q, with %s", q.Message, q.Parameters)
	}
	ticket := s.approve(t, q)
	for _, other := range []string{
		"update shop.invoice set approved = true where invoice_no in (1, 3)",
		"update shop.invoice set approved = true, amount = case invoice_no when 1 then 5 else 25 - 1 end where invoice_no in (1, 2)",
		"update shop.invoice set approved = true, amount = 10 where invoice_no in (1, 2, 3)",
	} {
		s.within(t, []string{ticket}, func(tx pgx.Tx) { Refused(t, tx, "PS103", other) })
	}
	s.send(t, []string{ticket}, approveTwo)
	s.requireLog(t, "2 invoices over 30 approved")
	// Only rows with a guarded change are counted. If there are none, nobody is asked.
	if q := s.asked(t, "update shop.invoice set approved = true"); q.Message != "3 invoices over 120 approved" {
		t.Errorf("the question is %q", q.Message)
	}
	s.send(t, nil, approveTwo)
}

// Plain columns beside totals make groups: one message and one entry for each.
func TestTotalsByGroup(t *testing.T) {
	s := newScene(t)
	Run(t, s.Pool, "select postern.register_gate('SHOP_BY_NOTE', 'By note', '&NOTE: &ROWS of &TOTAL', '{NOTE,ROWS,TOTAL}', true)")
	Run(t, s.owner, `
update shop.invoice set note = case when invoice_no < 4 then 'a' else 'b' end;
select postern.protect_gate('shop.invoice', 'SHOP_BY_NOTE', parameters => '{"NOTE": "note", "ROWS": " COUNT( * ) ", "TOTAL": "Sum( amount )"}')`)
	const statement = "delete from shop.invoice"
	q := s.asked(t, statement)
	if q.Message != "a: 3 of 60\nb: 2 of 90" {
		t.Errorf("the question is %q", q.Message)
	}
	s.send(t, []string{s.approve(t, q)}, statement)
	s.requireLog(t, "a: 3 of 60; b: 2 of 90")
}

func TestTenThousandRowsNeedTotals(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, "insert into shop.invoice select n, 1 from generate_series(11, 10010) as n; "+guardApproval)
	const all, many = "update shop.invoice set approved = true", "update shop.invoice set approved = true, amount = 1234567890123 where invoice_no < 1000"
	for _, sql := range []string{all, many} {
		s.within(t, nil, func(tx pgx.Tx) {
			if refused := Refused(t, tx, "PS107", sql); !strings.Contains(refused.Hint, "totals") {
				t.Errorf("%s: the hint is %q", sql, refused.Hint)
			}
		})
	}
	Run(t, s.owner, "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE'); "+guardTotals)
	q := s.asked(t, all)
	if q.Message != "10005 invoices over 10150 approved" {
		t.Errorf("the question is %q", q.Message)
	}
	s.send(t, []string{s.approve(t, q)}, all)
	s.requireLog(t, "10005 invoices over 10150 approved")
}

// A parameter that is not bound may differ, in a statement of several rows too. Then the log has what was shown.
func TestUnboundParametersMayDifferInEachRow(t *testing.T) {
	s := newScene(t)
	Run(t, s.Pool, "select postern.register_gate('SHOP_NUMBERED', 'Number', 'Note &NOTE on &INVOICE', '{NOTE,INVOICE}', true, '{INVOICE}')")
	Run(t, s.owner, `select postern.protect_gate('shop.invoice', 'SHOP_NUMBERED', '{update}', parameters => '{"NOTE": "note", "INVOICE": "invoice_no"}')`)
	q := s.asked(t, "update shop.invoice set note = 10 - invoice_no where invoice_no in (1, 2)")
	if q.Message != "Note 9 on 1\nNote 8 on 2" || string(q.Parameters) != `{"each row": [{"INVOICE": 1}, {"INVOICE": 2}]}` {
		t.Errorf("the question is %q, with %s", q.Message, q.Parameters)
	}
	ticket := s.approve(t, q)
	s.within(t, []string{ticket}, func(tx pgx.Tx) {
		Refused(t, tx, "PS103", "update shop.invoice set note = 'x' where invoice_no in (1, 3)")
	})
	s.send(t, []string{ticket}, "update shop.invoice set note = 20 - invoice_no where invoice_no in (1, 2)")
	s.requireLog(t, "Note 19 on 1; Note 18 on 2")
	if got := Value[int](t, s.Pool, `select count(*) from postern.checkpoint_log where outcome = 'passed' and approved_message = $1`, "Note 9 on 1\nNote 8 on 2"); got != 2 {
		t.Errorf("%d entries say what was shown", got)
	}
}

// Whatever the session says, a guard and all that it calls are not compiled. Without nested loops some plans look so
// expensive that compiling them took more than a second.
func TestGuardIsNotCompiled(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `select postern.protect_gate('shop.invoice', 'SHOP_PLAIN', '{update}', condition => 'pg_catalog.current_setting(''jit'') <> ''off''')`)
	s.within(t, nil, func(tx pgx.Tx) {
		Run(t, tx, "set local jit = on; set local jit_above_cost = 0")
		Run(t, tx, "update shop.invoice set note = 'x'")
	})
}
