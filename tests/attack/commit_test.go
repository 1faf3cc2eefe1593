package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveCommitted makes a ticket whose verdict stays secret for the rest of the statement that made it. Code that runs
// at the commit can still read it.
const naiveCommitted = `
create table public.committed_ticket (ticket uuid primary key, verdict text not null, made_at timestamptz not null);
create function public.committed_authenticate(response text) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  insert into public.committed_ticket
  values (gen_random_uuid(), case response when 'right' then 'accepted' else 'denied' end, statement_timestamp())
  returning ticket
$$;
create function public.committed_status(wanted uuid) returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  select t.verdict from public.committed_ticket as t
   where t.ticket = wanted and t.made_at is distinct from statement_timestamp()
$$`

// moments are ways to run one's own code while a transaction commits: late, but early enough to fail the commit. tell
// is the attacker's function, which gets the ticket.
var moments = map[string]func(tell, ticket string) string{
	"deferred constraint trigger": func(tell, ticket string) string {
		return fmt.Sprintf(`
create temporary table late (ticket uuid);
create function pg_temp.late() returns trigger language plpgsql as 'begin perform %s(new.ticket); return null; end';
create constraint trigger late after insert on late deferrable initially deferred for each row execute function pg_temp.late();
insert into late values ('%s')`, tell, ticket)
	},
	"cursor with hold": func(tell, ticket string) string {
		return fmt.Sprintf("declare held cursor with hold for select %s('%s')", tell, ticket)
	},
	"deferred constraint trigger, made immediate": func(tell, ticket string) string {
		return fmt.Sprintf(`
create temporary table late (ticket uuid);
create function pg_temp.late() returns trigger language plpgsql as 'begin perform %s(new.ticket); return null; end';
create constraint trigger late after insert on late deferrable initially deferred for each row execute function pg_temp.late();
insert into late values ('%s');
set constraints all immediate`, tell, ticket)
	},
}

// A guess is read while its transaction commits, and taken back if it was wrong.
func TestVerdictStaysSecretDuringTheCommit(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveCommitted)
	// Reports the ticket's status and makes the commit fail.
	testsql.Run(t, s.Pool, `
create schema attack;
grant usage on schema attack to public;
create function attack.tell_naive(ticket uuid) returns void language plpgsql as $$
begin
  raise 'seen: %', public.committed_status(ticket);
end
$$;
create function attack.tell(ticket uuid) returns void language plpgsql as $$
declare
  seen text;
begin
  begin
    seen := postern.ticket_status(ticket);
  exception when others then
    seen := sqlstate || sqlerrm;
  end;
  begin
    perform postern.open_gates(ticket);
    seen := seen || ', opened';
  exception when others then
    seen := seen || ', ' || sqlstate || sqlerrm;
  end;
  raise 'seen: %', seen;
end
$$`)
	// at makes a guess end in such a moment, and returns what was seen.
	at := func(moment func(tell, ticket string) string, tell, statement string, arguments ...any) string {
		t.Helper()
		connection := s.connect(t)
		tx := begin(t, connection, alice)
		ticket := testsql.Value[string](t, tx, statement, arguments...)
		_, err := tx.Exec(t.Context(), moment(tell, ticket))
		if err == nil {
			err = tx.Commit(t.Context())
		}
		_ = tx.Rollback(t.Context())
		server, ok := err.(*pgconn.PgError)
		if !ok || !strings.HasPrefix(server.Message, "seen: ") {
			t.Fatalf("the attacker's code did not run: %v", err)
		}
		return server.Message
	}

	for name, moment := range moments {
		t.Run(name, func(t *testing.T) {
			const naive = "select public.committed_authenticate($1)::text"
			if got := at(moment, "attack.tell_naive", naive, "right") + at(moment, "attack.tell_naive", naive, "wrong"); got != "seen: acceptedseen: denied" {
				t.Fatalf("naive: the attacker saw %q", got)
			}
			question := challenge(t, s.connect(t), alice, approveGate, invoice)
			right := at(moment, "attack.tell", authenticate, question, alice, pins[alice])
			wrong := at(moment, "attack.tell", authenticate, question, alice, wrongPIN)
			if right != wrong || !strings.Contains(right, "PS103") || strings.Contains(right, "opened") {
				t.Errorf("a right PIN shows %q and a wrong one %q, want the same refusal", right, wrong)
			}
		})
	}
	if got := testsql.Value[int](t, s.Pool, "select count(*)::integer from postern_internal.ticket"); got != 0 {
		t.Errorf("%d tickets were committed", got)
	}
}

