// Package action tests how actions and the gates deep in the business code work together.
package action_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	alice = "ALICE"
	pin   = "837462"

	action = "PayInvoice"

	ownGate    = "Checkpoint_PayInvoice"
	firstGate  = "CHKPT_LEGACY_CP1"
	secondGate = "CHKPT_LEGACY_CP2"

	parameters = `{"INVOICE_NO": "100-7"}`
)

// company has an invoice, with an old gate before the payment and another one deep below it. The action's own
// checkpoint and the gates are registered and inactive; the action is not registered.
type company struct {
	*testdb.Database
	// application speaks for ALICE; administrator configures.
	application, administrator *pgx.Conn
}

// business has functions that call the two gates in every way in which business code does. All of them pay the invoice.
const business = `
create schema payment;
create table payment.invoice (invoice_no text primary key, state text not null default 'Posted');
insert into payment.invoice (invoice_no) values ('100-7');
create table payment.trace (invoice_no text not null);
grant usage on schema payment to postern_user;
grant select, update on payment.invoice to postern_user;
grant insert on payment.trace to postern_user;

create function payment.first() returns void language plpgsql as $$
begin
  perform security_sys.security_checkpoint('CHKPT_LEGACY_CP1', E'!SECURITY_CHECKPOINT\n$INVOICE_NO=100-7');
end $$;
create function payment.second() returns void language sql as $$ select postern.checkpoint('CHKPT_LEGACY_CP2') $$;
create function payment.pay() returns void language sql as $$ update payment.invoice set state = 'Paid' $$;

create function payment.straight() returns void language plpgsql as $$
begin
  perform payment.first();
  perform payment.second();
  perform payment.pay();
end $$;
create function payment.reversed() returns void language plpgsql as $$
begin
  perform payment.second();
  perform payment.first();
  perform payment.pay();
end $$;
create function payment.deeper(depth integer) returns void language plpgsql as $$
begin
  if depth > 0 then
    perform payment.deeper(depth - 1);
  else
    execute 'select payment.straight()';
  end if;
end $$;
create procedure payment.nested() language plpgsql as $$
begin
  begin
    perform payment.deeper(5);
  exception when division_by_zero then
    raise;
  end;
end $$;
create function payment.on_trace() returns trigger language plpgsql as $$
begin
  if tg_when = 'BEFORE' then
    perform payment.first();
  else
    perform payment.second();
    perform payment.pay();
  end if;
  return new;
end $$;
create trigger before_trace before insert on payment.trace for each row execute function payment.on_trace();
create trigger after_trace after insert on payment.trace for each row execute function payment.on_trace();`

func newCompany(t testing.TB) *company {
	t.Helper()
	database := testdb.New(t)
	c := &company{
		Database:      database,
		application:   database.Login(t, "postern_trusted_app").Connect(t),
		administrator: database.Login(t, "postern_admin").Connect(t),
	}
	testsql.Run(t, c.Pool, business)
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Pay an invoice', 'Invoice &INVOICE_NO paid', '{INVOICE_NO}')", ownGate)
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Change an invoice', 'Invoice &INVOICE_NO changed', '{INVOICE_NO}')", firstGate)
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Move money', 'Money moved')", secondGate)
	testsql.Run(t, c.administrator, "select postern.create_user($1, $1)", alice)
	testsql.Run(t, c.administrator, "select postern.reset_pin($1, $2)", alice, pin)
	// As if the user had changed it. What comes before that is a separate test.
	testsql.Run(t, c.Pool, "update postern_internal.credential set must_change = false")
	return c
}

func (c *company) activate(t testing.TB, gates ...string) {
	t.Helper()
	for _, gate := range gates {
		testsql.Run(t, c.administrator, "select postern.set_gate_active($1, true)", gate)
	}
}

// register registers the action; an empty checkpoint means none.
func (c *company) register(t testing.TB, name, checkpoint string, legacy ...string) {
	t.Helper()
	testsql.Run(t, c.administrator, "select postern.register_action($1, nullif($2, ''), coalesce($3, '{}'::text[]))", name, checkpoint, legacy)
}

// alice runs do in a transaction of ALICE's, and commits if it returns no error.
func (c *company) alice(t testing.TB, do func(pgx.Tx) error) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), c.application, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user($1)", alice)
		return do(tx)
	})
}

const (
	beginAction = "select postern.begin_action($1, $2::jsonb)"
	openGates   = "select postern.open_gates($1::uuid)"
	checkpoint  = "select postern.checkpoint($1, $2::jsonb)"
)

// answer answers the challenge of a PS101 with the right PIN. It returns the ticket.
func (c *company) answer(t testing.TB, asked dialog) (ticket string) {
	t.Helper()
	if err := c.alice(t, func(tx pgx.Tx) error {
		ticket = testsql.Value[string](t, tx, "select postern.authenticate($1, $2, $3)::text", asked.Challenge, alice, pin)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ticket
}

// ask begins an action that must need an approval.
func (c *company) ask(t testing.TB, name, parameters string) dialog {
	t.Helper()
	return required(t, c.alice(t, func(tx pgx.Tx) error { return execute(t, tx, beginAction, name, parameters) }))
}

// dialog is the DETAIL of PS101 and of PS105.
type dialog struct {
	Gate, Description, Message, Challenge string
	Action, Username                      *string
	Parameters                            json.RawMessage
}

func required(t testing.TB, err error) dialog {
	t.Helper()
	return parseDialog(t, testdb.RequireCode(t, err, "PS101"))
}

func parseDialog(t testing.TB, server *pgconn.PgError) (d dialog) {
	t.Helper()
	if err := json.Unmarshal([]byte(server.Detail), &d); err != nil {
		t.Fatalf("DETAIL is not the JSON of a dialog: %v: %s", err, server.Detail)
	}
	return d
}

// entry is a row of the log: gate, action and message.
type entry struct{ Outcome, Gate, Action, Message string }

// takeLog returns the log entries since the last call.
func (c *company) takeLog(t testing.TB, since *int64) []entry {
	t.Helper()
	rows, err := c.Pool.Query(t.Context(), `
select outcome, gate_id, coalesce(action, ''), message from postern.checkpoint_log where log_id > $1 order by log_id`, *since)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	if err != nil {
		t.Fatal(err)
	}
	*since = testsql.Value[int64](t, c.Pool, "select coalesce(max(log_id), 0) from postern.checkpoint_log")
	return entries
}

func requireLog(t testing.TB, got []entry, want ...entry) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the log has %+v, want %+v", got, want)
	}
}

func execute(t testing.TB, q testsql.Querier, sql string, arguments ...any) error {
	t.Helper()
	_, err := q.Exec(t.Context(), sql, arguments...)
	return err
}

// refusedAndGoOn runs a statement that must fail with an error of Postern, in a savepoint.
func refusedAndGoOn(t testing.TB, tx pgx.Tx, code, sql string, arguments ...any) *pgconn.PgError {
	t.Helper()
	testsql.Run(t, tx, "savepoint before_refusal")
	got := testdb.RequireCode(t, execute(t, tx, sql, arguments...), code)
	testsql.Run(t, tx, "rollback to savepoint before_refusal")
	return got
}
