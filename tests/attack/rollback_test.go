package attack

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveOracle tells at once whether the PIN was right, in the caller's own transaction, and counts failures.
const naiveOracle = `
create table public.naive_credential (userid text primary key, pin text not null, failures integer not null default 0);
create function public.naive_authenticate(userid text, response text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  is_right boolean;
begin
  select c.pin = response into strict is_right
    from public.naive_credential as c where c.userid = naive_authenticate.userid and c.failures < 5;
  update public.naive_credential as c set failures = case when is_right then 0 else c.failures + 1 end
   where c.userid = naive_authenticate.userid;
  return is_right::text;
end
$$`

// guess makes an attempt that is about to be erased. It returns the text that the attacker sees. call is an expression
// of type text that authenticates with some implementation.
type guess func(t testing.TB, s *scene, call string) string

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// erasures are the ways to see an answer and leave no trace of the attempt.
var erasures = map[string]guess{
	"rollback": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		return testsql.Value[string](t, tx, "select "+call)
	},
	"savepoint": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, "savepoint before_guess")
		seen := testsql.Value[string](t, tx, "select "+call)
		testsql.Run(t, tx, "rollback to savepoint before_guess")
		commit(t, tx)
		return seen
	},
	"exception block": func(t testing.TB, s *scene, call string) string {
		return noticed(t, s, "", fmt.Sprintf(`
do $do$
declare
  seen text;
begin
  begin
    seen := %s;
    raise exception 'erase it';
  exception when raise_exception then
    raise notice '%%', seen; -- variables survive what rolls back
  end;
end
$do$`, call))
	},
	"disconnection": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		seen := testsql.Value[string](t, tx, "select "+call)
		connection.PgConn().Conn().Close() // without saying goodbye
		return seen
	},
	"termination": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		seen := testsql.Value[string](t, tx, "select "+call)
		if !testsql.Value[bool](t, s.Pool, "select pg_terminate_backend($1, 10000)", connection.PgConn().PID()) {
			t.Fatal("the backend was not terminated")
		}
		return seen
	},
	"cancellation": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		seen := testsql.Value[string](t, tx, "select "+call)
		stop := cancelAfter(t, connection, 100*time.Millisecond)
		_, err := tx.Exec(t.Context(), "select pg_sleep(60)")
		stop()
		if testdb.Code(err) != "57014" {
			t.Fatalf("the guess was not cancelled: %v", err)
		}
		if _, err := connection.Exec(t.Context(), "commit"); err != nil { // this rolls back
			t.Fatal(err)
		}
		return seen
	},
	"statement timeout": func(t testing.TB, s *scene, call string) string {
		return noticed(t, s, "57014", fmt.Sprintf(`
set local statement_timeout = '2s'; -- on a busy machine the guess itself takes a while
do $do$
begin
  raise notice '%%', %s;
  perform pg_sleep(60);
end
$do$`, call))
	},
	"failing commit": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		testsql.Run(t, connection, `
create temporary table if not exists late (id integer unique deferrable initially deferred)`)
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, "insert into late values (1), (1)")
		seen := testsql.Value[string](t, tx, "select "+call)
		if err := tx.Commit(t.Context()); testdb.Code(err) != "23505" {
			t.Fatalf("the commit did not fail: %v", err)
		}
		return seen
	},
	"prepared transaction": func(t testing.TB, s *scene, call string) string {
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		seen := testsql.Value[string](t, tx, "select "+call)
		testsql.Run(t, tx, "prepare transaction "+literal(s.Name))
		testsql.Run(t, connection, "rollback prepared "+literal(s.Name))
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		return seen
	},
}

