package attack

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// MALLORY knows ALICE's PIN, may approve with it in a session of BOB's, and is at it when the administrator shuts ALICE
// out. Whoever is let go on by what was true before the wait, or before the snapshot, approves all the same.
func TestShutOutUserApprovesNothingAnyMore(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	run(t, s.Pool, `
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

	// wait has MALLORY answer while the administrator's transaction is open; it returns what came of it.
	wait := func(t *testing.T, shutOut string, attempt func(pgx.Tx) (string, error)) string {
		administrator, connection := s.Connect(t), s.connect(t)
		shutting, err := administrator.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run(t, shutting, shutOut)
		tx := begin(t, connection, bob)
		pid := value[int](t, tx, "select pg_backend_pid()")
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
			t.Fatalf("naive: %s", got)
		}
		connection := s.connect(t)
		asked := challenge(t, connection, bob, releaseGate, "{}")
		ticket := wait(t, "select postern.set_user_active('ALICE', false)", text(t, authenticate, asked, alice, pins[alice]))
		if got := status(t, connection, bob, ticket); got != "denied" {
			t.Errorf("the ticket is %s", got)
		}
		run(t, s.Pool, "select postern.set_user_active('ALICE', true)")
	})

	t.Run("with an older snapshot", func(t *testing.T) {
		connection := s.connect(t)
		run(t, s.Pool, "update public.naive_user set active = true")
		asked := challenge(t, connection, bob, releaseGate, "{}")
		tx := beginAt(t, connection, bob, pgx.RepeatableRead)
		run(t, s.Pool, "select public.naive_shut_out(), postern.set_user_active('ALICE', false)")
		if got := value[string](t, tx, "select public.naive_authenticate()"); got != "accepted" {
			t.Fatalf("naive: %s", got)
		}
		_, err := tx.Exec(t.Context(), authenticate, asked, alice, pins[alice])
		if err == nil {
			t.Error("the response was taken")
		} else {
			requireSerializationFailure(t, err)
		}
		rollback(t, tx)
	})
}

// BOB's session was approved by ALICE, so nothing of BOB's credential is touched. A ticket says who its user is, and the
// transaction that uses it does not ask whether that one is still active: so none may outlast being shut out, and none may
// be on its way meanwhile.
func TestTicketEndsWithTheUserOfItsSession(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	run(t, s.Pool, `
create table public.naive_user (userid text primary key, active boolean not null);
insert into public.naive_user values ('BOB', true);
create table public.naive_ticket (userid text not null);
create function public.naive_approve() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.naive_ticket select u.userid from public.naive_user as u where u.userid = 'BOB' and u.active
$$;
create function public.naive_shut_out() returns void
language sql as $$
  update public.naive_user set active = false where userid = 'BOB';
  delete from public.naive_ticket where userid = 'BOB';
$$;
create function public.naive_use() returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.naive_ticket where userid = 'BOB')
$$`)
	connection := s.connect(t)
	earlier := answer(t, connection, bob, challenge(t, connection, bob, releaseGate, "{}"), alice, pins[alice])
	asked := challenge(t, connection, bob, releaseGate, "{}")
	tx := begin(t, connection, bob)
	run(t, tx, "select public.naive_approve()")
	late := value[string](t, tx, authenticate, asked, alice, pins[alice])

	administrator := s.Connect(t)
	run(t, administrator, "select public.naive_shut_out()")
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
	if !value[bool](t, connection, "select public.naive_use()") {
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
	run(t, s.Pool, "select postern.set_user_active('BOB', true)")
	closed("PS103")
}

// awaitLock returns when a server process waits for a lock.
func (s *scene) awaitLock(t testing.TB, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if value[bool](t, s.Pool, "select cardinality(pg_blocking_pids($1)) > 0", pid) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody waits")
		}
	}
}
