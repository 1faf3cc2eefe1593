package attack

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const maxFailures = 5

// spend answers wrongly, in the session of one user and with the name of another.
func spend(t testing.TB, s *scene, connection *pgx.Conn, userid, username string, times int) {
	t.Helper()
	asked := challenge(t, connection, userid, approveGate, invoice)
	for range times {
		answer(t, connection, userid, asked, username, wrongPIN)
	}
}

func (s *scene) isLocked(t testing.TB, userid string) bool {
	t.Helper()
	return testsql.Value[bool](t, s.Pool, "select locked_until > now() from postern_internal.credential where userid = $1", userid)
}

// Somebody who can use up a victim's attempts can keep the victim from working.
func TestNobodySpendsAnothersAttempts(t *testing.T) {
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `
create table public.naive_credential (userid text primary key, failures integer not null default 0);
insert into public.naive_credential values ('ALICE');
create function public.naive_authenticate(username text, response text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.naive_credential set failures = failures + 1 where userid = username
$$;
grant execute on function public.naive_authenticate(text, text) to public`)
	connection := s.connect(t)
	for range maxFailures {
		testsql.Run(t, connection, "select public.naive_authenticate('ALICE', 'x')")
	}
	if got := testsql.Value[int](t, s.Pool, "select failures from public.naive_credential"); got != maxFailures {
		t.Fatalf("the naive version withstood: %d", got)
	}

	spend(t, s, connection, bob, alice, maxFailures)
	if s.failures(t, alice) != 0 || s.isLocked(t, alice) {
		t.Error("Bob has spent Alice's attempts")
	}
	if s.failures(t, bob) != maxFailures || !s.isLocked(t, bob) {
		t.Error("Bob's own attempts were not spent")
	}
	// Her challenge does not help him either.
	asked := challenge(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, bob)
	testsql.Refused(t, tx, "PS103", authenticate, asked, alice, wrongPIN)
	rollback(t, tx)
	approve(t, connection, alice, approveGate, invoice)
}

// If others may approve, only those who could approve can use up attempts.
func TestOnlyPossibleApproversSpendAttempts(t *testing.T) {
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	connection := s.connect(t)

	s.addUser(t, mallory) // without a PIN
	spend(t, s, connection, mallory, alice, 1)
	testsql.Run(t, s.Pool, resetPIN, mallory, pins[mallory]) // with one that opens nothing yet
	spend(t, s, connection, mallory, alice, 1)
	if got := s.failures(t, alice); got != 0 {
		t.Fatalf("who could not approve has spent %d attempts", got)
	}
	spend(t, s, connection, bob, alice, 1)
	if got := s.failures(t, alice); got != 1 {
		t.Errorf("%d attempts are spent", got)
	}
	// Attempts with names that cannot be right count against the session's own user.
	testsql.Run(t, s.Pool, "select postern.set_user_active($1, false)", alice)
	spend(t, s, connection, bob, alice, 1)
	spend(t, s, connection, bob, "NOBODY", 1)
	if s.failures(t, alice) != 1 || s.failures(t, bob) != 2 {
		t.Errorf("failures: Alice %d, Bob %d", s.failures(t, alice), s.failures(t, bob))
	}
}

