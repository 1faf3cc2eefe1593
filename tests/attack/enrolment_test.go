package attack

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	setPIN   = "select postern.set_pin($1)"
	resetPIN = "select postern.reset_pin($1, $2)"
	newPIN   = "quite another 5829"
)

// createNaivePIN stores PINs as a first attempt would: whoever has the session may change the PIN, and learns what is
// wrong.
func createNaivePIN(t testing.TB, s *scene) {
	t.Helper()
	testsql.Run(t, s.Pool, `
create table public.naive_credential (userid text primary key, pin text not null);
insert into public.naive_credential values ('ALICE', $$`+pins[alice]+`$$);
create function public.naive_set_pin(old_pin text, new_pin text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if old_pin is not null and old_pin <> (select c.pin from public.naive_credential as c where c.userid = 'ALICE') then
    return 'wrong PIN';
  end if;
  if new_pin = (select c.pin from public.naive_credential as c where c.userid = 'ALICE') then
    return 'the old one again';
  end if;
  update public.naive_credential set pin = new_pin where userid = 'ALICE';
  return 'changed';
end $$;
grant execute on function public.naive_set_pin(text, text) to public`)
}

// worksAs reports whether a PIN approves at a gate.
func (s *scene) worksAs(t testing.TB, connection *pgx.Conn, userid, gate, parameters, pin string) bool {
	t.Helper()
	ticket := answer(t, connection, userid, challenge(t, connection, userid, gate, parameters), userid, pin)
	return status(t, connection, userid, ticket) == "accepted"
}

