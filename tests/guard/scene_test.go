// Package guard_test tests guarded tables: a statement that writes one needs, when it ends, an approval of exactly what
// it has written.
package guard_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// scene has ANN, who may approve, and a table of five invoices. What writes it asks at no gate yet.
type scene struct {
	*testdb.Database
	// owner owns the table and may guard it.
	owner *pgx.Conn
	// application may do everything with the table that grants can allow, and assert any end user.
	application *pgx.Conn
}

const (
	// gate has the parameters INVOICE and AMOUNT.
	gate = "SHOP_APPROVE"

	pin = "ann 7391 pin"

	// guardApproval is how most tests guard the table.
	guardApproval = `select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', columns => '{approved}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`
	// business is a function with a gate of its own.
	business = `
create function shop.approve(no integer) returns void language plpgsql as $$
begin
  perform postern.checkpoint('SHOP_APPROVE', (select jsonb_build_object('INVOICE', i.invoice_no, 'AMOUNT', i.amount) from shop.invoice as i where i.invoice_no = no));
  update shop.invoice set approved = true where invoice_no = no;
end
$$`
)

func newScene(t *testing.T) *scene {
	t.Helper()
	database := testdb.New(t)
	Run(t, database.Pool, `
select postern.create_user('ANN', 'Ann');
select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true),
       postern.register_gate('SHOP_APPROVE_ALL', 'Approve invoices', '&INVOICES invoices over &TOTAL approved', '{INVOICES,TOTAL}', true),
       postern.register_gate('SHOP_PLAIN', 'Anything', 'Anything done', '{}', true)`)
	Run(t, database.Pool, "update postern_internal.credential set hash = postern_internal.hash_pin($1, '$2a$04$abcdefghijklmnopqrstuu'), must_change = false", pin)
	owner := database.Login(t, "postern_admin", "postern_trusted_app")
	Run(t, database.Pool, "create schema shop authorization "+pgx.Identifier{owner.Name}.Sanitize())
	s := &scene{Database: database, owner: owner.Connect(t), application: database.Login(t, "postern_trusted_app").Connect(t)}
	Run(t, s.owner, `
grant usage on schema shop to public;
alter default privileges in schema shop grant all on tables to public;
create table shop.invoice (invoice_no integer primary key, amount numeric not null, approved boolean not null default false, note text);
insert into shop.invoice select n, n * 10 from generate_series(1, 5) as n`)
	return s
}

// question is what PS101 says.
type question struct {
	Gate       string          `json:"gate"`
	Message    string          `json:"message"`
	Parameters json.RawMessage `json:"parameters"`
	Challenge  string          `json:"challenge"`
}

// asked is what a statement asks for, sent in a transaction of ANN's that has these tickets.
func (s *scene) asked(t *testing.T, sql string, tickets ...string) question {
	t.Helper()
	var got question
	s.within(t, tickets, func(tx pgx.Tx) {
		refused := Refused(t, tx, "PS101", sql)
		if err := json.Unmarshal([]byte(refused.Detail), &got); err != nil {
			t.Fatal(err)
		}
	})
	return got
}

// within does something in a transaction of ANN's, and rolls it back.
func (s *scene) within(t *testing.T, tickets []string, do func(tx pgx.Tx)) {
	t.Helper()
	tx := s.begin(t, tickets...)
	do(tx)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) begin(t *testing.T, tickets ...string) pgx.Tx {
	t.Helper()
	tx := Begin(t, s.application, "ANN")
	for _, ticket := range tickets {
		Run(t, tx, "select postern.open_gates($1::uuid)", ticket)
	}
	return tx
}

// approve has ANN approve what she was asked. It returns the ticket.
func (s *scene) approve(t *testing.T, q question) (ticket string) {
	t.Helper()
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		ticket = Value[string](t, tx, "select postern.authenticate($1, 'ANN', $2)::text", q.Challenge, pin)
	})
	return ticket
}

// send commits statements in one transaction of ANN's.
func (s *scene) send(t *testing.T, tickets []string, statements ...string) {
	t.Helper()
	tx := s.begin(t, tickets...)
	for _, sql := range statements {
		Run(t, tx, sql)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// logged are the messages of all passes.
func (s *scene) logged(t *testing.T) string {
	t.Helper()
	return strings.Join(Values[string](t, s.Pool, "select message || case when asked then '' else ' (not asked)' end from postern.checkpoint_log where outcome = 'passed' order by log_id"), "; ")
}

func (s *scene) requireLog(t *testing.T, want string) {
	t.Helper()
	if got := s.logged(t); got != want {
		t.Errorf("logged is %q, want %q", got, want)
	}
}

// approved are the approved invoices.
func (s *scene) requireApproved(t *testing.T, want string) {
	t.Helper()
	if got := Value[string](t, s.Pool, "select coalesce(string_agg(invoice_no::text, ' ' order by invoice_no), '') from shop.invoice where approved"); got != want {
		t.Errorf("approved are %q, want %q", got, want)
	}
}