func TestLockEndsByTimeOrByAnAdministrator(t *testing.T) {
	s := newScene(t, alice)
	// Naive: only the right response ends a lock, but a locked user's response is not checked.
	testsql.Run(t, s.Pool, `
create table public.naive_credential (failures integer not null);
insert into public.naive_credential values (5);
create function public.naive_authenticate() returns boolean language sql as $$
  select failures < 5 from public.naive_credential
$$`)
	if testsql.Value[bool](t, s.Pool, "select public.naive_authenticate()") {
		t.Fatal("the naive version withstood")
	}

	connection := s.connect(t)
	s.set(t, "max_failures", "2")
	spend(t, s, connection, alice, alice, 2)
	ticket := approve(t, connection, alice, approveGate, invoice) // right, but too late
	if got := status(t, connection, alice, ticket); got != "locked" {
		t.Fatalf("the right response is %s", got)
	}
	tx := begin(t, connection, alice)
	testsql.Refused(t, tx, "PS104", openGates, ticket)
	rollback(t, tx)

	// It ends by time. An attempt in the meantime does not extend it.
	until := testsql.Value[time.Time](t, s.Pool, "update postern_internal.credential set locked_until = clock_timestamp() + interval '1 hour' returning locked_until")
	spend(t, s, connection, alice, alice, 1)
	if got := testsql.Value[time.Time](t, s.Pool, "select locked_until from postern_internal.credential"); !got.Equal(until) {
		t.Errorf("the lock was until %s and is until %s", until, got)
	}
	until = testsql.Value[time.Time](t, s.Pool, "update postern_internal.credential set locked_until = clock_timestamp() returning locked_until")
	testsql.Run(t, s.Pool, "select pg_catalog.pg_sleep_until($1::timestamptz)", until)
	// The count begins again: one more mistake does not lock.
	spend(t, s, connection, alice, alice, 1)
	if s.isLocked(t, alice) {
		t.Error("one mistake locks again")
	}
	if got := status(t, connection, alice, approve(t, connection, alice, approveGate, invoice)); got != "accepted" {
		t.Errorf("after its time the lock holds: %s", got)
	}

	// An administrator ends it, and the application cannot.
	spend(t, s, connection, alice, alice, 2)
	if !s.isLocked(t, alice) {
		t.Fatal("ALICE is not locked")
	}
	if _, err := connection.Exec(t.Context(), "select postern.unlock_user($1)", alice); testdb.Code(err) != "42501" {
		t.Errorf("the application unlocks: %v", err)
	}
	testsql.Run(t, s.Login(t, "postern_admin").Connect(t), "select postern.unlock_user($1)", alice)
	if got := status(t, connection, alice, approve(t, connection, alice, approveGate, invoice)); got != "accepted" {
		t.Errorf("an administrator does not unlock: %s", got)
	}
}

// An attempt that is left open makes others wait. That must not reach another user.
func TestNobodyKeepsAnotherWaiting(t *testing.T) {
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `
create table public.naive_credential (userid text primary key, failures integer not null default 0);
insert into public.naive_credential values ('ALICE');
create function public.naive_authenticate(username text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.naive_credential set failures = failures + 1 where userid = username
$$;
grant execute on function public.naive_authenticate(text) to public`)
	attacker, victim := s.connect(t), s.connect(t)
	hold, err := attacker.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, hold, "select public.naive_authenticate('ALICE')")
	testsql.Run(t, victim, "set lock_timeout = '50ms'")
	if _, err := victim.Exec(t.Context(), "select public.naive_authenticate('ALICE')"); testdb.Code(err) != "55P03" {
		t.Fatalf("the naive version withstood: %v", err)
	}
	rollback(t, hold)

	asked := challenge(t, attacker, bob, approveGate, invoice)
	hold = begin(t, attacker, bob)
	testsql.Value[string](t, hold, authenticate, asked, alice, wrongPIN)
	ticket := approve(t, victim, alice, approveGate, invoice)
	tx := begin(t, victim, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	rollback(t, hold)

	// Her own session can; that is how attempts are counted one by one.
	asked = challenge(t, attacker, alice, approveGate, invoice)
	hold = begin(t, attacker, alice)
	testsql.Value[string](t, hold, authenticate, asked, alice, wrongPIN)
	tx = begin(t, victim, alice)
	if _, err := tx.Exec(t.Context(), authenticate, challenge(t, s.connect(t), alice, approveGate, invoice), alice, pins[alice]); testdb.Code(err) != "55P03" {
		t.Errorf("two attempts at once: %v", err)
	}
	rollback(t, tx)
	rollback(t, hold)
}

// An attempt in ALICE's session with BOB's name needs the rows of both, and so does one the other way round. If each
// held one row and waited for the other, one attempt would fail.
func TestMutualApprovalsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, `
create table public.naive_credential (userid text primary key);
insert into public.naive_credential values ('ALICE'), ('BOB');
create function public.naive_authenticate(session_userid text, username text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.naive_credential as c where c.userid = session_userid for update;
  perform from public.naive_credential as c where c.userid = username for update;
  return 'ticket';
end
$$`)
	connections := map[string]*pgx.Conn{alice: s.connect(t), bob: s.connect(t)}
	other := map[string]string{alice: bob, bob: alice}

	// both makes each user answer with the other's name while the row of one of them is locked, and returns the
	// results.
	both := func(table, held string, attempt func(tx pgx.Tx, userid string) error) (failed []error) {
		holder, err := s.Connect(t).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, holder, "select from "+table+" where userid = $1 for update", held)
		done := make(chan error, 2)
		for _, userid := range []string{alice, bob} {
			tx := begin(t, connections[userid], userid)
			go func() {
				err := attempt(tx, userid)
				if err == nil {
					err = tx.Commit(t.Context())
				} else {
					_ = tx.Rollback(t.Context())
				}
				done <- err
			}()
			s.awaitLock(t, int(connections[userid].PgConn().PID()))
		}
		rollback(t, holder)
		for range 2 {
			if err := <-done; err != nil {
				failed = append(failed, err)
			}
		}
		return failed
	}

	if got := both("public.naive_credential", alice, func(tx pgx.Tx, userid string) error {
		_, err := tx.Exec(t.Context(), "select public.naive_authenticate($1, $2)", userid, other[userid])
		return err
	}); len(got) != 1 || testdb.Code(got[0]) != "40P01" {
		t.Fatalf("naive: got %v, want one deadlock", got)
	}
	asked := map[string]string{}
	for userid, connection := range connections {
		asked[userid] = challenge(t, connection, userid, releaseGate, "{}")
	}
	for _, held := range []string{alice, bob} {
		if got := both("postern_internal.credential", held, func(tx pgx.Tx, userid string) error {
			_, err := tx.Exec(t.Context(), authenticate, asked[userid], other[userid], pins[other[userid]])
			return err
		}); len(got) > 0 {
			t.Errorf("while the row of %s was held: %v", held, got)
		}
	}
}