// noticed runs statements in a transaction of ALICE's that ends with the SQLSTATE code. It returns the only notice.
func noticed(t testing.TB, s *scene, code, statements string) string {
	t.Helper()
	connection, notices := s.listen(t)
	_, err := connection.Exec(t.Context(), "begin; select postern.assume_user("+literal(alice)+"); "+statements+"; commit")
	if testdb.Code(err) != code || code == "" && err != nil {
		t.Fatalf("got %v, want SQLSTATE %q", err, code)
	}
	if len(*notices) != 1 {
		t.Fatalf("got %d notices, want 1", len(*notices))
	}
	return (*notices)[0].Message
}

func TestErasedGuessTeachesNothing(t *testing.T) {
	for name, erased := range erasures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, alice)
			s.createNaiveOracle(t)
			challenge := challenge(t, s.connect(t), alice, approveGate, invoice)
			for response, verdict := range map[string]string{pins[alice]: "true", wrongPIN: "false"} {
				seen := erased(t, s, fmt.Sprintf("public.naive_authenticate('ALICE', %s)", literal(response)))
				if failures := s.naiveFailures(t); seen != verdict || failures != 0 {
					t.Fatalf("naive: %q was seen and %d failures were counted; the attack needs %q and none", seen, failures, verdict)
				}

				seen = erased(t, s, fmt.Sprintf("postern.authenticate(%s, 'ALICE', %s)::text", literal(challenge), literal(response)))
				if !uuid.MatchString(seen) {
					t.Errorf("%q was seen, want a random ticket", seen)
				}
				asking := begin(t, s.connect(t), alice)
				refusedAndGoOn(t, asking, "PS103", "select postern.ticket_status($1::uuid)", seen)
				refusedAndGoOn(t, asking, "PS103", openGates, seen)
				rollback(t, asking)
			}
			s.requireUntouched(t)

			// What is learned is counted.
			connection := s.connect(t)
			ticket := answer(t, connection, alice, challenge, alice, wrongPIN)
			if got := status(t, connection, alice, ticket); got != "denied" || s.failures(t, alice) != 1 {
				t.Errorf("a committed wrong response is %s, and %d failures are counted", got, s.failures(t, alice))
			}
		})
	}
}

// A thousand guesses suffice for a short PIN if they cost nothing.
func TestThousandRolledBackGuessesTeachNothing(t *testing.T) {
	t.Parallel()
	const guesses = 1000
	pin := func(guess int) string { return fmt.Sprintf("%03d beside", guess) }
	secret := pin(617)

	s := newScene(t)
	s.createNaiveOracle(t)
	testsql.Run(t, s.Pool, "update public.naive_credential set pin = $1", secret)
	users := []string{alice, bob}
	for _, userid := range users {
		s.addUser(t, userid)
		s.givePIN(t, userid, secret)
	}

	connection := s.connect(t)
	found := ""
	for guess := range guesses {
		tx := begin(t, connection, alice)
		if testsql.Value[string](t, tx, "select public.naive_authenticate('ALICE', $1)", pin(guess)) == "true" {
			found = pin(guess)
		}
		rollback(t, tx)
	}
	if found != secret || s.naiveFailures(t) != 0 {
		t.Fatalf("naive: found %q with %d failures", found, s.naiveFailures(t))
	}

	// Each user's session tries every PIN, so one of them is always right.
	var group sync.WaitGroup
	for _, userid := range users {
		connection := s.connect(t)
		group.Go(func() {
			challenge := challenge(t, connection, userid, approveGate, invoice)
			tickets := map[string]bool{}
			for guess := range guesses {
				tx := begin(t, connection, userid)
				ticket := testsql.Value[string](t, tx, authenticate, challenge, userid, pin(guess))
				rollback(t, tx)
				if !uuid.MatchString(ticket) || tickets[ticket] {
					t.Errorf("%q was returned, want a ticket of its own for each guess", ticket)
				}
				tickets[ticket] = true
			}
			tx := begin(t, connection, userid)
			for ticket := range tickets {
				refusedAndGoOn(t, tx, "PS103", "select postern.ticket_status($1::uuid)", ticket)
			}
			rollback(t, tx)
		})
	}
	group.Wait()
	s.requireUntouched(t)
}

