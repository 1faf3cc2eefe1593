package attack

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const cancel = "select postern.cancel($1)"

// entries counts the stored entries of the log with an outcome.
func (s *scene) entries(t testing.TB, outcome string) int {
	t.Helper()
	return testsql.Value[int](t, s.Pool, "select count(*) from postern_internal.checkpoint_entry where outcome::text = $1", outcome)
}

// limited expects that a limit refuses, and returns which one.
func limited(t testing.TB, q testsql.Querier, sql string, arguments ...any) (setting string, againAt time.Time) {
	t.Helper()
	refusal := testsql.Refused(t, q, "PS110", sql, arguments...)
	detail := struct {
		Setting string
		Allowed int
		AgainAt time.Time `json:"again_at"`
	}{}
	if err := json.Unmarshal([]byte(refusal.Detail), &detail); err != nil {
		t.Fatal(err)
	}
	if until := time.Until(detail.AgainAt); until < 50*time.Minute || until > 70*time.Minute || detail.Allowed == 0 {
		t.Errorf("DETAIL of the limit is %s, want an hour and a number", refusal.Detail)
	}
	return detail.Setting, detail.AgainAt
}

// Nobody may delete from the log, so nobody may fill it either.
func TestNobodyFillsTheLogWithDenials(t *testing.T) {
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `
create table public.naive_log (message text);
create function public.naive_authenticate() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$ insert into public.naive_log values (repeat('x', 32768)) $$;
grant execute on function public.naive_authenticate() to public`)
	connection := s.connect(t)
	for range 50 {
		testsql.Run(t, connection, "select public.naive_authenticate()")
	}
	if testsql.Value[int](t, s.Pool, "select count(*) from public.naive_log") < 50 {
		t.Fatal("the naive version withstood")
	}

	s.set(t, "denials_per_hour", "7")
	asked := challenge(t, connection, alice, approveGate, invoice)
	spend(t, s, connection, alice, alice, 7) // five that count, two while the credential is locked
	if got := s.entries(t, "denied") + s.entries(t, "locked") + s.entries(t, "refused"); got != 7 {
		t.Errorf("%d denials are logged", got)
	}
	for _, attempt := range [][2]string{{alice, wrongPIN}, {alice, pins[alice]}, {"NOBODY", wrongPIN}} {
		tx := begin(t, connection, alice)
		if setting, _ := limited(t, tx, authenticate, asked, attempt[0], attempt[1]); setting != "denials_per_hour" {
			t.Errorf("the limit is %s", setting)
		}
		rollback(t, tx)
	}
	// Bob has his own limits.
	approve(t, connection, bob, approveGate, invoice)

	// The lock-out has ended, and the hour has passed.
	testsql.Run(t, s.Pool, "update postern_internal.credential set locked_until = '-infinity', denials_since = denials_since - interval '1 hour'")
	approve(t, connection, alice, approveGate, invoice)
	// The count begins again.
	spend(t, s, connection, alice, alice, 7)
	tx := begin(t, connection, alice)
	limited(t, tx, authenticate, asked, alice, wrongPIN)
	rollback(t, tx)
	testsql.Run(t, s.Pool, "select postern.unlock_user($1)", alice)
	approve(t, connection, alice, approveGate, invoice)
}

func TestNobodyFillsTheLogWithCancels(t *testing.T) {
	s := newScene(t, alice, bob)
	s.set(t, "cancels_per_hour", "4")
	connection := s.connect(t)
	asked := challenge(t, connection, alice, approveGate, invoice)

	// Naive: a limit that counts only earlier transactions lets one transaction make any number, and those that roll
	// back do not count.
	tx := begin(t, connection, alice)
	for range 3 {
		testsql.Run(t, tx, cancel, asked)
	}
	rollback(t, tx)
	tx = begin(t, connection, alice)
	for range 4 {
		testsql.Run(t, tx, cancel, asked)
	}
	refusedAndGoOn(t, tx, "PS110", cancel, asked)
	commit(t, tx)
	tx = begin(t, connection, alice)
	if setting, _ := limited(t, tx, cancel, asked); setting != "cancels_per_hour" {
		t.Errorf("the limit is %s", setting)
	}
	rollback(t, tx)
	if got := s.entries(t, "cancelled"); got != 4 {
		t.Errorf("%d cancels are logged", got)
	}

	// A user who has cancelled too often may still approve, and be denied.
	for range 10 {
		ticket := approve(t, connection, alice, approveGate, invoice)
		tx := begin(t, connection, alice)
		open(t, tx, ticket)
		reach(t, tx, approveGate, invoice)
		commit(t, tx)
	}
	spend(t, s, connection, alice, alice, 1)
	tx = begin(t, connection, bob)
	testsql.Run(t, tx, cancel, challenge(t, s.connect(t), bob, approveGate, invoice))
	commit(t, tx)

	testsql.Run(t, s.Pool, "update postern_internal.credential set cancels_since = cancels_since - interval '1 hour'")
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, cancel, asked)
	commit(t, tx)
}