// Five guesses each half hour would be 240 a day, for ever. Each lock-out in a row takes twice as long as the one
// before.
func TestRepeatedLockoutsLastLonger(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	s.set(t, "max_failures", "2")
	s.set(t, "lock_minutes", "10")
	s.set(t, "max_lock_minutes", "60")
	s.set(t, "denials_per_hour", "1000")
	lockOut := func() time.Duration {
		t.Helper()
		// As if the lock-out had ended.
		testsql.Run(t, s.Pool, "update postern_internal.credential set locked_until = least(locked_until, clock_timestamp())")
		spend(t, s, connection, alice, alice, 2)
		if !s.isLocked(t, alice) {
			t.Fatal("ALICE is not locked")
		}
		seconds := testsql.Value[float64](t, s.Pool, "select extract(epoch from locked_until - clock_timestamp())::double precision from postern_internal.credential")
		return time.Duration(seconds * float64(time.Second)).Round(time.Minute)
	}
	requireSeries := func(want ...time.Duration) {
		t.Helper()
		for i, minutes := range want {
			if got := lockOut(); got != minutes*time.Minute {
				t.Errorf("lock-out %d takes %v, want %d minutes", i+1, got, minutes)
			}
		}
	}
	requireSeries(10, 20, 40, 60, 60)
	testsql.Run(t, s.Pool, "update postern_internal.credential set lockouts = 1000000")
	requireSeries(60)

	// A right response ends the series. A wrong one, or one during the lock-out, does not.
	approve(t, connection, alice, approveGate, invoice)
	spend(t, s, connection, alice, alice, 1)
	requireSeries(60)
	testsql.Run(t, s.Pool, "update postern_internal.credential set locked_until = '-infinity'")
	approve(t, connection, alice, approveGate, invoice)
	requireSeries(10, 20)
	// An administrator ends it too.
	testsql.Run(t, s.Pool, "select postern.unlock_user($1)", alice)
	requireSeries(10, 20)
	// A minimum above the maximum applies.
	s.set(t, "lock_minutes", "100")
	requireSeries(100, 100)
}

// The user learns when it ends: from the response that locks, and from each one that comes too early.
func TestLockedUserIsToldUntilWhen(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, connection, "set timezone = 'UTC'")
	asked := challenge(t, connection, alice, approveGate, invoice)
	refused := func(code, ticket string) *pgconn.PgError {
		t.Helper()
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		return testsql.Refused(t, tx, code, openGates, ticket)
	}
	for range maxFailures - 1 {
		if hint := refused("PS102", answer(t, connection, alice, asked, alice, wrongPIN)).Hint; strings.Contains(hint, " until ") {
			t.Errorf("a wrong response that does not lock: %s", hint)
		}
	}
	last := answer(t, connection, alice, asked, alice, wrongPIN)
	until := testsql.Value[string](t, connection, "select $1::timestamptz::text", testsql.Value[time.Time](t, s.Pool, "select locked_until from postern_internal.credential"))
	if hint := refused("PS102", last).Hint; !strings.Contains(hint, " until "+until) {
		t.Errorf("the response that locks until %s: %s", until, hint)
	}
	early := refused("PS104", answer(t, connection, alice, asked, alice, pins[alice]))
	if want := testsql.Value[string](t, connection, "select jsonb_build_object('unlocks_at', $1::text::timestamptz)::text", until); early.Detail != want || !strings.Contains(early.Hint, until) {
		t.Errorf("a response that comes too early: %s, %s", early.Detail, early.Hint)
	}
}
