package attack

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// pay does the whole of T2: it uses the ticket, passes the gate and does the business.
func pay(t testing.TB, connection *pgx.Conn, ticket string) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user($1)", alice)
		if _, err := tx.Exec(t.Context(), openGates, ticket); err != nil {
			return err
		}
		reach(t, tx, approveGate, invoice)
		testsql.Run(t, tx, "insert into public.payment values ('Paper Mill Ltd')")
		return nil
	})
}

// Somebody clicks twice, and a stateless application answers the same challenge twice. One approval must not make two
// payments.
func TestChallengeOpensGatesOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, naiveBearer)
	for range 2 {
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, tx, bearerApprove)) // naive: a ticket for each answer
		testsql.Run(t, tx, "insert into public.payment values ('naive')")
		commit(t, tx)
	}
	if got := testsql.Value[int](t, s.Pool, "select count(*) from public.payment where payee = 'naive'"); got != 2 {
		t.Fatalf("naive: paid %d times", got)
	}

	question := challenge(t, connection, alice, approveGate, invoice)
	first := answer(t, connection, alice, question, alice, pins[alice])
	second := answer(t, connection, alice, question, alice, pins[alice])
	if err := pay(t, connection, first); err != nil {
		t.Fatal(err)
	}
	testdb.RequireCode(t, pay(t, connection, second), "PS103")
	third := answer(t, connection, alice, question, alice, pins[alice]) // T1 says nothing about it
	testdb.RequireCode(t, pay(t, connection, third), "PS103")
	for _, ticket := range []string{first, second, third} {
		if got := status(t, connection, alice, ticket); got != "used" {
			t.Errorf("a ticket is %s, want used", got)
		}
	}
	tx := begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS103", "select postern.assume_user('ALICE', $1::text::uuid)", second)
	rollback(t, tx)
	if got := testsql.Value[int](t, s.Pool, "select count(*) from public.payment where payee <> 'naive'"); got != 1 {
		t.Errorf("paid %d times, want once", got)
	}

	// A wrong answer and a transaction that rolled back do not use up the challenge.
	question = challenge(t, connection, alice, approveGate, invoice)
	answer(t, connection, alice, question, alice, wrongPIN)
	first = answer(t, connection, alice, question, alice, pins[alice])
	second = answer(t, connection, alice, question, alice, pins[alice])
	tx = begin(t, connection, alice)
	open(t, tx, first)
	refusedAndGoOn(t, tx, "PS103", openGates, second)
	rollback(t, tx)
	if err := pay(t, connection, second); err != nil {
		t.Error(err)
	}
	testdb.RequireCode(t, pay(t, connection, first), "PS103")
}

// Two answers to one challenge race: the second transaction waits until the first has ended.
func TestChallengeOpensGatesOnceInParallel(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection, other := s.connect(t), s.connect(t)
	for name, test := range map[string]struct {
		end  func(pgx.Tx, context.Context) error
		want string
	}{
		"the first one commits":   {pgx.Tx.Commit, "PS103"},
		"the first one goes away": {pgx.Tx.Rollback, ""},
	} {
		t.Run(name, func(t *testing.T) {
			question := challenge(t, connection, alice, approveGate, invoice)
			first := answer(t, connection, alice, question, alice, pins[alice])
			second := answer(t, connection, alice, question, alice, pins[alice])
			holder := begin(t, connection, alice)
			open(t, holder, first)
			reach(t, holder, approveGate, invoice)
			waiter := begin(t, other, alice)
			result := make(chan error, 1)
			go func() {
				_, err := waiter.Exec(t.Context(), openGates, second)
				result <- err
			}()
			s.waitForLock(t, other)
			if err := test.end(holder, t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := testdb.Code(<-result); got != test.want {
				t.Errorf("the second transaction got %q, want %q", got, test.want)
			}
			rollback(t, waiter)
		})
	}
}

// The nonce must stay as long as any ticket of its challenge can be used, whatever the settings were in the meantime.
func TestUsedNonceOutlivesChallengeAndTicket(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	longest := testsql.Value[int](t, s.Pool, "select sum(maximum) from postern.setting where name in ('challenge_seconds', 'ticket_seconds')")
	use := func() (ticket string) {
		t.Helper()
		ticket = approve(t, connection, alice, approveGate, invoice)
		if err := pay(t, connection, ticket); err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	used, old := use(), use()
	// The tickets have expired just after their challenges were made.
	age := func(ticket string, seconds int) {
		t.Helper()
		testsql.Run(t, s.Pool, "update postern_internal.ticket set expires_at = clock_timestamp() - make_interval(secs => $2) where ticket = $1::text::uuid", ticket, seconds)
	}
	age(used, longest+60)
	age(old, 24*3600)
	nonces := func(ticket string) int {
		t.Helper()
		return testsql.Value[int](t, s.Pool, "select count(*) from postern_internal.open_gate where ticket = $1::text::uuid", ticket)
	}
	testsql.Run(t, s.Pool, "select postern.maintain()") // cleans up
	if got := nonces(used); got != 1 {
		t.Error("the nonce is gone, and the challenge could be answered for a ticket still")
	}
	if got := nonces(old); got != 0 {
		t.Error("nonces stay for ever")
	}
}

// The result of a transaction's second answer must not depend on the verdict on the first one.
func TestTransactionAnswersOneChallenge(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, `
create table public.naive_answer (verdict boolean not null);
create function public.naive_authenticate(response text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from public.naive_answer as a where a.verdict) then
    raise exception using errcode = 'PS103', message = 'approved already', detail = 'x', hint = 'x';
  end if;
  insert into public.naive_answer values (response = 'right');
end
$$`)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select public.naive_authenticate('right')")
	refusedAndGoOn(t, tx, "PS103", "select public.naive_authenticate('x')") // naive: right!
	rollback(t, tx)

	asked := challenge(t, connection, alice, approveGate, invoice)
	another := challenge(t, connection, alice, releaseGate, "{}")
	bobs := challenge(t, connection, bob, releaseGate, "{}")
	said := func(username, response string) (errors []*pgconn.PgError) {
		t.Helper()
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Value[string](t, tx, authenticate, asked, username, response)
		for _, second := range []string{asked, another} {
			for _, response := range []string{pins[alice], wrongPIN} {
				errors = append(errors, refusedAndGoOn(t, tx, "PS103", authenticate, second, alice, response))
			}
		}
		testsql.Run(t, tx, "select postern.assume_user($1)", bob)
		return append(errors, refusedAndGoOn(t, tx, "PS103", authenticate, bobs, bob, pins[bob]))
	}
	right, wrong, unknown := said(alice, pins[alice]), said(alice, wrongPIN), said("NOBODY", wrongPIN)
	for i := range right {
		if everything(right[i]) != everything(wrong[i]) || everything(right[i]) != everything(unknown[i]) || everything(right[i]) != everything(right[0]) {
			t.Errorf("after a right answer %s\nafter a wrong one %s\nafter an unknown user %s", everything(right[i]), everything(wrong[i]), everything(unknown[i]))
		}
	}

	// An answer that was rolled back leaves no trace, counts nothing, and has taught nothing.
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, "savepoint one")
	gone := testsql.Value[string](t, tx, authenticate, asked, alice, wrongPIN)
	testsql.Run(t, tx, "rollback to savepoint one")
	kept := testsql.Value[string](t, tx, authenticate, asked, alice, pins[alice])
	commit(t, tx)
	if got := status(t, connection, alice, kept); got != "accepted" {
		t.Errorf("the answer that committed is %s", got)
	}
	tx = begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS103", openGates, gone)
	rollback(t, tx)
}