// A limit that counts an attempt which can still be rolled back would be an answer for free.
func TestLimitTellsNoVerdictThatHasNotCommitted(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create table public.naive_denial (userid text);
create function public.naive_authenticate(response text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if (select count(*) from public.naive_denial) > 0 then
    raise exception 'too many';
  end if;
  if response <> 'right' then
    insert into public.naive_denial values ('ALICE');
  end if;
end $$;
grant execute on function public.naive_authenticate(text) to public`)
	connection := s.connect(t)
	guess := func(response string) error {
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Run(t, tx, "select public.naive_authenticate($1)", response)
		_, err := tx.Exec(t.Context(), "select public.naive_authenticate($1)", response)
		return err
	}
	if guess("right") != nil || guess("wrong") == nil {
		t.Fatal("the naive version withstood")
	}

	s.set(t, "denials_per_hour", "2")
	spend(t, s, connection, alice, alice, 1)
	asked := challenge(t, connection, alice, approveGate, invoice)
	// What each further statement of the transaction says after a response.
	said := func(response, between string) string {
		t.Helper()
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Run(t, tx, "savepoint before")
		testsql.Value[string](t, tx, authenticate, asked, alice, response)
		testsql.Run(t, tx, between)
		answers := []string{}
		for _, next := range []string{"select postern.authenticate($1, 'ALICE', 'guess')::text", "select postern.cancel($1)::text"} {
			testsql.Run(t, tx, "savepoint next")
			_, err := tx.Exec(t.Context(), next, asked)
			answers = append(answers, fmt.Sprint(err))
			testsql.Run(t, tx, "rollback to savepoint next")
		}
		return strings.Join(answers, "\n")
	}
	for _, between := range []string{"select 1", "rollback to savepoint before", "release savepoint before"} {
		right, wrong := said(pins[alice], between), said(wrongPIN, between)
		if right != wrong {
			t.Errorf("after %s, a right response leads to\n%s\nand a wrong one to\n%s", between, right, wrong)
		}
	}
	if got := s.failures(t, alice); got != 1 {
		t.Errorf("%d failures count, want 1", got)
	}
}

func TestRacingAttemptsMeetTheLimit(t *testing.T) {
	for _, level := range []string{"read committed", "repeatable read"} {
		t.Run(level, func(t *testing.T) {
			s := newScene(t, alice)
			s.set(t, "denials_per_hour", "6")
			s.set(t, "cancels_per_hour", "6")
			testsql.Run(t, s.Pool, "alter role "+s.application.Name+" set default_transaction_isolation = '"+level+"'")
			asked := challenge(t, s.connect(t), alice, approveGate, invoice)
			sessions := sync.WaitGroup{}
			for range 20 {
				connection := s.connect(t)
				sessions.Go(func() {
					for _, do := range []string{"select postern.authenticate($1, 'ALICE', 'guess')", cancel} {
						for range 3 {
							tx := begin(t, connection, alice)
							_, err := tx.Exec(t.Context(), do, asked)
							if code := testdb.Code(err); err != nil && code != "PS110" && code != "40001" {
								t.Error(err)
							}
							if err == nil {
								err = tx.Commit(t.Context())
							} else {
								err = tx.Rollback(t.Context())
							}
							if err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			sessions.Wait()
			denials := s.entries(t, "denied") + s.entries(t, "locked") + s.entries(t, "refused")
			if cancels := s.entries(t, "cancelled"); denials > 6 || cancels > 6 || level == "read committed" && (denials < 6 || cancels < 6) {
				t.Errorf("%d denials and %d cancels of 6 each", denials, cancels)
			}
		})
	}
}

// If others may approve, their mistakes count against them and not against the user whose name they type.
func TestNobodyIsLimitedByOthers(t *testing.T) {
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	s.set(t, "max_failures", "20")
	s.set(t, "denials_per_hour", "3")
	connection := s.connect(t)
	spend(t, s, connection, bob, alice, 3)
	asked := challenge(t, connection, bob, approveGate, invoice)
	tx := begin(t, connection, bob)
	limited(t, tx, authenticate, asked, alice, pins[alice])
	rollback(t, tx)
	spend(t, s, connection, alice, alice, 2)
	approve(t, connection, alice, approveGate, invoice)
}

// One lock-out is one event, however often somebody tries a locked credential.
func TestOneEventForOneLockout(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	spend(t, s, connection, alice, alice, maxFailures+10)
	if denied, locked := s.entries(t, "denied"), s.entries(t, "locked"); denied != maxFailures-1 || locked != 1 {
		t.Errorf("%d entries are denied, %d locked", denied, locked)
	}
	if got := testsql.Value[int](t, s.Pool, "select count(*) from postern.checkpoint_log where outcome = 'denied'"); got != maxFailures+10 {
		t.Errorf("the log shows %d denials", got)
	}
	testsql.Run(t, s.Pool, "update postern_internal.credential set locked_until = clock_timestamp()")
	spend(t, s, connection, alice, alice, maxFailures+3)
	if locked := s.entries(t, "locked"); locked != 2 {
		t.Errorf("two lock-outs are %d events", locked)
	}
}

// An argument that is too long is refused before anything is done with it.
func TestLongArgumentsCostNothing(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "select postern.register_action('Pay.Run', $1)", approveGate)
	// The cost of just passing a long value.
	testsql.Run(t, s.Pool, `
create function public.ignore(value jsonb) returns void language plpgsql as $$ begin end $$;
create function public.ignore(value text) returns void language plpgsql as $$ begin end $$;
-- For how many seconds the session has had a processor: on a busy machine it waits for one. Where Linux does not tell,
-- the time.
create function public.busy() returns double precision language sql volatile security definer as $$
  select coalesce(split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::double precision / 1e9, extract(epoch from clock_timestamp()))
$$;
grant execute on all functions in schema public to public`)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	defer rollback(t, tx)
	asked := testsql.Value[string](t, tx, "select postern.challenge($1, $2)", approveGate, invoice)
	// took returns how long a call keeps a processor busy once it has the value.
	took := func(declare, call string) time.Duration {
		t.Helper()
		testsql.Run(t, tx, `
create or replace function pg_temp.took(asked text) returns double precision language plpgsql as $$
declare
  `+declare+`
  started double precision := public.busy();
  code text;
begin
  begin
    `+call+`;
  exception when others then
    code := sqlstate;
  end;
  if code is distinct from 'PS107' and code is distinct from 'PS103' and code is distinct from 'PS109' and asked <> 'naive' then
    raise exception 'got %', code;
  end if;
  return public.busy() - started;
end $$`)
		argument := asked
		if strings.HasPrefix(call, "perform length") || strings.HasPrefix(call, "perform public.ignore") {
			argument = "naive"
		}
		best := time.Hour // the best of several, because caches were cold for others
		for range 3 {
			best = min(best, time.Duration(testsql.Value[float64](t, tx, "select pg_temp.took($1)", argument)*float64(time.Second)))
		}
		return best
	}
	const (
		longObject  = "value jsonb := jsonb_build_object('PAYEE', repeat('x', 30000000), 'AMOUNT', 1);"
		manyMembers = "value jsonb := (select jsonb_object_agg(n, n) from generate_series(1, 300000) as n);"
		longNumber  = "value jsonb := jsonb_build_object('PAYEE', 'x', 'AMOUNT', (select jsonb_agg(1e131071) from generate_series(1, 300)));"
		longText    = "value text := repeat('x', 30000000);"
	)
	naive := min(took(longObject, "perform length(value::text)"), took(longNumber, "perform length(value::text)"))
	if naive < 20*time.Millisecond {
		t.Fatalf("naive: a long argument takes only %v", naive)
	}
	const ignore = "perform public.ignore(value)"
	for _, declare := range []string{longObject, manyMembers, longNumber} {
		handing := took(declare, ignore)
		for _, call := range []string{
			"perform postern.checkpoint('SINWOF_APPROVE', value)",
			"perform postern.challenge('SINWOF_APPROVE', value)",
			"perform postern.begin_action('Pay.Run', value)",
		} {
			// Passing a long value on, from function to function, costs up to half of naive, and it depends on the memory that the
			// session happens to have whether handing says so.
			if got := took(declare, call) - handing; got > naive {
				t.Errorf("%s\n%s: takes %v; naive: %v", declare, call, got, naive)
			}
		}
	}
	handing := took(longText, ignore)
	for _, call := range []string{
		"perform security_sys.security_checkpoint('SINWOF_APPROVE', value)",
		"perform postern.authenticate(value, 'ALICE', 'x')",
		"perform postern.authenticate(asked, value, 'x')",
		"perform postern.authenticate(asked, 'ALICE', value)",
		"perform postern.authenticate(asked, 'ALICE', 'x', value)",
		"perform postern.authenticate(asked, 'ALICE', 'x', 'fine', value)",
		"perform postern.cancel(value)",
		"perform postern.cancel(asked, value)",
		"perform postern.open_gates(value)",
		"perform postern.set_pin(value)",
	} {
		if got := took(longText, call) - handing; got > naive/2 {
			t.Errorf("%s: takes %v; naive: %v", call, got, naive)
		}
	}
}
