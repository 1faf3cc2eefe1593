package checkpoint_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// business is an application's own code: an invoice is approved behind a gate, and payments are released behind another
// one.
const business = `
create schema sinwof;
create table sinwof.invoice (invoice_no text primary key, state text not null default 'Preliminary');
insert into sinwof.invoice (invoice_no) values ('100-7'), ('100-8');
create function sinwof.approve(invoice_no text) returns void language plpgsql as $$
begin
  perform security_sys.security_checkpoint('SINWOF_APPROVE', E'!SECURITY_CHECKPOINT\n$INVOICE_NO=' || invoice_no);
  update sinwof.invoice as i set state = 'Approved' where i.invoice_no = approve.invoice_no;
end $$;
create function sinwof.release() returns void language plpgsql as $$
begin
  perform postern.checkpoint('SINWOF_RELEASE');
  update sinwof.invoice set state = 'Released' where state = 'Approved';
end $$;
grant usage on schema sinwof to postern_user;
grant select, update on sinwof.invoice to postern_user`

// Mallory finds Alice's workstation unlocked.
func TestMalloryIsStoppedAndAliceApproves(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.Pool, business)
	state := func(invoice string) string {
		t.Helper()
		return testsql.Value[string](t, c.Pool, "select state from sinwof.invoice where invoice_no = $1", invoice)
	}
	const approveInvoice = "select sinwof.approve($1)"

	// The business transaction stops at the gate, and leaves nothing.
	asked := parseDialog(t, testdb.RequireCode(t, c.call(t, alice, approveInvoice, "100-7"), "PS101").Detail)
	if asked.Gate != approveGate || asked.Message != "Invoice 100-7 approved" || asked.Description != "Approve an invoice" ||
		asked.Username == nil || *asked.Username != alice || len(asked.Schemes) != 1 || asked.Schemes[0] != "PIN" ||
		asked.Action != nil || asked.CommentRequired || asked.Challenge == "" || asked.ExpiresAt == "" {
		t.Fatalf("the dialog is %+v", asked)
	}
	// She guesses. Only the next transaction tells her whether she was right, and the guess is logged.
	ticket := c.answer(t, alice, asked.Challenge, alice, "837461", nil)
	testdb.RequireCode(t, c.call(t, alice, openGates, ticket), "PS102")
	if state("100-7") != "Preliminary" {
		t.Fatal("the invoice was approved")
	}

	// Alice comes back and approves, with a comment.
	comment := "It is late, but right."
	ticket = c.answer(t, alice, asked.Challenge, alice, pins[alice], &comment)
	err := c.as(t, alice, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, approveInvoice, "100-7")
		// A second gate in the same transaction asks nothing.
		testsql.Run(t, tx, "select sinwof.release()")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if state("100-7") != "Released" {
		t.Error("the invoice was not approved and released")
	}

	// The next transaction asks again, both with the used ticket and without.
	testdb.RequireCode(t, c.call(t, alice, approveInvoice, "100-8"), "PS101")
	testdb.RequireCode(t, c.call(t, alice, openGates, ticket), "PS103")
	if state("100-8") != "Preliminary" {
		t.Error("another invoice was approved")
	}

	log := c.log(t)
	if len(log) != 3 {
		t.Fatalf("the log is %+v", log)
	}
	for n, want := range []struct{ outcome, gate, message string }{
		{"denied", approveGate, "Invoice 100-7 approved"},
		{"passed", approveGate, "Invoice 100-7 approved"},
		{"passed", releaseGate, "Payments released"},
	} {
		got := log[n]
		if got.Outcome != want.outcome || got.Gate != want.gate || got.Message != want.message || got.Userid != alice ||
			got.AuthenticatedBy == nil || *got.AuthenticatedBy != alice || got.Scheme == nil || *got.Scheme != "PIN" ||
			got.SessionRole != c.application.Config().User {
			t.Errorf("entry %d of the log is %+v", n, got)
		}
		if commented := got.Comment != nil && *got.Comment == comment; commented != (n > 0) {
			t.Errorf("entry %d has the comment %v", n, got.Comment)
		}
	}
	// The log entry and the business row belong to one transaction.
	if !testsql.Value[bool](t, c.Pool, `
select l.transaction_id::text::bigint % 4294967296 = i.xmin::text::bigint
  from postern.checkpoint_log as l, sinwof.invoice as i
 where l.gate_id = 'SINWOF_RELEASE' and i.invoice_no = '100-7'`) {
		t.Error("the log names another transaction")
	}
}