// cancelAfter cancels what a connection does after a delay, and repeats that until it is stopped. On a busy machine the
// first request may come before its statement, and is lost.
func cancelAfter(t testing.TB, connection *pgx.Conn, delay time.Duration) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stopped:
				return
			case <-time.After(delay):
			}
			if err := connection.PgConn().CancelRequest(context.Background()); err != nil {
				t.Error(err)
			}
			delay = max(delay, 100*time.Millisecond)
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}
}

// However long an attempt may run, an interrupted attempt teaches nothing.
func TestInterruptedGuessTeachesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "select postern.reset_pin($1, $2)", alice, pins[alice]) // with the usual cost of bcrypt
	testsql.Run(t, s.Pool, "update postern_internal.credential set must_change = false")
	s.createNaiveOracle(t)
	connection := s.connect(t)
	challenge := challenge(t, connection, alice, approveGate, invoice)

	// An early return tells the verdict by its time: the naive version takes long only for a wrong PIN.
	testsql.Run(t, s.Pool, `
create function public.naive_slow(response text) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$ begin if public.naive_authenticate('ALICE', response) = 'false' then perform pg_sleep(60); end if; end $$`)
	interrupted := func(timeout int, statement string, arguments ...any) bool {
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Run(t, tx, "set local statement_timeout = "+strconv.Itoa(timeout))
		_, err := tx.Exec(t.Context(), statement, arguments...)
		if err != nil && testdb.Code(err) != "57014" {
			t.Fatal(err)
		}
		return err != nil
	}
	if interrupted(50_000, "select public.naive_slow($1)", pins[alice]) || !interrupted(200, "select public.naive_slow($1)", wrongPIN) {
		t.Fatal("naive: the timeout does not tell right from wrong")
	}
	if s.naiveFailures(t) != 0 {
		t.Fatal("naive: the interrupted attempt was counted")
	}

	for _, response := range []string{pins[alice], wrongPIN} {
		for _, timeout := range []int{1, 2, 5} {
			if !interrupted(timeout, authenticate, challenge, alice, response) {
				t.Errorf("an authentication took less than %d ms", timeout)
			}
		}
		// Cancelled at any moment.
		for _, delay := range []time.Duration{5, 15, 25} {
			tx := begin(t, connection, alice)
			stop := cancelAfter(t, connection, delay*time.Millisecond)
			_, err := tx.Exec(t.Context(), authenticate+", pg_sleep(60)", challenge, alice, response)
			stop()
			if testdb.Code(err) != "57014" {
				t.Fatalf("the guess was not cancelled: %v", err)
			}
			rollback(t, tx)
		}
	}
	s.requireUntouched(t)
}

// naiveTickets forgets that whoever asks in the transaction that made the ticket can still roll back.
const naiveTickets = `
create table public.naive_ticket (ticket uuid primary key default gen_random_uuid(), verdict text not null);
create function public.naive_ticket(response text) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp
as $$ insert into public.naive_ticket (verdict) values (public.naive_authenticate('ALICE', response)) returning ticket $$;
create function public.naive_status(ticket uuid) returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select t.verdict from public.naive_ticket as t where t.ticket = naive_status.ticket $$`