// Somebody at an unlocked workstation would change the PIN first.
func TestPINIsNotChangedWithoutTheCurrentOne(t *testing.T) {
	s := newScene(t, alice, bob)
	createNaivePIN(t, s)
	connection := s.connect(t)
	if got := testsql.Value[string](t, connection, "select public.naive_set_pin(null, $1)", newPIN); got != "changed" {
		t.Fatalf("the naive version withstood: %s", got)
	}

	tx := begin(t, connection, alice)
	testsql.Refused(t, tx, "PS101", setPIN, newPIN)
	rollback(t, tx)

	// What opens another gate does not open this one.
	ticket := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS101", setPIN, newPIN)
	reach(t, tx, approveGate, invoice)
	testsql.Refused(t, tx, "PS101", setPIN, newPIN)
	rollback(t, tx)

	// Another user's approval does not open it, if others may approve.
	s.set(t, "all_users_valid", "true")
	asked := challenge(t, connection, alice, approveGate, invoice)
	if got := status(t, connection, alice, answer(t, connection, alice, asked, bob, pins[bob])); got != "accepted" {
		t.Fatalf("another user may not approve: %s", got)
	}
	asked = challenge(t, connection, alice, pinGate, "{}")
	ticket = answer(t, connection, alice, asked, bob, pins[bob])
	tx = begin(t, connection, alice)
	testsql.Refused(t, tx, "PS102", openGates, ticket)
	rollback(t, tx)
	// The attempt counts against the session's own user, and not against Bob.
	if s.failures(t, alice) != 1 || s.failures(t, bob) != 0 {
		t.Errorf("failures: Alice %d, Bob %d", s.failures(t, alice), s.failures(t, bob))
	}

	// Bob's ticket for his own PIN does not open it either.
	ticket = approve(t, connection, bob, pinGate, "{}")
	tx = begin(t, connection, alice)
	testsql.Refused(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
	if !s.worksAs(t, connection, alice, approveGate, invoice, pins[alice]) {
		t.Error("Alice's PIN was changed")
	}
}

func TestPINGateCannotBeSwitchedOff(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create table public.naive_gate (gate_id text, active boolean);
insert into public.naive_gate values ('NAIVE_PIN_CHANGE', true);
create function public.naive_set_pin() returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if (select g.active from public.naive_gate as g) then
    raise exception 'checkpoint';
  end if;
  return 'changed';
end $$`)
	testsql.Run(t, s.Pool, "update public.naive_gate set active = false")
	if got := testsql.Value[string](t, s.Pool, "select public.naive_set_pin()"); got != "changed" {
		t.Fatalf("the naive version withstood: %s", got)
	}

	administrator := s.Login(t, "postern_admin").Connect(t)
	testsql.Refused(t, administrator, "PS107", "select postern.set_gate_active($1, false)", pinGate)
	testsql.Refused(t, administrator, "PS107", "select postern.set_gate_message($1, 'x')", pinGate)
	for _, gate := range []string{pinGate, "postern_pin_change", "Postern_Other"} {
		testsql.Refused(t, administrator, "PS107", "select postern.register_gate($1, 'd', 'm', '{}', false)", gate)
	}
	testsql.Refused(t, administrator, "PS107", `select sec_checkpoint_gate_api.register($1, E'!X\n$DESCRIPTION=d\n$MESSAGE=m\n$ACTIVE=FALSE')`, pinGate)
	testsql.Refused(t, administrator, "PS107", "select postern.set_scheme_enabled('PIN', false)")
	testsql.Run(t, administrator, "select postern.set_setting('checkpoints_enabled', 'false')")

	connection := s.connect(t)
	tx := begin(t, connection, alice)
	reach(t, tx, approveGate, invoice)
	testsql.Refused(t, tx, "PS101", setPIN, newPIN)
	rollback(t, tx)
	// With the current PIN it works, whether checkpoints are enabled or not.
	ticket := approve(t, connection, alice, pinGate, "{}")
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, setPIN, newPIN)
	commit(t, tx)
	if !s.worksAs(t, connection, alice, approveGate, invoice, newPIN) || s.worksAs(t, connection, alice, approveGate, invoice, pins[alice]) {
		t.Error("the PIN was not changed")
	}
}

// A person who is asked to change the PIN approves nothing else by that.
func TestPINTicketOpensNothingElse(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)

	testsql.Run(t, s.Pool, `
create function public.naive_gate_is_open(gate_id text) returns boolean
language sql return pg_catalog.current_setting('naive.open', true) = 'true'`)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select pg_catalog.set_config('naive.open', 'true', true)") // opened for the PIN change
	if !testsql.Value[bool](t, tx, "select public.naive_gate_is_open('SINWOF_APPROVE')") {
		t.Fatal("the naive version withstood")
	}
	rollback(t, tx)

	ticket := approve(t, connection, alice, pinGate, "{}")
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	testsql.Run(t, tx, setPIN, newPIN)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
	// A second ticket beside it does not help.
	commit(t, tx)
	if got := s.passes(t); got != 1 {
		t.Errorf("%d passes are logged, want the PIN change alone", got)
	}
}

// An administrator knows the PIN that was just set, and must not be able to approve with it.
func TestResetPINApprovesNothing(t *testing.T) {
	s := newScene(t, alice)
	createNaivePIN(t, s)
	testsql.Run(t, s.Pool, "update public.naive_credential set pin = $1", newPIN) // by an administrator
	if !testsql.Value[bool](t, s.Pool, "select pin = $1 from public.naive_credential", newPIN) {
		t.Fatal("the naive version withstood")
	}

	administrator := s.Login(t, "postern_admin").Connect(t)
	testsql.Run(t, administrator, resetPIN, alice, newPIN)
	connection := s.connect(t)
	for name, pin := range map[string]string{"reset": newPIN, "former": pins[alice]} {
		if s.worksAs(t, connection, alice, approveGate, invoice, pin) {
			t.Errorf("the %s PIN approves", name)
		}
	}
	if s.failures(t, alice) != 2 {
		t.Errorf("%d failures are counted", s.failures(t, alice))
	}

	asked := challenge(t, connection, alice, pinGate, "{}")
	ticket := answer(t, connection, alice, asked, alice, newPIN)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	testsql.Run(t, tx, setPIN, "now 3618 her own")
	commit(t, tx)
	if !s.worksAs(t, connection, alice, approveGate, invoice, "now 3618 her own") {
		t.Error("the changed PIN does not approve")
	}
}

// Any second place that tells whether a PIN is right is a place to guess at: in the caller's own transaction, an answer
// costs nothing.
func TestOnlyTheGateComparesPINs(t *testing.T) {
	s := newScene(t, alice)
	createNaivePIN(t, s)
	connection := s.connect(t)
	for guess, want := range map[string]string{wrongPIN: "changed", pins[alice]: "the old one again"} {
		tx := begin(t, connection, alice)
		if got := testsql.Value[string](t, tx, "select public.naive_set_pin(null, $1)", guess); got != want {
			t.Fatalf("the naive version withstood: %s", got)
		}
		rollback(t, tx)
	}

	// set_pin does not tell: before the gate is open, it answers alike for the old PIN and for any other.
	for _, guess := range []string{wrongPIN, pins[alice]} {
		tx := begin(t, connection, alice)
		testsql.Refused(t, tx, "PS101", setPIN, guess)
		rollback(t, tx)
	}
	// reset_pin does not tell: an administrator could ask, and roll back.
	administrator := s.Login(t, "postern_admin").Connect(t)
	for _, guess := range []string{wrongPIN, pins[alice]} {
		tx, err := administrator.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, tx, resetPIN, alice, guess)
		rollback(t, tx)
	}
	// Behind the gate it tells, because the person has just proved to know the PIN.
	ticket := approve(t, connection, alice, pinGate, "{}")
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Refused(t, tx, "PS109", setPIN, pins[alice])
	rollback(t, tx)

	// No other function reads a hash at all.
	if got, want := fmt.Sprint(testsql.Values[string](t, s.Pool, `
select p.proname from pg_catalog.pg_proc as p
 where p.proowner = 'postern_owner'::pg_catalog.regrole and p.prosrc ~ '\mhash_pin\M' order by 1`)), "[authenticate reset_pin set_pin]"; got != want {
		t.Errorf("PINs are hashed by %s, want %s", got, want)
	}
}

// The first PIN comes from an administrator, and not from whoever is first at the keyboard.
func TestFirstPINComesFromAnAdministrator(t *testing.T) {
	s := newScene(t)
	s.addUser(t, alice)
	testsql.Run(t, s.Pool, `
create table public.naive_credential (userid text primary key, pin text);
insert into public.naive_credential values ('ALICE', null);
create function public.naive_set_pin(new_pin text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.naive_credential set pin = new_pin where userid = 'ALICE' and pin is null returning true
$$;
grant execute on function public.naive_set_pin(text) to public`)
	connection := s.connect(t)
	if !testsql.Value[bool](t, connection, "select public.naive_set_pin($1)", newPIN) {
		t.Fatal("the naive version withstood")
	}

	tx := begin(t, connection, alice)
	testsql.Refused(t, tx, "PS101", setPIN, newPIN)
	rollback(t, tx)
	for _, guess := range []string{"", " ", newPIN} {
		if s.worksAs(t, connection, alice, pinGate, "{}", guess) {
			t.Errorf("%q opens the gate of a user without a PIN", guess)
		}
	}
	if _, err := connection.Exec(t.Context(), resetPIN, alice, newPIN); testdb.Code(err) != "42501" {
		t.Errorf("the application resets a PIN: %v", err)
	}

	testsql.Run(t, s.Login(t, "postern_admin").Connect(t), resetPIN, alice, newPIN)
	ticket := answer(t, connection, alice, challenge(t, connection, alice, pinGate, "{}"), alice, newPIN)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, setPIN, pins[alice])
	commit(t, tx)
	if !s.worksAs(t, connection, alice, approveGate, invoice, pins[alice]) {
		t.Error("the first PIN of her own does not approve")
	}
}

// One approval allows one change: the typed PIN proves only the PIN that the first change replaces.
func TestOneTicketChangesOnePIN(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive_set_pin(new_pin text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from postern_internal.open_gate as o where o.gate_id = 'POSTERN_PIN_CHANGE' and o.transaction_id = pg_current_xact_id()) then
    raise exception 'not approved';
  end if;
  update postern_internal.credential set changed_by = new_pin;
end $$;
alter function public.naive_set_pin(text) owner to postern_owner;
grant execute on function public.naive_set_pin(text) to public`)
	connection := s.connect(t)
	ticket := approve(t, connection, alice, pinGate, "{}")
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "select public.naive_set_pin('one')")
	testsql.Run(t, tx, "select public.naive_set_pin('two')")
	rollback(t, tx)

	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	// A change that is rolled back does not count.
	testsql.Run(t, tx, "savepoint before")
	testsql.Run(t, tx, setPIN, "first 8264 pin")
	testsql.Run(t, tx, "rollback to savepoint before")
	refusedAndGoOn(t, tx, "PS109", setPIN, "123456")
	testsql.Run(t, tx, setPIN, "second 9375 pin")
	for _, another := range []string{"third 1486 pin", "second 9375 pin"} {
		refusedAndGoOn(t, tx, "PS101", setPIN, another)
	}
	commit(t, tx)
	for _, pin := range []string{"first 8264 pin", "third 1486 pin", pins[alice]} {
		if s.worksAs(t, connection, alice, approveGate, invoice, pin) {
			t.Errorf("the PIN %q approves", pin)
		}
	}
	if !s.worksAs(t, connection, alice, approveGate, invoice, "second 9375 pin") {
		t.Error("the PIN was not changed")
	}
	tx = begin(t, connection, alice)
	testsql.Refused(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
}
