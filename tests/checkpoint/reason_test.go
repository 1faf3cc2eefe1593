package checkpoint_test

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Each way in which a ticket or a challenge is not valid has its own reason in DETAIL, and docs/errors.md lists it.
func TestReasonsOfPS103(t *testing.T) {
	c := newCompany(t, alice, bob)
	testsql.Run(t, c.administrator, "select postern.register_gate('SINWOF_GONE', 'Gone', 'Gone', active => true)")
	testsql.Run(t, c.administrator, "select postern.register_gate('BANK_SEND', 'Send money', '&AMOUNT sent', '{AMOUNT}', active => true, exclusive => true)")
	testsql.Run(t, c.administrator, "select postern.register_action('Invoice.Approve', $1)", approveGate)
	testsql.Run(t, c.administrator, "select postern.register_action('Invoice.Pay', $1)", approveGate)
	elsewhere := c.Login(t, "postern_trusted_app").Connect(t)
	const beginAction = "select postern.begin_action($1, $2::jsonb)"

	ticket := func() string { return c.approve(t, alice, approveGate, approveParameters) }
	actionTicket := func() string {
		asked := parseDialog(t, testdb.RequireCode(t, c.call(t, alice, beginAction, "Invoice.Approve", approveParameters), "PS101").Detail)
		return c.answer(t, alice, asked.Challenge, alice, pins[alice], nil)
	}
	// resend uses a ticket and then does something else.
	resend := func(ticket, sql string, arguments ...any) error {
		return c.as(t, alice, func(tx pgx.Tx) error {
			testsql.Run(t, tx, openGates, ticket)
			_, err := tx.Exec(t.Context(), sql, arguments...)
			return err
		})
	}
	// aged makes what a transaction has opened expire within it, as in a long transaction.
	testsql.Run(t, c.Pool, `
create function public.age() returns trigger language plpgsql as $$
begin
  if current_setting('test.aged', true) = 'on' then
    new.expires_at := clock_timestamp();
  end if;
  return new;
end $$;
create trigger age before insert on postern_internal.open_gate for each row execute function public.age()`)
	aged := func(ticket, sql string, arguments ...any) error {
		return c.as(t, alice, func(tx pgx.Tx) error {
			testsql.Run(t, tx, "set local test.aged = 'on'")
			testsql.Run(t, tx, openGates, ticket)
			_, err := tx.Exec(t.Context(), sql, arguments...)
			return err
		})
	}
	used := ticket()
	if err := c.resend(t, alice, used, approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	twice := c.stop(t, alice, approveGate, approveParameters).Challenge
	first, second := c.answer(t, alice, twice, alice, pins[alice], nil), c.answer(t, alice, twice, alice, pins[alice], nil)
	if err := c.resend(t, alice, first, approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	gone := c.stop(t, alice, "SINWOF_GONE", "{}").Challenge
	testsql.Run(t, c.Pool, "delete from postern_internal.gate where gate_id = 'SINWOF_GONE'")
	late := ticket()
	testsql.Run(t, c.Pool, "update postern_internal.ticket set expires_at = clock_timestamp() where ticket = $1::uuid", late)
	bobs := c.stop(t, bob, approveGate, approveParameters).Challenge

	for name, test := range map[string]struct {
		reason string
		err    error
	}{
		"no UUID":          {"malformed", c.call(t, alice, "select postern.open_gates('my ticket')")},
		"no text":          {"malformed", c.call(t, alice, "select postern.open_gates(null::text)")},
		"made up":          {"unknown", c.call(t, alice, openGates, "00000000-0000-7000-8000-000000000000")},
		"another user":     {"other_user", c.call(t, bob, openGates, ticket())},
		"its status":       {"other_user", c.call(t, bob, "select postern.ticket_status($1::uuid)", ticket())},
		"another role":     {"other_role", withUser(t, elsewhere, alice, openGates, ticket())},
		"expired":          {"expired", c.call(t, alice, openGates, late)},
		"used":             {"used", c.call(t, alice, openGates, used)},
		"answered twice":   {"answered", c.call(t, alice, openGates, second)},
		"a second one":     {"second_ticket", resend(ticket(), openGates, ticket())},
		"other values":     {"changed", resend(ticket(), reachGate, approveGate, `{"INVOICE_NO": "100-8"}`)},
		"another gate":     {"other_gate", resend(ticket(), reachGate, releaseGate, "{}")},
		"too late":         {"expired", aged(ticket(), reachGate, approveGate, approveParameters)},
		"no action yet":    {"other_gate", resend(actionTicket(), reachGate, approveGate, approveParameters)},
		"another action":   {"other_action", resend(actionTicket(), beginAction, "Invoice.Pay", approveParameters)},
		"a gate's ticket":  {"other_action", resend(ticket(), beginAction, "Invoice.Pay", approveParameters)},
		"action's values":  {"changed", resend(actionTicket(), beginAction, "Invoice.Approve", `{"INVOICE_NO": "100-8"}`)},
		"action too late":  {"expired", aged(actionTicket(), beginAction, "Invoice.Approve", approveParameters)},
		"exclusive values": {"changed", resend(c.approve(t, alice, "BANK_SEND", `{"AMOUNT": 1}`), reachGate, "BANK_SEND", `{"AMOUNT": 2}`)},
		"exclusive, late":  {"expired", aged(c.approve(t, alice, "BANK_SEND", `{"AMOUNT": 3}`), reachGate, "BANK_SEND", `{"AMOUNT": 3}`)},
		"uncommitted": {"uncommitted", c.as(t, alice, func(tx pgx.Tx) error {
			own := testsql.Value[string](t, tx, authenticate, testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", approveGate, approveParameters), alice, pins[alice], nil)
			_, err := tx.Exec(t.Context(), openGates, own)
			return err
		})},
		"two answers": {"second_answer", c.as(t, alice, func(tx pgx.Tx) error {
			asked := testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", approveGate, approveParameters)
			testsql.Run(t, tx, authenticate, asked, alice, pins[alice], nil)
			_, err := tx.Exec(t.Context(), authenticate, asked, alice, pins[alice], nil)
			return err
		})},
		"made-up challenge":        {"unknown", c.call(t, alice, authenticate, "x.y", alice, pins[alice], nil)},
		"another user's challenge": {"other_user", c.call(t, alice, authenticate, bobs, alice, pins[alice], nil)},
		"another role's challenge": {"other_role", withUser(t, elsewhere, bob, "select postern.cancel($1)", bobs)},
		"a gate that is gone":      {"gate_removed", c.call(t, alice, authenticate, gone, alice, pins[alice], nil)},
	} {
		server := testdb.RequireCode(t, test.err, "PS103")
		var detail struct{ Reason, Explanation string }
		if err := json.Unmarshal([]byte(server.Detail), &detail); err != nil || detail.Reason != test.reason || detail.Explanation == "" {
			t.Errorf("%s: %s, want the reason %s: %v", name, server.Detail, test.reason, err)
		}
	}
}

// withUser runs one statement as a user, on a connection of another database role.
func withUser(t testing.TB, connection *pgx.Conn, userid, sql string, arguments ...any) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user($1)", userid)
		_, err := tx.Exec(t.Context(), sql, arguments...)
		return err
	})
}