func TestTicketIsSilentBeforeItsTransactionHasCommitted(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	s.createNaiveOracle(t)
	testsql.Run(t, s.Pool, naiveTickets)
	connection, other := s.connect(t), s.connect(t)

	tx := begin(t, connection, alice)
	ticket := testsql.Value[string](t, tx, "select public.naive_ticket($1)::text", pins[alice])
	if got := testsql.Value[string](t, tx, "select public.naive_status($1::uuid)", ticket); got != "true" {
		t.Fatalf("naive: the ticket says %q before the commit", got)
	}
	rollback(t, tx)
	if s.naiveFailures(t) != 0 {
		t.Fatal("naive: the attempt was counted")
	}

	// silent asks in every way there is.
	silent := func(t *testing.T, tx pgx.Tx, ticket string) {
		t.Helper()
		for _, statement := range []string{
			openGates,
			"select postern.open_gates($1::text)",
			"select postern.ticket_status($1::uuid)",
		} {
			refusedAndGoOn(t, tx, "PS103", statement, ticket)
		}
	}
	challenge := challenge(t, connection, alice, approveGate, invoice)
	for response, verdict := range map[string]string{pins[alice]: "accepted", wrongPIN: "denied"} {
		for name, attempt := range map[string]func(t *testing.T, tx pgx.Tx) string{
			"at once": func(t *testing.T, tx pgx.Tx) string {
				return testsql.Value[string](t, tx, authenticate, challenge, alice, response)
			},
			"from a savepoint that was released": func(t *testing.T, tx pgx.Tx) string {
				testsql.Run(t, tx, "savepoint one")
				ticket := testsql.Value[string](t, tx, authenticate, challenge, alice, response)
				silent(t, tx, ticket)
				testsql.Run(t, tx, "release savepoint one")
				return ticket
			},
			"in a savepoint below": func(t *testing.T, tx pgx.Tx) string {
				ticket := testsql.Value[string](t, tx, authenticate, challenge, alice, response)
				testsql.Run(t, tx, "savepoint one")
				silent(t, tx, ticket)
				testsql.Run(t, tx, "savepoint two")
				return ticket
			},
			"among several": func(t *testing.T, tx pgx.Tx) string {
				ticket := testsql.Value[string](t, tx, authenticate, challenge, alice, response)
				for _, another := range []string{wrongPIN, pins[alice]} {
					refusedAndGoOn(t, tx, "PS103", authenticate, challenge, alice, another)
				}
				silent(t, tx, ticket)
				return ticket
			},
			"after one that was rolled back": func(t *testing.T, tx pgx.Tx) string {
				testsql.Run(t, tx, "savepoint one")
				first := testsql.Value[string](t, tx, authenticate, challenge, alice, wrongPIN)
				testsql.Run(t, tx, "rollback to savepoint one")
				ticket := testsql.Value[string](t, tx, authenticate, challenge, alice, response)
				silent(t, tx, first)
				return ticket
			},
		} {
			t.Run(verdict+" "+name, func(t *testing.T) {
				tx := begin(t, connection, alice)
				ticket := attempt(t, tx)
				silent(t, tx, ticket)
				elsewhere := begin(t, other, alice)
				silent(t, elsewhere, ticket)
				rollback(t, elsewhere)
				refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
				rollback(t, tx)

				tx = begin(t, connection, alice)
				silent(t, tx, ticket)
				rollback(t, tx)
			})
		}

		// One statement authenticates and asks.
		tx := begin(t, connection, alice)
		for _, ask := range []string{"ticket_status", "open_gates"} {
			refusedAndGoOn(t, tx, "PS103", "select postern."+ask+"(postern.authenticate($1, $2, $3))", challenge, alice, response)
		}
		rollback(t, tx)
		s.requireUntouched(t)
	}

	// After the commit the ticket speaks, for other connections too.
	ticket = answer(t, connection, alice, challenge, alice, pins[alice])
	if got := status(t, other, alice, ticket); got != "accepted" {
		t.Errorf("the ticket says %q after the commit", got)
	}
}