func TestTransactionThatFailsAfterItsGateLeavesNothing(t *testing.T) {
	c := newCompany(t, alice)
	ticket := c.approve(t, alice, approveGate, approveParameters)
	err := c.as(t, alice, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, reachGate, approveGate, approveParameters)
		_, err := tx.Exec(t.Context(), "select 1 / 0")
		return err
	})
	if testdb.Code(err) != "22012" {
		t.Fatal(err)
	}
	if log := c.log(t); len(log) != 0 {
		t.Errorf("the log is %+v", log)
	}
	// The ticket was not used.
	if err := c.resend(t, alice, ticket, approveGate, approveParameters); err != nil {
		t.Error(err)
	}
}

func TestTicketStatusTellsLaterTransactions(t *testing.T) {
	c := newCompany(t, alice)
	c.set(t, "max_failures", "1")
	status := func(ticket string) (got string) {
		t.Helper()
		if err := c.as(t, alice, func(tx pgx.Tx) error {
			got = testsql.Value[string](t, tx, "select postern.ticket_status($1::uuid)", ticket)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	require := func(want, ticket string) {
		t.Helper()
		if got := status(ticket); got != want {
			t.Errorf("the ticket is %s, want %s", got, want)
		}
	}
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	accepted := c.answer(t, alice, asked, alice, pins[alice], nil)
	require("accepted", accepted)
	if err := c.resend(t, alice, accepted, approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	require("used", accepted)
	require("used", c.answer(t, alice, asked, alice, pins[alice], nil)) // the challenge is
	asked = c.stop(t, alice, approveGate, approveParameters).Challenge
	expired := c.answer(t, alice, asked, alice, pins[alice], nil)
	testsql.Run(t, c.Pool, "update postern_internal.ticket set expires_at = clock_timestamp() where ticket = $1::uuid", expired)
	require("expired", expired)
	require("denied", c.answer(t, alice, asked, alice, "wrong", nil))
	require("locked", c.answer(t, alice, asked, alice, pins[alice], nil))
}

// A user who cancels leaves a trace as well.
func TestCancelIsLogged(t *testing.T) {
	c := newCompany(t, alice)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	if err := c.call(t, alice, "select postern.cancel($1, $2)", asked, " The amount is wrong. "); err != nil {
		t.Fatal(err)
	}
	if err := c.call(t, alice, "select postern.cancel($1)", asked); err != nil {
		t.Fatal(err)
	}
	log := c.log(t)
	if len(log) != 2 {
		t.Fatalf("the log is %+v", log)
	}
	first := log[0]
	if first.Outcome != "cancelled" || first.Userid != alice || first.AuthenticatedBy != nil || first.Scheme != nil ||
		first.Message != "Invoice 100-7 approved" || first.Parameters != approveParameters ||
		first.Comment == nil || *first.Comment != "The amount is wrong." {
		t.Errorf("the entry is %+v", first)
	}
	if log[1].Comment != nil {
		t.Errorf("a comment came from nowhere: %q", *log[1].Comment)
	}
}

// Another gate first, or other parameters, were not approved.
func TestTicketIsForWhatWasApproved(t *testing.T) {
	c := newCompany(t, alice)
	ticket := c.approve(t, alice, approveGate, approveParameters)
	testdb.RequireCode(t, c.resend(t, alice, ticket, releaseGate, "{}"), "PS103")
	testdb.RequireCode(t, c.resend(t, alice, ticket, approveGate, `{"INVOICE_NO": "100-8"}`), "PS103")
	if err := c.resend(t, alice, ticket, approveGate, approveParameters); err != nil {
		t.Error(err)
	}

	// Unbound parameters may differ. The log has what really ran.
	testsql.Run(t, c.administrator, "select postern.register_gate('SINWOF_NUMBER', 'd', '&A numbered &B', '{A,B}', true, '{A}')")
	ticket = c.approve(t, alice, "SINWOF_NUMBER", `{"A": "x", "B": 1}`)
	testdb.RequireCode(t, c.resend(t, alice, ticket, "SINWOF_NUMBER", `{"A": "y", "B": 1}`), "PS103")
	if err := c.resend(t, alice, ticket, "SINWOF_NUMBER", `{"A": "x", "B": 2}`); err != nil {
		t.Fatal(err)
	}
	log := c.log(t)
	if last := log[len(log)-1]; last.Message != "x numbered 2" {
		t.Errorf("the log says %q", last.Message)
	}
}

func TestChallengeMayBeAskedForUpFront(t *testing.T) {
	c := newCompany(t, alice)
	var asked string
	if err := c.as(t, alice, func(tx pgx.Tx) error {
		asked = testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", approveGate, approveParameters)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.resend(t, alice, c.answer(t, alice, asked, alice, pins[alice], nil), approveGate, approveParameters); err != nil {
		t.Error(err)
	}
}
