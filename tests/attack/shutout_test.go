package attack

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// MALLORY knows ALICE's PIN, may approve with it in a session of BOB's, and is doing so when the administrator
// deactivates ALICE. If what was true before the wait or before the snapshot counted, MALLORY's approval would still
// succeed.
func TestDeactivatedUserApprovesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, `
create table public.naive_user (userid text primary key, active boolean not null);
insert into public.naive_user values ('ALICE', true);
create table public.naive_credential (userid text primary key);
insert into public.naive_credential values ('ALICE');
create function public.naive_authenticate() returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_active boolean := (select u.active from public.naive_user as u where u.userid = 'ALICE');
begin
  perform from public.naive_credential as c where c.userid = 'ALICE' for update;
  return case when is_active then 'accepted' else 'denied' end;
end
$$;
create function public.naive_shut_out() returns void
language sql as $$
  update public.naive_user set active = false;
  select from public.naive_credential for update;
$$`)

	// wait makes MALLORY answer while the administrator's transaction is open, and returns the result.
	wait := func(t *testing.T, shutOut string, attempt func(pgx.Tx) (string, error)) string {
		administrator, connection := s.Connect(t), s.connect(t)
		shutting, err := administrator.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, shutting, shutOut)
		tx := begin(t, connection, bob)
		pid := testsql.Value[int](t, tx, "select pg_backend_pid()")
		type result struct {
			value string
			err   error
		}
		done := make(chan result, 1)
		go func() {
			got, err := attempt(tx)
			done <- result{got, err}
		}()
		s.awaitLock(t, pid)
		commit(t, shutting)
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		commit(t, tx)
		return got.value
	}
	text := func(t *testing.T, sql string, arguments ...any) func(pgx.Tx) (string, error) {
		return func(tx pgx.Tx) (got string, err error) {
			return got, tx.QueryRow(t.Context(), sql, arguments...).Scan(&got)
		}
	}

	t.Run("while it waits", func(t *testing.T) {
		if got := wait(t, "select public.naive_shut_out()", text(t, "select public.naive_authenticate()")); got != "accepted" {
			t.Fatalf("naive: the approval is %s, want accepted", got)
		}
		connection := s.connect(t)
		asked := challenge(t, connection, bob, releaseGate, "{}")
		for _, userid := range []string{alice, bob} { // who approves, and whose session it is
			ticket := wait(t, "select postern.set_user_active("+literal(userid)+", false)", text(t, authenticate, asked, alice, pins[alice]))
			testsql.Run(t, s.Pool, "select postern.set_user_active($1, true)", userid)
			if got := status(t, connection, bob, ticket); got != "denied" {
				t.Errorf("%s was shut out, the ticket is %s", userid, got)
			}
		}
	})

	t.Run("with an older snapshot", func(t *testing.T) {
		connection := s.connect(t)
		asked := challenge(t, connection, bob, releaseGate, "{}")
		for _, userid := range []string{alice, bob} {
			testsql.Run(t, s.Pool, "update public.naive_user set active = true")
			tx := beginAt(t, connection, bob, pgx.RepeatableRead)
			testsql.Run(t, s.Pool, "select public.naive_shut_out()")
			testsql.Run(t, s.Pool, "select postern.set_user_active($1, false)", userid)
			if got := testsql.Value[string](t, tx, "select public.naive_authenticate()"); got != "accepted" {
				t.Fatalf("naive: the approval is %s, want accepted", got)
			}
			_, err := tx.Exec(t.Context(), authenticate, asked, alice, pins[alice])
			if err == nil {
				t.Errorf("%s was shut out, and the response was taken", userid)
			} else {
				requireSerializationFailure(t, err)
			}
			rollback(t, tx)
			testsql.Run(t, s.Pool, "select postern.set_user_active($1, true)", userid)
		}
	})
}

// naiveShutOut ends the tickets that it can see.
const naiveShutOut = `
create table public.naive_user (userid text primary key, active boolean not null);
insert into public.naive_user values ('BOB', true);
create table public.naive_ticket (userid text not null);
create function public.naive_shut_out() returns void
language sql as $$
  update public.naive_user set active = false where userid = 'BOB';
  delete from public.naive_ticket where userid = 'BOB';
$$;`