// Even in a transaction that can no longer fail, the ticket stays silent.
func TestTicketIsSilentWhileItsTransactionIsPrepared(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection, other := s.connect(t), s.connect(t)
	challenge := challenge(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	ticket := testsql.Value[string](t, tx, authenticate, challenge, alice, pins[alice])
	testsql.Run(t, tx, "prepare transaction "+literal(s.Name))
	for _, connection := range []*pgx.Conn{connection, other} {
		asking := begin(t, connection, alice)
		refusedAndGoOn(t, asking, "PS103", "select postern.ticket_status($1::uuid)", ticket)
		refusedAndGoOn(t, asking, "PS103", openGates, ticket)
		rollback(t, asking)
	}
	testsql.Run(t, connection, "commit prepared "+literal(s.Name))
	if got := status(t, connection, alice, ticket); got != "accepted" {
		t.Errorf("the ticket says %q after the commit", got)
	}
}

// A role that may read the log or the users could read the verdict of its own attempt there, if the views did not hide
// it until the commit.
func TestViewsHideEntriesOfTheCurrentTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `grant postern_auditor, postern_admin to "`+s.application.Name+`"`)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, `
create view public.naive_log as select e.outcome::text from postern_internal.checkpoint_entry as e where e.outcome <> 'accepted';
create view public.naive_user as select c.userid, c.failures from postern_internal.credential as c;
grant select on public.naive_log, public.naive_user to public`)
	challenge := challenge(t, connection, alice, approveGate, invoice)

	type sight struct {
		naive, log, users string
	}
	look := func(response string) sight {
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Value[string](t, tx, authenticate, challenge, alice, response)
		return sight{
			testsql.Value[string](t, tx, "select coalesce((select string_agg(l.outcome, ',') from public.naive_log as l), '') || (select string_agg(u.failures::text, ',') from public.naive_user as u)"),
			// As a reader sees it, and as EXPLAIN counts the hidden rows.
			testsql.Value[string](t, tx, "select coalesce(string_agg(l::text, ';'), '') from postern.checkpoint_log as l") + explain(t, tx, "select from postern.checkpoint_log"),
			testsql.Value[string](t, tx, "select coalesce(string_agg(u::text, ';'), '') from postern.user_account as u") + explain(t, tx, "select from postern.user_account"),
		}
	}
	right, wrong := look(pins[alice]), look(wrongPIN)
	if right.naive == wrong.naive {
		t.Fatalf("naive: the views show %q either way", right.naive)
	}
	if right.log != wrong.log || right.users != wrong.users {
		t.Errorf("seen for a right response:\n%s\n%s\nand for a wrong one:\n%s\n%s", right.log, right.users, wrong.log, wrong.users)
	}
	answer(t, connection, alice, challenge, alice, wrongPIN)
	if got := testsql.Value[int](t, connection, "select count(*) from postern.checkpoint_log where outcome = 'denied'"); got != 1 {
		t.Errorf("%d denials are logged after the commit", got)
	}
}

// explain returns the plan of a query with row counts and without times.
func explain(t testing.TB, q testsql.Querier, query string) string {
	t.Helper()
	// Without buffers, which 18 shows unasked: planning reads catalogs or not, whatever was answered.
	rows, err := q.Query(t.Context(), "explain (analyze, buffers off, timing off, summary off, costs off) "+query)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(lines)
}

func (s *scene) createNaiveOracle(t testing.TB) {
	t.Helper()
	testsql.Run(t, s.Pool, naiveOracle)
	testsql.Run(t, s.Pool, "insert into public.naive_credential (userid, pin) values ($1, $2)", alice, pins[alice])
}

func (s *scene) naiveFailures(t testing.TB) int {
	t.Helper()
	return testsql.Value[int](t, s.Pool, "select sum(failures) from public.naive_credential")
}

// requireUntouched fails if any attempt has left a trace.
func (s *scene) requireUntouched(t testing.TB) {
	t.Helper()
	if got := testsql.Value[string](t, s.Pool, `
select format('%s failures, %s tickets, %s log entries',
              (select sum(failures) from postern_internal.credential),
              (select count(*) from postern_internal.ticket),
              (select count(*) from postern_internal.checkpoint_entry where outcome <> 'administered'))`); got != "0 failures, 0 tickets, 0 log entries" {
		t.Errorf("the attempts have left %s", got)
	}
}
