package attack

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// naiveSetting opens the gates with a setting, signed so that nobody can forge it. The log and the use of the ticket
// are rows.
const naiveSetting = `
create table public.naive_log (gate text not null);
grant select on public.naive_log to public;
create table public.naive_used (ticket text primary key);
create function public.naive_seal() returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select encode(sha256(convert_to('secret' || pg_current_xact_id()::text, 'UTF8')), 'hex') $$;
revoke execute on function public.naive_seal() from public;
create function public.naive_open_gates(ticket text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.naive_used values (ticket);
  perform set_config('naive.gates', public.naive_seal(), true);
end
$$;
create function public.naive_checkpoint(gate text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('naive.gates', true) is distinct from public.naive_seal() then
    raise exception using errcode = 'PS101', message = 'closed', detail = gate, hint = 'none';
  end if;
  insert into public.naive_log values (gate);
end
$$`

// savedSettings are all settings of Postern that a session has.
func savedSettings(t testing.TB, tx pgx.Tx) map[string]string {
	t.Helper()
	rows, err := tx.Query(t.Context(), "select name, setting from pg_settings where name like 'postern.%' or name like 'naive.%'")
	if err != nil {
		t.Fatal(err)
	}
	saved := map[string]string{}
	var name, setting string
	if _, err := pgx.ForEachRow(rows, []any{&name, &setting}, func() error {
		saved[name] = setting
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// Settings that no extension has declared are in no view.
	for _, name := range []string{"postern.session", "postern.ticket", "naive.gates"} {
		saved[name] = testsql.Value[string](t, tx, "select coalesce(current_setting($1, true), '')", name)
	}
	return saved
}

func restoreSettings(t testing.TB, tx pgx.Tx, saved map[string]string) {
	t.Helper()
	for name, setting := range saved {
		testsql.Run(t, tx, "select set_config($1, $2, true)", name, setting)
	}
}

func TestGateClosesWithTheSavepointThatOpenedIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveSetting)
	connection := s.connect(t)

	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "savepoint before_gates")
	testsql.Run(t, tx, "select public.naive_open_gates('ticket')")
	saved := savedSettings(t, tx)
	testsql.Run(t, tx, "rollback to savepoint before_gates")
	restoreSettings(t, tx, saved)
	testsql.Run(t, tx, "select public.naive_checkpoint('gate')")
	testsql.Run(t, tx, "select public.naive_open_gates('ticket')") // the ticket is unused again
	rollback(t, tx)

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, "savepoint before_gates")
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	saved = savedSettings(t, tx)
	testsql.Run(t, tx, "rollback to savepoint before_gates")
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	restoreSettings(t, tx, saved)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
	commit(t, tx)
	if got := s.passes(t); got != 0 {
		t.Errorf("%d passes are logged, want none", got)
	}
	if got := status(t, connection, alice, ticket); got != "accepted" {
		t.Errorf("the ticket is %s, although its use was rolled back", got)
	}
}

// The business rows of a pass and its log row are committed together, or not at all.
func TestPassThatWasRolledBackLeavesTheGateAsItWas(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveSetting)
	connection := s.connect(t)

	// Naive: the log row is erased, but the gate stays open, and the payment is made behind it.
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select public.naive_open_gates('ticket')")
	testsql.Run(t, tx, "savepoint before_pass")
	testsql.Run(t, tx, "select public.naive_checkpoint('first')")
	testsql.Run(t, tx, "rollback to savepoint before_pass")
	testsql.Run(t, tx, "select public.naive_checkpoint('second')")
	if got := testsql.Value[string](t, tx, "select string_agg(l.gate, ',') from public.naive_log as l"); got != "second" {
		t.Fatalf("naive: logged is %s", got)
	}
	rollback(t, tx)

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "savepoint before_pass")
	reach(t, tx, approveGate, invoice)
	reach(t, tx, releaseGate, "{}") // open as long as the first pass stands
	testsql.Run(t, tx, "insert into public.payment values ('first')")
	saved := savedSettings(t, tx)
	testsql.Run(t, tx, "rollback to savepoint before_pass")

	// The pass that opened the other gates was undone.
	restoreSettings(t, tx, saved)
	refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
	refusedAndGoOn(t, tx, "PS103", checkpoint, approveGate, `{"PAYEE": "Mallory", "AMOUNT": 100}`)
	reach(t, tx, approveGate, invoice)
	testsql.Run(t, tx, "insert into public.payment values ('second')")
	commit(t, tx)
	s.requireLogged(t, approveGate)
	if got := testsql.Value[string](t, s.Pool, "select string_agg(p.payee, ',') from public.payment as p"); got != "second" {
		t.Errorf("paid were %q, want only the second payment", got)
	}
}

// An exception block is a savepoint too.
func TestExceptionBlockAroundPass(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveSetting)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, `
create function public.pass_and_erase(open_and_pass text, setting text) returns void language plpgsql
as $$
declare
  saved text;
begin
  begin
    execute open_and_pass;
    saved := current_setting(setting, true);
    raise exception 'erase it';
  exception when raise_exception then
    perform set_config(setting, saved, true);
  end;
end
$$`)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select public.pass_and_erase($$select public.naive_open_gates('ticket'), public.naive_checkpoint('gate')$$, 'naive.gates')")
	testsql.Run(t, tx, "select public.naive_checkpoint('gate')")
	rollback(t, tx)

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, "select public.pass_and_erase(format('select postern.open_gates(%L::uuid), postern.checkpoint(%L, %L)', $1::text, $2::text, $3::text), 'postern.session')",
		ticket, approveGate, invoice)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	commit(t, tx)
	s.requireLogged(t)
}

// The log has what was committed, however the passes are nested.
func TestLogHasOnlyCommittedPasses(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)

	first := approve(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, first)
	testsql.Run(t, tx, "savepoint one")
	reach(t, tx, approveGate, invoice)
	testsql.Run(t, tx, "savepoint two")
	reach(t, tx, releaseGate, "{}")
	testsql.Run(t, tx, "rollback to savepoint two")
	testsql.Run(t, tx, "savepoint three")
	reach(t, tx, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 3}`)
	testsql.Run(t, tx, "release savepoint three")
	testsql.Run(t, tx, "release savepoint one")
	commit(t, tx)
	s.requireLogged(t, approveGate, numberedGate)

	second := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, second)
	reach(t, tx, approveGate, invoice)
	rollback(t, tx)
	s.requireLogged(t, approveGate, numberedGate)

	// The entries name the transaction of the business rows.
	tx = begin(t, connection, alice)
	open(t, tx, second)
	testsql.Run(t, tx, "savepoint one")
	reach(t, tx, approveGate, invoice)
	testsql.Run(t, tx, "insert into public.payment values ('Paper Mill Ltd')")
	transaction := testsql.Value[string](t, tx, "select pg_current_xact_id()::text")
	commit(t, tx)
	s.requireLogged(t, approveGate, numberedGate, approveGate)
	if got := testsql.Value[string](t, s.Pool, "select transaction_id::text from postern.checkpoint_log where outcome = 'passed' order by log_id desc limit 1"); got != transaction {
		t.Errorf("logged is transaction %s, want %s", got, transaction)
	}
}

// requireLogged fails unless the log has exactly these passes, in this order.
func (s *scene) requireLogged(t testing.TB, gates ...string) {
	t.Helper()
	rows, err := s.Pool.Query(t.Context(), "select gate_id from postern.checkpoint_log where outcome = 'passed' order by log_id")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, gates) {
		t.Errorf("logged are passes of %v, want %v", got, gates)
	}
}