// BOB's session was approved by ALICE, and her credential counts. A ticket says who its user is, and the transaction
// that uses it does not check whether that user is still active. So no ticket may outlast the deactivation, and none
// may be made during it.
func TestTicketEndsWithTheUserOfItsSession(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, naiveShutOut+`
create function public.naive_approve() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.naive_ticket select u.userid from public.naive_user as u where u.userid = 'BOB' and u.active
$$;
create function public.naive_use() returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.naive_ticket where userid = 'BOB')
$$`)
	connection := s.connect(t)
	earlier := answer(t, connection, bob, challenge(t, connection, bob, releaseGate, "{}"), alice, pins[alice])
	asked := challenge(t, connection, bob, releaseGate, "{}")
	tx := begin(t, connection, bob)
	testsql.Run(t, tx, "select public.naive_approve()")
	late := testsql.Value[string](t, tx, authenticate, asked, alice, pins[alice])

	administrator := s.Connect(t)
	testsql.Run(t, administrator, "select public.naive_shut_out()")
	shutOut := make(chan error, 1)
	go func() {
		_, err := administrator.Exec(t.Context(), "select postern.set_user_active('BOB', false)")
		shutOut <- err
	}()
	s.awaitLock(t, int(administrator.PgConn().PID()))
	commit(t, tx)
	if err := <-shutOut; err != nil {
		t.Fatal(err)
	}
	if !testsql.Value[bool](t, connection, "select public.naive_use()") {
		t.Fatal("naive: the ticket is gone")
	}

	closed := func(code string) {
		t.Helper()
		for _, ticket := range []string{earlier, late} {
			tx := beginUnasserted(t, connection)
			refusedAndGoOn(t, tx, code, "select postern.assume_user($1, $2::text::uuid)", bob, ticket)
			refusedAndGoOn(t, tx, "PS401", checkpoint, releaseGate, "{}")
			rollback(t, tx)
		}
	}
	closed("PS402")
	testsql.Run(t, s.Pool, "select postern.set_user_active('BOB', true)")
	closed("PS103")
}

// The administrator's snapshot is older than another ticket of BOB's session. If that session's row were only locked
// and not written, the administrator would continue and miss the ticket.
func TestDeactivationWithAnOlderSnapshotLeavesNoTicket(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, naiveShutOut+`
create function public.naive_approve() returns void
language sql as $$
  select from public.naive_user where userid = 'BOB' and active for share;
  insert into public.naive_ticket values ('BOB');
$$`)
	connection := s.connect(t)
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		for _, approver := range []string{alice, bob} {
			tx, err := s.Connect(t).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
			if err != nil {
				t.Fatal(err)
			}
			testsql.Run(t, tx, "select from postern.user_account") // takes the snapshot
			testsql.Run(t, s.Pool, "select public.naive_approve()")
			ticket := answer(t, connection, bob, challenge(t, connection, bob, releaseGate, "{}"), approver, pins[approver])
			testsql.Run(t, tx, "select public.naive_shut_out()")
			_, err = tx.Exec(t.Context(), "select postern.set_user_active('BOB', false)")
			if err == nil {
				commit(t, tx)
				if !testsql.Value[bool](t, s.Pool, "select exists (select from public.naive_ticket)") {
					t.Fatal("naive: the ticket is gone")
				}
				using := beginUnasserted(t, connection)
				_, err = using.Exec(t.Context(), "select postern.assume_user($1, $2::text::uuid)", bob, ticket)
				t.Errorf("%s, %s: BOB was shut out past a ticket; using it: %v", level, approver, err)
				rollback(t, using)
				testsql.Run(t, s.Pool, "select postern.set_user_active('BOB', true)")
				continue
			}
			requireSerializationFailure(t, err)
			rollback(t, tx)
		}
	}
}

