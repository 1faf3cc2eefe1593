package attack

import (
	"fmt"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// What a deferred trigger writes is written during the COMMIT, when the application has nothing left to send.
func TestGuardAsksDuringTheCommit(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"open", "invoice"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.queue_%[1]s (invoice_no integer);
create function shop.later_%[1]s() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin update shop.%[1]s set approved = true where invoice_no = new.invoice_no; return null; end $$;
create constraint trigger later after insert on shop.queue_%[1]s deferrable initially deferred for each row execute function shop.later_%[1]s()`, table))
	}
	tx := begin(t, s.application, alice)
	testsql.Run(t, tx, "insert into shop.queue_open values (1)")
	commit(t, tx)
	if got := s.approvedIn(t, "shop.open"); got != "1" {
		t.Fatalf("naive: approved are %q", got)
	}
	tx = begin(t, s.application, alice)
	testsql.Run(t, tx, "insert into shop.queue_invoice values (1)")
	testdb.RequireCode(t, tx.Commit(t.Context()), "PS101")
	if got := s.approvedIn(t, "shop.invoice"); got != "" {
		t.Errorf("approved are %q", got)
	}
	// The approval of one row is used up by it, and another row of the same transaction is not approved along.
	ticket := approve(t, s.application, alice, guardGate, `{"INVOICE": 1, "AMOUNT": 10}`)
	tx = begin(t, s.application, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "insert into shop.queue_invoice values (1), (2)")
	testdb.RequireCode(t, tx.Commit(t.Context()), "PS101")
	tx = begin(t, s.application, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "insert into shop.queue_invoice values (1)")
	commit(t, tx)
	if got := s.approvedIn(t, "shop.invoice"); got != "1" {
		t.Errorf("approved are %q", got)
	}
}

// Somebody changes the amount while the approved transaction waits for the row. A function that has read the row before
// it asks approves what nobody was shown.
func TestRowThatChangesMeanwhileIsNotApproved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
create function shop.approve(no integer) returns void language plpgsql as $$
begin
  perform postern.checkpoint('SHOP_NAIVE', (select jsonb_build_object('INVOICE', i.invoice_no, 'AMOUNT', i.amount) from shop.open as i where i.invoice_no = no));
  update shop.open set approved = true where invoice_no = no;
end
$$`)
	other := s.connect(t)
	for _, c := range []struct{ table, gate, approve string }{
		{"shop.open", "SHOP_NAIVE", "select shop.approve(1)"},
		{"shop.invoice", guardGate, "update shop.invoice set approved = true where invoice_no = 1"},
	} {
		ticket := approve(t, s.application, alice, c.gate, `{"INVOICE": 1, "AMOUNT": 10}`)
		changing := begin(t, other, alice)
		testsql.Run(t, changing, "update "+c.table+" set amount = 1000000 where invoice_no = 1")
		tx := begin(t, s.application, alice)
		open(t, tx, ticket)
		approving := make(chan error, 1)
		go func() {
			_, err := tx.Exec(t.Context(), c.approve)
			approving <- err
		}()
		waitUntilBlocked(t, s.Pool, s.application.PgConn().PID())
		commit(t, changing)
		err := <-approving
		if c.table == "shop.open" {
			if err != nil {
				t.Fatalf("naive: %v", err)
			}
			commit(t, tx)
			if got := testsql.Value[float64](t, s.Pool, "select amount from shop.open where invoice_no = 1 and approved"); got != 1000000 {
				t.Fatalf("naive: approved is %v", got)
			}
			continue
		}
		testdb.RequireCode(t, err, "PS103")
		rollback(t, tx)
	}
	if got := s.approvedIn(t, "shop.invoice"); got != "" {
		t.Errorf("approved are %q", got)
	}
}

// An approval is for values at a gate, whatever statement then has them. So one gate for all operations lets an approval
// of an UPDATE delete the row. With a gate for each, it does not.
func TestApprovalOfAnUpdateDeletesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.Pool, "select postern.register_gate('SHOP_DELETE', 'Delete an invoice', 'Invoice &INVOICE over &AMOUNT deleted', '{INVOICE,AMOUNT}', true)")
	ticket := approve(t, s.application, alice, guardGate, `{"INVOICE": 1, "AMOUNT": 10}`)
	tx := begin(t, s.application, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "delete from shop.invoice where invoice_no = 1") // naive
	rollback(t, tx)

	const parameters = `'{"INVOICE": "invoice_no", "AMOUNT": "amount"}'`
	testsql.Run(t, s.owner, `
select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE');
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{insert,update}', '{approved}', `+parameters+`),
       postern.protect_gate('shop.invoice', 'SHOP_DELETE', '{delete}', parameters => `+parameters+`)`)
	tx = begin(t, s.application, alice)
	open(t, tx, ticket)
	if got := shown(t, tx, "delete from shop.invoice where invoice_no = 1"); got != "Invoice 1 over 10 deleted" {
		t.Errorf("shown is %q", got)
	}
	testsql.Run(t, tx, "update shop.invoice set approved = true where invoice_no = 1")
	commit(t, tx)
}

// TRUNCATE with CASCADE also empties the tables that refer to the one that it names.
func TestTruncateThatCascadesIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"open", "invoice"} {
		testsql.Run(t, s.owner, fmt.Sprintf("create table shop.flag_%[1]s (note text primary key); alter table shop.%[1]s add foreign key (note) references shop.flag_%[1]s", table))
	}
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	testsql.Run(t, tx, "truncate shop.flag_open cascade")
	if rows := testsql.Value[int](t, tx, "select count(*) from shop.open"); rows != 0 {
		t.Fatalf("naive: %d rows are left", rows)
	}
	refusedAndGoOn(t, tx, "55000", "truncate shop.flag_invoice cascade")
}