// A procedure may commit and continue. What it learns by that is counted. The user and the gates end with each of its
// transactions.
func TestProcedureTakesNothingAcrossItsCommits(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveIdentity)
	connection := s.connect(t)
	testsql.Run(t, connection, `
create procedure pg_temp.naive() language plpgsql as $$
begin
  perform public.naive_assume_user('ALICE');
  commit;
  raise 'the user is %', public.naive_userid();
end
$$`)
	if _, err := connection.Exec(t.Context(), "call pg_temp.naive()"); err == nil || !strings.Contains(err.Error(), "the user is ALICE") {
		t.Fatalf("naive: the user is gone after the procedure's commit: %v", err)
	}

	testsql.Run(t, connection, `
create procedure pg_temp.guess(question text, response text, inout verdict text) language plpgsql as $$
declare
  ticket uuid;
begin
  perform postern.assume_user('ALICE');
  ticket := postern.authenticate(question, 'ALICE', response);
  commit;
  perform postern.assume_user('ALICE');
  verdict := postern.ticket_status(ticket);
end
$$`)
	question := challenge(t, s.connect(t), alice, releaseGate, "{}")
	for attempt := range 3 {
		if got := testsql.Value[string](t, connection, "call pg_temp.guess($1, $2, null)", question, wrongPIN); got != "denied" {
			t.Errorf("the guess is %s", got)
		}
		if got := s.failures(t, alice); got != attempt+1 {
			t.Errorf("%d failures are counted after %d guesses", got, attempt+1)
		}
	}

	testsql.Run(t, connection, `
create procedure pg_temp.go_on(ticket uuid, ending text) language plpgsql as $$
declare
  saved text;
begin
  perform postern.assume_user('ALICE');
  saved := current_setting('postern.session');
  perform postern.open_gates(ticket);
  perform postern.checkpoint('SINWOF_RELEASE');
  if ending = 'commit' then
    commit;
  elsif ending = 'commit and chain' then
    commit and chain;
  else
    rollback;
  end if;
  begin
    perform postern.current_userid();
    raise 'the user is still known';
  exception when sqlstate 'PS401' then null;
  end;
  perform set_config('postern.session', saved, true);
  begin
    perform postern.current_userid();
    raise 'the user was put back';
  exception when sqlstate 'PS402' then null;
  end;
  perform postern.assume_user('ALICE');
  perform postern.checkpoint('SINWOF_RELEASE');
end
$$`)
	for _, ending := range []string{"commit", "commit and chain", "rollback"} {
		ticket := approve(t, s.connect(t), alice, releaseGate, "{}")
		_, err := connection.Exec(t.Context(), "call pg_temp.go_on($1, $2)", ticket, ending)
		if testdb.Code(err) != "PS101" {
			t.Errorf("after %s: got %v, want PS101", ending, err)
		}
	}
	if got := s.passes(t); got != 2 {
		t.Errorf("%d passes are logged, want those of the two commits", got)
	}
}

// A gate is reached after everything else is done: by a deferred trigger, or by a cursor that runs at the commit. It is
// open only in this transaction, and the pass is logged with it.
func TestGateReachedAtCommitIsLoggedWithIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	// Naive: the gate stays open, so that the cursor's query could run at any later time.
	testsql.Run(t, connection, bearerOpenGates, testsql.Value[string](t, connection, bearerApprove))
	testsql.Run(t, connection, bearerCheckpoint, approveGate, invoice)
	testsql.Run(t, connection, bearerCheckpoint, approveGate, invoice)

	const late = `
create temporary table if not exists late (i integer);
create or replace function pg_temp.late() returns trigger language plpgsql as
  'begin perform postern.checkpoint(''SINWOF_RELEASE''); return null; end';
create or replace constraint trigger late after insert on late deferrable initially deferred for each row execute function pg_temp.late()`
	for name, reaching := range map[string]string{
		"trigger": "insert into late values (1)",
		"cursor":  "declare held cursor with hold for select postern.checkpoint('SINWOF_RELEASE')",
	} {
		t.Run(name, func(t *testing.T) {
			connection := s.connect(t)
			testsql.Run(t, connection, strings.ReplaceAll(late, "or replace constraint", "constraint"))
			tx := begin(t, connection, alice)
			testsql.Run(t, tx, reaching)
			testdb.RequireCode(t, tx.Commit(t.Context()), "PS101")

			before := s.passes(t)
			ticket := approve(t, connection, alice, releaseGate, "{}")
			tx = begin(t, connection, alice)
			open(t, tx, ticket)
			testsql.Run(t, tx, reaching)
			commit(t, tx)
			if got := s.passes(t); got != before+1 {
				t.Errorf("%d passes are logged", got-before)
			}
			// The gate has closed.
			tx = begin(t, connection, alice)
			if name == "cursor" {
				testsql.Run(t, tx, "fetch all from held")
			}
			testsql.Refused(t, tx, "PS101", checkpoint, releaseGate, "{}")
			rollback(t, tx)
			if got := s.passes(t); got != before+1 {
				t.Errorf("%d passes are logged after the next transaction", got-before)
			}
		})
	}
}

// COMMIT AND CHAIN begins the next transaction within the same statement.
func TestChainedTransactionBeginsWithClosedGates(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveIdentity)
	connection := s.connect(t)
	if _, err := connection.Exec(t.Context(), "begin; select public.naive_assume_user('ALICE'); commit and chain; select 1 / (public.naive_userid() = 'ALICE')::integer; rollback"); err != nil {
		t.Fatalf("naive: the user is gone in the chained transaction: %v", err)
	}
	const opened = `begin; select postern.assume_user('ALICE'); select postern.open_gates('%s'::uuid); select postern.checkpoint('SINWOF_RELEASE');
select set_config('attack.saved', current_setting('postern.session'), false);`
	const again = "select set_config('postern.session', current_setting('attack.saved'), true); select postern.checkpoint('SINWOF_RELEASE')"
	for name, test := range map[string]struct {
		messages []string
		want     string
	}{
		// One message has one timestamp, so both transactions know the user. The gate is open only in its own
		// transaction.
		"in one message":                   {[]string{opened + "commit and chain;" + again}, "PS101"},
		"in one message, and what follows": {[]string{opened + "commit and chain", again}, "PS101"},
		"in messages of their own":         {[]string{opened, "commit and chain", again}, "PS402"},
	} {
		t.Run(name, func(t *testing.T) {
			connection := s.connect(t)
			messages := test.messages
			messages[0] = fmt.Sprintf(messages[0], approve(t, connection, alice, releaseGate, "{}"))
			last := len(messages) - 1
			for _, message := range messages[:last] {
				testsql.Run(t, connection, message)
			}
			testsql.Refused(t, connection, test.want, messages[last])
			testsql.Run(t, connection, "rollback")
		})
	}
	if got := s.passes(t); got != 3 {
		t.Errorf("%d passes are logged", got)
	}
}