// BOB's sessions answer one after the other, each before the last one has ended, and none ever commits. Shared locks
// would make the administrator wait for as long as that continues.
func TestOverlappingSessionsDoNotDelayDeactivation(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob, mallory)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, `
create table public.naive_user (userid text primary key, active boolean not null);
insert into public.naive_user values ('BOB', true);
create function public.naive_authenticate() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select from public.naive_user where userid = 'BOB' for share
$$`)
	connections := []*pgx.Conn{s.connect(t), s.connect(t)}
	asked := challenge(t, connections[0], bob, releaseGate, "{}")

	// turns makes BOB's two connections attempt in turn, and says whether the administrator got the lock in the
	// meantime.
	turns := func(shutOut string, letIn func(testing.TB) bool, attempt func(pgx.Tx, int) error) bool {
		administrator := s.Connect(t)
		started := make(chan error, 2)
		next := func(i int) pgx.Tx {
			tx := begin(t, connections[i%2], bob)
			go func() { started <- attempt(tx, i) }()
			return tx
		}
		last := next(0)
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := administrator.Exec(t.Context(), shutOut)
			done <- err
		}()
		s.awaitLock(t, int(administrator.PgConn().PID()))
		for i := 1; i <= 20; i++ {
			tx := next(i)
			waits := false
			for ended := false; !ended && !waits; {
				select {
				case err := <-started: // it did not wait for the previous one
					if err != nil {
						t.Fatal(err)
					}
					ended = true
				case <-time.After(10 * time.Millisecond):
					waits = testsql.Value[bool](t, s.Pool, "select cardinality(pg_blocking_pids($1)) > 0", int(tx.Conn().PgConn().PID()))
				}
			}
			rollback(t, last)
			if waits {
				if err := <-started; err != nil {
					t.Fatal(err)
				}
				// If the administrator came first, that was done before the attempt could continue.
				if letIn(t) {
					rollback(t, tx)
					if err := <-done; err != nil {
						t.Fatal(err)
					}
					return true
				}
			}
			last = tx
		}
		rollback(t, last)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		return false
	}

	shutOut := func(t testing.TB) bool {
		return !testsql.Value[bool](t, s.Pool, "select active from public.naive_user")
	}
	if turns("update public.naive_user set active = false", shutOut, func(tx pgx.Tx, _ int) error {
		_, err := tx.Exec(t.Context(), "select public.naive_authenticate()")
		return err
	}) {
		t.Fatal("naive: the administrator was let in")
	}
	for name, approvers := range map[string][]string{"the own name": {bob, bob}, "the names of others": {alice, mallory}} {
		shutOut := func(t testing.TB) bool {
			return !testsql.Value[bool](t, s.Pool, "select active from postern.user_account where userid = 'BOB'")
		}
		if !turns("select postern.set_user_active('BOB', false)", shutOut, func(tx pgx.Tx, i int) error {
			_, err := tx.Exec(t.Context(), authenticate, asked, approvers[i%2], wrongPIN)
			return err
		}) {
			t.Errorf("%s: the administrator was kept waiting", name)
		}
		testsql.Run(t, s.Pool, "select postern.set_user_active('BOB', true)")
	}
}

// awaitLock returns when a server process waits for a lock.
func (s *scene) awaitLock(t testing.TB, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if testsql.Value[bool](t, s.Pool, "select cardinality(pg_blocking_pids($1)) > 0", pid) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no process waits for a lock")
		}
	}
}

// A limit that docs/security.md lists, and its end: a transaction that has opened gates continues until it ends, and no
// other one begins.
func TestOpenGatesOutliveDeactivationUntilTheTransactionEnds(t *testing.T) {
	t.Parallel()
	for name, shutOut := range map[string]string{
		"shut out": "select postern.set_user_active('ALICE', false)",
		"new PIN":  "select postern.reset_pin('ALICE', '739154')",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, alice)
			connection := s.connect(t)
			used := answer(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, pins[alice])
			unused := answer(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, pins[alice])
			tx := begin(t, connection, alice)
			open(t, tx, used)
			impatient, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if _, err := s.Pool.Exec(impatient, shutOut); err != nil {
				t.Fatalf("the administrator waits: %v", err)
			}
			reach(t, tx, approveGate, invoice)
			commit(t, tx)
			testsql.Run(t, s.Pool, "select postern.set_user_active('ALICE', true)")
			for _, ticket := range []string{used, unused} {
				if got := status(t, connection, alice, ticket); got == "accepted" {
					t.Errorf("a ticket is %s afterwards", got)
				}
			}
		})
	}
}
