package guard_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	. "github.com/posternsql/postern/internal/testsql"
)

// explained are the guards that an error or a table has, with the operations that ask.
func (s *scene) explained(t *testing.T, arguments string, values ...any) string {
	t.Helper()
	return Value[string](t, s.Pool, "select coalesce(string_agg(format('%s.%s %s %s', e.schema_name, e.table_name, e.gate_id, e.operations), ', ' order by e.table_name, e.gate_id), '') from (select schema_name, table_name, gate_id, string_agg(operation, '+') as operations from postern.explain_guards("+arguments+") where asks group by schema_name, table_name, gate_id) as e", values...)
}

// Whatever a guard refuses, the error leads to that guard, and to no other one.
func TestErrorLeadsToItsGuard(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval+`;
create table shop."Invoice" (like shop.invoice);
create function shop.approve_all() returns void language sql as 'update shop.invoice set approved = true';
create function shop.reach() returns void language sql as $$ select postern.checkpoint('SHOP_APPROVE', '{"INVOICE": 1, "AMOUNT": 10}') $$;
select postern.protect_gate('shop."Invoice"', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}'),
       postern.protect_gate('shop.invoice', 'SHOP_APPROVE_ALL', '{delete}', parameters => '{"INVOICES": "count", "TOTAL": "sum(amount)"}')`)
	approval := s.approve(t, s.asked(t, "update shop.invoice set approved = true where invoice_no = 1"))
	const invoice, capital, all = "shop.invoice SHOP_APPROVE insert+update+delete+truncate", "shop.Invoice SHOP_APPROVE insert+update+delete+truncate", "shop.invoice SHOP_APPROVE_ALL delete+truncate"
	for _, test := range []struct{ code, sql, want string }{
		{"PS101", "update shop.invoice set approved = true where invoice_no = 1", invoice},
		{"PS101", "select shop.approve_all()", invoice},
		{"PS101", `insert into shop."Invoice" values (1, 1, true)`, capital},
		{"PS107", "insert into shop.invoice select n, 1, false from generate_series(10, 2000) as n", invoice},
		{"PS101", "delete from shop.invoice", all},
		{"PS101", "select shop.reach()", ""},
	} {
		s.within(t, nil, func(tx pgx.Tx) {
			if got := s.explained(t, "error => $1", Refused(t, tx, test.code, test.sql).Where); got != test.want {
				t.Errorf("%s is explained as %q, want %q", test.sql, got, test.want)
			}
		})
	}
	s.within(t, []string{approval}, func(tx pgx.Tx) {
		if got := s.explained(t, "error => $1", Refused(t, tx, "PS103", "update shop.invoice set approved = true where invoice_no = 2").Where); got != invoice {
			t.Errorf("what was not approved is explained as %q", got)
		}
	})
	if got := s.explained(t, "error => $1", Refused(t, s.Pool, "PS401", "update shop.invoice set approved = true").Where); got != invoice {
		t.Errorf("a session without user is explained as %q", got)
	}
	if got := s.explained(t, "'shop.invoice'"); got != invoice+", "+all {
		t.Errorf("the table is explained as %q", got)
	}
	if got := Value[int](t, s.Pool, "select count(*) from postern.explain_guards() join postern.protected_table using (schema_name, table_name, gate_id)"); got != 10 {
		t.Errorf("%d explanations have the names of their guard's table in protected_table, want 10", got)
	}
}

// An explanation says of each table that is written, not of the listed one, whether its guard is in place.
func TestExplanationSeesWhatAsksNothing(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.part (invoice_no integer, amount numeric, approved boolean) partition by list (invoice_no);
create table shop.part_1 partition of shop.part for values in (1);
select postern.protect_gate('shop.part', 'SHOP_APPROVE', '{insert,update}', '{approved}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}');
create table shop.part_2 partition of shop.part for values in (2)`)
	const part = "shop.part SHOP_APPROVE insert+update"
	for table, want := range map[string]string{"shop.part": part, "shop.part_1": part, "shop.part_2": "", "shop.invoice": ""} {
		if got := s.explained(t, "$1::text::regclass", table); got != want {
			t.Errorf("%s is explained as %q, want %q", table, got, want)
		}
	}
	if got := Value[string](t, s.Pool, "select explanation from postern.explain_guards('shop.part_2') where operation = 'update'"); !strings.Contains(got, "call postern.protect_gate again") {
		t.Errorf("the new partition is explained as %q", got)
	}
	if got := Value[string](t, s.Pool, "select explanation from postern.explain_guards('shop.part_1') where operation = 'update'"); got != "UPDATE asks for rows in which it changes approved. The person sees AMOUNT: amount, INVOICE: invoice_no. A statement that also moves the row to another partition is refused." {
		t.Errorf("the partition is explained as %q", got)
	}
	Run(t, s.Pool, "select postern.set_gate_active('SHOP_APPROVE', false)")
	if got := s.explained(t, "null") + Value[string](t, s.Pool, "select min(explanation) from postern.explain_guards('shop.part')"); got != "Gate SHOP_APPROVE is not active, so nothing is asked." {
		t.Errorf("the inactive gate is explained as %q", got)
	}
	Run(t, s.owner, "drop table shop.part")
	if got := Value[string](t, s.Pool, "select min(explanation) from postern.explain_guards()"); got != "The table is gone or has another name now." {
		t.Errorf("the dropped table is explained as %q", got)
	}
}

// Those who write a table learn from the error what they have written, and nothing from the explanation.
func TestExplanationsAreForAdministratorsAndAuditors(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	var refused *pgconn.PgError
	s.within(t, nil, func(tx pgx.Tx) {
		refused = Refused(t, tx, "PS101", "update shop.invoice set approved = true where invoice_no = 3")
	})
	s.within(t, nil, func(tx pgx.Tx) { Fails(t, tx, "42501", "select from postern.explain_guards('shop.invoice')") })
	auditor := s.Login(t, "postern_auditor").Connect(t)
	text := strings.Join(Values[string](t, auditor, "select e::text from postern.explain_guards(error => $1) as e", refused.Where), "\n")
	if text == "" || strings.ContainsAny(text, "0123456789") {
		t.Errorf("explained as %q", text)
	}
}
