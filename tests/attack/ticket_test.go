package attack

import (
	"bytes"
	"cmp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveBearer is a ticket that only says that somebody approved something. It opens any gate for whoever has it, checks
// that it is unused before it marks it used, and uses a clock that stands still within a transaction.
const naiveBearer = `
create table public.bearer (
  ticket uuid primary key default gen_random_uuid(),
  used boolean not null default false,
  expires_at timestamptz not null default clock_timestamp() + interval '5 seconds'
);
create table public.bearer_open (backend integer not null);
create function public.bearer_approve() returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$ insert into public.bearer default values returning ticket::text $$;
create function public.bearer_open_gates(ticket uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from public.bearer as b where b.ticket = bearer_open_gates.ticket and not b.used and b.expires_at > now()) then
    raise exception using errcode = 'PS103', message = 'invalid', detail = 'used or expired', hint = 'none';
  end if;
  update public.bearer as b set used = true where b.ticket = bearer_open_gates.ticket;
  insert into public.bearer_open (backend) values (pg_backend_pid());
end
$$;
create function public.bearer_checkpoint(gate text, parameters jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from public.bearer_open as o where o.backend = pg_backend_pid()) then
    raise exception using errcode = 'PS101', message = 'closed', detail = gate, hint = 'none';
  end if;
end
$$`

const (
	bearerApprove    = "select public.bearer_approve()"
	bearerOpenGates  = "select public.bearer_open_gates($1)"
	bearerCheckpoint = "select public.bearer_checkpoint($1, $2)"
)

// nonce is the value of the setting postern.ticket for a ticket, or the ticket itself if there is none.
func (s *scene) nonce(t testing.TB, ticket string) string {
	t.Helper()
	return testsql.Value[string](t, s.Pool, "select coalesce((select nonce::text from postern_internal.ticket where ticket = $1::text::uuid), $1)", ticket)
}

func TestTicketIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)

	// Naive: an approval that is never used up, like many a session flag.
	testsql.Run(t, s.Pool, naiveBearer)
	testsql.Run(t, s.Pool, "create or replace function public.bearer_open_gates(ticket uuid) returns void language sql security definer as 'insert into public.bearer_open values (pg_backend_pid())'")
	flag := testsql.Value[string](t, connection, bearerApprove)
	for range 2 {
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, bearerOpenGates, flag)
		testsql.Run(t, tx, bearerCheckpoint, approveGate, invoice)
		commit(t, tx)
	}

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	reach(t, tx, approveGate, invoice)
	reach(t, tx, releaseGate, "{}") // the first gate opens the others
	commit(t, tx)
	if got := status(t, connection, alice, ticket); got != "used" {
		t.Errorf("the ticket is %s after its use", got)
	}
	for _, connection := range []*pgx.Conn{connection, s.connect(t)} {
		tx := begin(t, connection, alice)
		refusedAndGoOn(t, tx, "PS103", openGates, ticket)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		rollback(t, tx)
	}
	if got := s.passes(t); got != 2 {
		t.Errorf("%d passes are logged, want 2", got)
	}
}

func TestTicketSurvivesTransactionThatRolledBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	ticket := approve(t, connection, alice, approveGate, invoice)
	for range 2 {
		tx := begin(t, connection, alice)
		open(t, tx, ticket)
		reach(t, tx, approveGate, invoice)
		rollback(t, tx)
		tx = begin(t, connection, alice)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		rollback(t, tx)
	}
	if got := s.passes(t); got != 0 {
		t.Errorf("%d passes are logged, and none was committed", got)
	}
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	if got := s.passes(t); got != 1 {
		t.Errorf("%d passes are logged, want 1", got)
	}
}

func TestTicketIsUsedOnceInParallel(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	first, second := s.connect(t), s.connect(t)

	// race makes two transactions use a ticket at the same time, and returns the result of the second one.
	race := func(level pgx.TxIsoLevel, use, ticket string, end func(testing.TB, pgx.Tx)) error {
		ahead := beginAt(t, first, alice, level)
		behind := beginAt(t, second, alice, level)
		testsql.Run(t, ahead, use, ticket)
		done := make(chan error)
		go func() {
			_, err := behind.Exec(t.Context(), use, ticket)
			done <- err
		}()
		s.waitForLock(t, second)
		end(t, ahead)
		err := <-done
		if err == nil {
			reached := []any{approveGate, invoice}
			if use == bearerOpenGates {
				testsql.Run(t, behind, bearerCheckpoint, reached...)
			} else {
				testsql.Run(t, behind, checkpoint, reached...)
			}
			commit(t, behind)
		} else {
			rollback(t, behind)
		}
		return err
	}

	if err := race(pgx.ReadCommitted, bearerOpenGates, testsql.Value[string](t, first, bearerApprove), commit); err != nil {
		t.Fatalf("naive: the second use failed: %v", err)
	}

	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		ticket := approve(t, first, alice, approveGate, invoice)
		err := race(level, openGates, ticket, commit)
		if testdb.Code(err) != "40001" { // either of the two checks may refuse it
			testdb.RequireCode(t, err, "PS103")
		}

		ticket = approve(t, first, alice, approveGate, invoice)
		if err := race(level, openGates, ticket, rollback); err != nil {
			t.Errorf("%s: the first use rolled back, and the second failed: %v", level, err)
		}
	}
	if got := s.passes(t); got != 3 {
		t.Errorf("%d passes are logged, want 3", got)
	}
}

// waitForLock returns when the connection waits for another transaction.
func (s *scene) waitForLock(t testing.TB, connection *pgx.Conn) {
	t.Helper()
	for range 1000 {
		if testsql.Value[bool](t, s.Pool, "select exists (select from pg_locks where pid = $1 and not granted)", connection.PgConn().PID()) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the connection does not wait for a lock")
}

func TestTicketOpensNothingElse(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	strangers := s.Login(t, "postern_trusted_app").Connect(t)

	const other = `{"PAYEE": "Mallory", "AMOUNT": 100}`
	for name, attack := range map[string]struct {
		connection       *pgx.Conn
		userid           string
		gate, parameters string
	}{
		"another user":          {connection, bob, approveGate, invoice},
		"another session role":  {strangers, alice, approveGate, invoice},
		"another gate":          {connection, alice, releaseGate, "{}"},
		"another payee":         {connection, alice, approveGate, other},
		"another amount":        {connection, alice, approveGate, `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 1000}`},
		"another spelling":      {connection, alice, approveGate, `{"PAYEE": "Paper Mill Ltd", "AMOUNT": "100"}`},
		"a little more":         {connection, alice, approveGate, `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 100.001}`},
		"nothing as the amount": {connection, alice, approveGate, `{"PAYEE": "Paper Mill Ltd", "AMOUNT": null}`},
		"parameters exchanged":  {connection, alice, approveGate, `{"AMOUNT": "Paper Mill Ltd", "PAYEE": 100}`},
		"the PIN's own gate":    {connection, alice, pinGate, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			tx := begin(t, attack.connection, attack.userid)
			testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, connection, bearerApprove))
			testsql.Run(t, tx, bearerCheckpoint, attack.gate, attack.parameters)
			rollback(t, tx)

			ticket := approve(t, connection, alice, approveGate, invoice)
			tx = begin(t, attack.connection, attack.userid)
			if attack.connection != connection || attack.userid != alice {
				refusedAndGoOn(t, tx, "PS103", "select postern.ticket_status($1::uuid)", ticket)
				refusedAndGoOn(t, tx, "PS103", openGates, ticket)
				refusedAndGoOn(t, tx, "PS101", checkpoint, attack.gate, attack.parameters)
			} else {
				code := "PS103"
				if attack.gate == pinGate {
					code = "PS101" // a gate that no other ticket opens asks for its own
				}
				open(t, tx, ticket)
				refusedAndGoOn(t, tx, code, checkpoint, attack.gate, attack.parameters)
				// The attempts have opened nothing.
				refusedAndGoOn(t, tx, code, checkpoint, attack.gate, attack.parameters)
			}
			commit(t, tx)
		})
	}
	if got := s.passes(t); got != 0 {
		t.Errorf("%d passes are logged, want none", got)
	}
}

// Alice has opened the gates. They are closed for another user who is asserted in her transaction.
func TestGatesAreOpenForOneUserOfTheTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, connection, bearerApprove))
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	testsql.Run(t, tx, bearerCheckpoint, approveGate, invoice)
	rollback(t, tx)

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	refusedAndGoOn(t, tx, "PS103", openGates, approve(t, s.connect(t), bob, approveGate, invoice))
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
}

// A sequence gives another number the second time. The approval was not for the number.
func TestUnboundParameterMayDiffer(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	ticket := approve(t, connection, alice, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 1}`)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS103", checkpoint, numberedGate, `{"PAYEE": "Mallory", "SEQUENCE": 1}`)
	reach(t, tx, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 2}`)
	commit(t, tx)
	if got := testsql.Value[string](t, s.Pool, "select message from postern.checkpoint_log where outcome = 'passed'"); got != "Voucher 2 of Paper Mill Ltd numbered" {
		t.Errorf("logged: %s; that is not what was done", got)
	}
}

// now() stands still in a transaction: one that began in time could continue for any time.
func TestTicketExpiresByTheClock(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)

	bearer := testsql.Value[string](t, connection, bearerApprove)
	unused := approve(t, connection, alice, approveGate, invoice)
	late := approve(t, connection, alice, approveGate, invoice)
	passing := approve(t, connection, alice, approveGate, invoice)
	begun := begin(t, s.connect(t), alice)
	opener, passer := s.connect(t), s.connect(t)
	var opened, passed pgx.Tx
	s.expire(t, func() error {
		opened, passed = begin(t, opener, alice), begin(t, passer, alice)
		_, openError := opened.Exec(t.Context(), openGates, late)
		_, passError := passed.Exec(t.Context(), openGates, passing)
		if passError == nil {
			_, passError = passed.Exec(t.Context(), checkpoint, approveGate, invoice)
		}
		return cmp.Or(openError, passError)
	}, func() {
		rollback(t, opened)
		rollback(t, passed)
	})

	testsql.Run(t, begun, bearerOpenGates, bearer) // naive: expired long ago
	refusedAndGoOn(t, begun, "PS103", openGates, unused)
	refusedAndGoOn(t, begun, "PS101", checkpoint, approveGate, invoice)
	rollback(t, begun)
	if got := status(t, connection, alice, unused); got != "expired" {
		t.Errorf("the unused ticket is %s", got)
	}
	tx := begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS103", openGates, unused)
	rollback(t, tx)

	// It is opened in time, but the first gate is reached too late.
	refusedAndGoOn(t, opened, "PS103", checkpoint, approveGate, invoice)
	rollback(t, opened)

	// It is passed in time. The rest of the transaction may take as long as it needs.
	reach(t, passed, releaseGate, "{}")
	commit(t, passed)
	if got := s.passes(t); got != 2 {
		t.Errorf("%d passes are logged, want 2", got)
	}
}

// A prepared transaction leaves its session, and the session continues without it.
func TestGateStaysInThePreparedTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	connection, other := s.connect(t), s.connect(t)
	prepare := "prepare transaction " + literal(s.Name)

	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, other, bearerApprove))
	testsql.Run(t, tx, prepare)
	testsql.Run(t, connection, "commit prepared "+literal(s.Name))
	testsql.Run(t, connection, bearerCheckpoint, approveGate, invoice) // naive: open for good

	for _, end := range []string{"commit", "rollback"} {
		ticket := approve(t, connection, alice, approveGate, invoice)
		tx := begin(t, connection, alice)
		open(t, tx, ticket)
		if end == "commit" {
			reach(t, tx, approveGate, invoice)
		}
		testsql.Run(t, tx, prepare)

		closed := func() {
			t.Helper()
			for _, connection := range []*pgx.Conn{connection, other} {
				tx := begin(t, connection, alice)
				testsql.Run(t, tx, "set local lock_timeout = '100ms'")
				refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
				testsql.Run(t, tx, "savepoint before_use")
				_, err := tx.Exec(t.Context(), openGates, ticket)
				switch code := testdb.Code(err); {
				case code == "55P03": // it waits for the end of the prepared transaction
				case end == "commit" && code == "PS103":
				case end == "rollback" && err == nil:
				default:
					t.Errorf("second use, first one to %s: %v", end, err)
				}
				testsql.Run(t, tx, "rollback to savepoint before_use")
				refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
				rollback(t, tx)
			}
		}
		closed()
		testsql.Run(t, other, end+" prepared "+literal(s.Name))
		closed()
		want := map[string]string{"commit": "used", "rollback": "accepted"}[end]
		if got := status(t, connection, alice, ticket); got != want {
			t.Errorf("after %s prepared the ticket is %s, want %s", end, got, want)
		}
	}
	if got := s.passes(t); got != 1 {
		t.Errorf("%d passes are logged, want 1", got)
	}
}

// One ticket opens all gates but exclusive ones. So a transaction refuses a second ticket of that kind, which stays
// unused.
func TestTransactionTakesOneTicket(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	for range 2 {
		testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, tx, bearerApprove))
	}
	rollback(t, tx)

	first := approve(t, connection, alice, approveGate, invoice)
	second := approve(t, connection, alice, releaseGate, "{}")
	pin := approve(t, connection, alice, pinGate, "{}")
	tx = begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS103", "select postern.open_gates($1::uuid), postern.open_gates($2::uuid)", first, second)
	testsql.Run(t, tx, "savepoint one")
	open(t, tx, first)
	refusedAndGoOn(t, tx, "PS103", openGates, second)
	open(t, tx, pin) // opens its own gate only
	testsql.Run(t, tx, "rollback to savepoint one")
	open(t, tx, second) // the first one was not used
	refusedAndGoOn(t, tx, "PS103", openGates, first)
	refusedAndGoOn(t, tx, "PS103", checkpoint, approveGate, invoice)
	reach(t, tx, releaseGate, "{}")
	commit(t, tx)
	for ticket, want := range map[string]string{first: "accepted", second: "used", pin: "accepted"} {
		if got := status(t, connection, alice, ticket); got != want {
			t.Errorf("a ticket is %s, want %s", got, want)
		}
	}
}

// Anybody may change the setting that says which ticket is in use.
func TestSettingOfTheTicketOpensNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveBearer)
	testsql.Run(t, s.Pool, `
create function public.bearer_setting_checkpoint(gate text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from public.bearer as b where b.ticket::text = current_setting('naive.ticket', true)) then
    raise exception using errcode = 'PS101', message = 'closed', detail = gate, hint = 'none';
  end if;
end
$$`)
	connection, other := s.connect(t), s.connect(t)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select set_config('naive.ticket', $1, true)", testsql.Value[string](t, other, bearerApprove))
	testsql.Run(t, tx, "select public.bearer_setting_checkpoint($1)", approveGate)
	rollback(t, tx)

	used := approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, used)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	inUse := approve(t, connection, alice, approveGate, invoice)
	elsewhere := begin(t, other, alice)
	open(t, elsewhere, inUse)
	for name, ticket := range map[string]string{
		"none":               testsql.Value[string](t, connection, "select gen_random_uuid()::text"),
		"not used":           approve(t, connection, alice, approveGate, invoice),
		"used":               used,
		"in use elsewhere":   inUse,
		"another user's own": approve(t, connection, bob, approveGate, invoice),
	} {
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, "select pg_current_xact_id(), set_config('postern.ticket', $1, true)", s.nonce(t, ticket))
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		if t.Failed() {
			t.Fatalf("the setting names a ticket: %s", name)
		}
		rollback(t, tx)
	}
	rollback(t, elsewhere)

	// A text that is not a ticket opens nothing either.
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, "set local postern.ticket = 'open'")
	refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
	refusedAndGoOn(t, tx, "PS103", openGates, testsql.Value[string](t, tx, "select gen_random_uuid()::text"))
	rollback(t, tx)

	// A ticket that the previous client has left in the setting does no harm.
	for _, left := range []string{"00000000-0000-0000-0000-000000000000", s.nonce(t, used)} {
		testsql.Run(t, connection, "select set_config('postern.ticket', $1, false)", left)
		tx := begin(t, connection, alice)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		open(t, tx, inUse)
		reach(t, tx, approveGate, invoice)
		rollback(t, tx)
	}
	testsql.Run(t, connection, "reset postern.ticket")

	// Whoever clears it can use a second ticket, as in a second transaction. Each opens gates only after the gate that
	// it was approved for, and the log says which one did.
	first, second := inUse, approve(t, connection, alice, releaseGate, "{}")
	tx = begin(t, connection, alice)
	open(t, tx, first)
	testsql.Run(t, tx, "set local postern.ticket = ''")
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	refusedAndGoOn(t, tx, "PS103", openGates, first)
	open(t, tx, second)
	refusedAndGoOn(t, tx, "PS103", checkpoint, approveGate, invoice)
	reach(t, tx, releaseGate, "{}")
	testsql.Run(t, tx, "select set_config('postern.ticket', $1, true)", s.nonce(t, first))
	refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	for ticket, gate := range map[string]string{first: approveGate, second: releaseGate} {
		if got := testsql.Value[string](t, s.Pool, "select string_agg(gate_id, ', ') from postern_internal.checkpoint_entry where ticket = $1::uuid and outcome = 'passed'", ticket); got != gate {
			t.Errorf("ticket for %s passed %s", gate, got)
		}
	}
}

// The first statement of a transaction may assert the user and use the ticket. Both are checked as always.
func TestSessionWithTicketIsCheckedAsBoth(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveBearer)
	testsql.Run(t, s.Pool, `
create function public.bearer_begin(userid text, ticket uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select set_config('naive.user', userid, true), public.bearer_open_gates(ticket) $$`)
	testsql.Run(t, s.Pool, "select postern.create_session_key('test', decode(repeat('5e', 32), 'hex'))")
	signer, err := postern.NewSigner("test", bytes.Repeat([]byte{0x5e}, 32), s.Name)
	if err != nil {
		t.Fatal(err)
	}
	connection := s.connect(t)
	strangers := s.Login(t, "postern_trusted_app").Connect(t)
	tx := beginUnasserted(t, connection)
	// The naive version opens the gate for Bob with a ticket that is not Bob's.
	testsql.Run(t, tx, "select public.bearer_begin($1, $2)", bob, testsql.Value[string](t, connection, bearerApprove))
	testsql.Run(t, tx, bearerCheckpoint, approveGate, invoice)
	rollback(t, tx)

	token := func(userid string) string {
		token, err := signer.Token(userid)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for function, proof := range map[string]func(string) string{
		"postern.assume_user":   func(userid string) string { return userid },
		"postern.begin_session": token,
	} {
		start := "select " + function + "($1, $2::text::uuid)"
		closed := func(connection *pgx.Conn, code, userid string, ticket any) {
			t.Helper()
			tx := beginUnasserted(t, connection)
			refusedAndGoOn(t, tx, code, start, proof(userid), ticket)
			refusedAndGoOn(t, tx, "PS401", checkpoint, approveGate, invoice)
			testsql.Run(t, tx, "select postern.assume_user($1)", alice)
			refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
			rollback(t, tx)
		}
		ticket := approve(t, connection, alice, approveGate, invoice)
		closed(connection, "PS103", bob, ticket)
		closed(strangers, "PS103", alice, ticket)
		closed(connection, "PS402", "NOBODY", ticket)
		closed(connection, "PS103", alice, nil)
		closed(connection, "PS103", alice, "00000000-0000-7000-8000-000000000000")
		closed(connection, "PS102", alice, answer(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, wrongPIN))

		tx := beginUnasserted(t, connection)
		refusedAndGoOn(t, tx, "PS103", "select "+function+"('"+proof(alice)+"', null)")
		rollback(t, tx)

		tx = begin(t, connection, alice)
		own := testsql.Value[string](t, tx, "select postern.authenticate($1, $2, $3, 'as agreed')::text", testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", approveGate, invoice), alice, pins[alice])
		refusedAndGoOn(t, tx, "PS103", start, proof(alice), own)
		rollback(t, tx)

		testsql.Run(t, s.Pool, "select postern.set_user_active($1, false)", alice)
		tx = beginUnasserted(t, connection)
		refusedAndGoOn(t, tx, "PS402", start, proof(alice), ticket)
		rollback(t, tx)
		testsql.Run(t, s.Pool, "select postern.set_user_active($1, true)", alice)
		closed(connection, "PS103", alice, ticket)
		testsql.Run(t, s.Pool, "update postern_internal.ticket set expires_at = clock_timestamp() + interval '1 minute' where ticket = $1::uuid", ticket)

		// None of these has used it.
		tx = beginUnasserted(t, connection)
		if got := testsql.Value[string](t, tx, start, proof(alice), ticket); got != alice {
			t.Errorf("%s: the user is %s", function, got)
		}
		refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
		reach(t, tx, approveGate, invoice)
		if got := testsql.Value[string](t, tx, "select postern.current_userid()"); got != alice {
			t.Errorf("%s: the current user is %s", function, got)
		}
		testsql.Run(t, tx, "select postern.assume_user($1)", bob)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		commit(t, tx)
		closed(connection, "PS103", alice, ticket)
	}
	if got := s.passes(t); got != 2 {
		t.Errorf("%d passes are logged, want 2", got)
	}
}

// After a dump and restore the new cluster counts its transactions anew. The id of a transaction with open gates
// returns.
func TestRestoredRowOpensNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create table public.naive_open (transaction_id xid8 primary key);
create function public.naive_checkpoint() returns boolean language sql security definer set search_path = pg_catalog, pg_temp
as $$ select exists (select from public.naive_open as o where o.transaction_id = pg_current_xact_id()) $$`)
	connection := s.connect(t)
	ticket := approve(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)

	// The rows as a dump brings them, for the ids of many coming transactions. One of them is ours, although others use
	// the same server.
	testsql.Run(t, s.Pool, `
insert into public.naive_open
select ((pg_current_xact_id()::text::bigint) + ahead)::text::xid8 from generate_series(1, 20000) as ahead;
insert into postern_internal.open_gate
  (nonce, ticket, transaction_id, opened_at, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, session_role, expires_at, session)
select gen_random_uuid(), gen_random_uuid(), ((pg_current_xact_id()::text::bigint) + ahead)::text::xid8, o.opened_at, o.userid, o.authenticated_by,
       o.scheme, o.gate_id, o.exclusive, o.digest, o.parameters, o.message, o.session_role, o.expires_at, 'any'
  from postern_internal.open_gate as o, generate_series(1, 20000) as ahead`)
	tx = begin(t, connection, alice)
	if !testsql.Value[bool](t, tx, "select public.naive_checkpoint()") {
		t.Fatal("naive: the gate is closed")
	}
	// A query that finds no row fails: then the id of this transaction has not returned.
	restored := testsql.Value[string](t, s.Pool, "select nonce::text from postern_internal.open_gate where transaction_id = $1::text::xid8",
		testsql.Value[string](t, tx, "select pg_current_xact_id()::text"))
	testsql.Run(t, s.Pool, "update postern_internal.open_gate set session = $1 where nonce = $2",
		testsql.Value[string](t, tx, "select current_setting('postern.session')"), restored)
	testsql.Run(t, tx, "select set_config('postern.ticket', $1, true)", restored)
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	rollback(t, tx)

	// The dump has brought the log too. Entries of passes with the ids that this cluster now reaches must not make
	// another gate the first one.
	testsql.Run(t, s.Pool, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, transaction_id, ticket)
select 'passed', e.gate_id, e.userid, e.message, e.parameters, ((pg_current_xact_id()::text::bigint) + ahead)::text::xid8, e.ticket
  from postern_internal.checkpoint_entry as e, generate_series(1, 20000) as ahead
 where e.outcome = 'passed'`)
	ticket = approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
	rollback(t, tx)
	if got := s.passes(t); got != 20001 {
		t.Errorf("%d passes are logged, want 1", got)
	}
}

// An administrator maps a database role to another user while a transaction of the first user is open. That transaction
// stays that of the user whose ticket it used. Otherwise the ticket would change the PIN of somebody who has approved
// nothing.
func TestRemappedRoleTakesNoTicketToAnotherUser(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	role := s.Login(t, "postern_user")
	connection := role.Connect(t)
	testsql.Run(t, s.Pool, naiveBearer)
	testsql.Run(t, s.Pool, `
create table public.naive_pin (userid text not null);
create function public.naive_set_pin() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform public.bearer_checkpoint('POSTERN_PIN_CHANGE', '{}');
  insert into public.naive_pin values (postern.current_userid());
end
$$`)
	give := func(userid string) {
		t.Helper()
		for _, each := range []string{alice, bob} {
			testsql.Run(t, s.Pool, "select postern.set_user_db_role($1, null)", each)
		}
		testsql.Run(t, s.Pool, "select postern.set_user_db_role($1, $2::text::name)", userid, role.Name)
	}
	hashes := func() (got [2]string) {
		t.Helper()
		for i, userid := range []string{alice, bob} {
			got[i] = testsql.Value[string](t, s.Pool, "select hash from postern_internal.credential where userid = $1", userid)
		}
		return got
	}

	give(alice)
	tx := beginUnasserted(t, connection)
	// The naive version: Alice's ticket opens the gate for Bob.
	testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, s.Pool, bearerApprove))
	give(bob)
	testsql.Run(t, tx, "select public.naive_set_pin()")
	commit(t, tx)
	if got := testsql.Value[string](t, s.Pool, "select userid from public.naive_pin"); got != bob {
		t.Fatalf("naive: the PIN of %s was changed", got)
	}
	testsql.Run(t, s.Pool, "delete from public.bearer_open")

	give(alice)
	tx = beginUnasserted(t, connection)
	ticket := testsql.Value[string](t, tx, authenticate, testsql.Value[string](t, tx, "select postern.challenge($1)", pinGate), alice, pins[alice])
	commit(t, tx)
	before := hashes()
	tx = beginUnasserted(t, connection)
	open(t, tx, ticket)
	give(bob)
	testsql.Run(t, tx, setPIN, "alice 6205 pin")
	if got := testsql.Value[string](t, tx, "select postern.current_userid()"); got != alice {
		t.Errorf("with the ticket of %s the user is %s", alice, got)
	}
	testsql.Run(t, tx, "set local postern.session = ''")
	refusedAndGoOn(t, tx, "PS101", setPIN, "alice 6206 pin")
	commit(t, tx)
	if after := hashes(); after[0] == before[0] || after[1] != before[1] {
		t.Errorf("the PIN of %s was not changed, or that of %s was", alice, bob)
	}
}

// Whoever has tickets of two users in one transaction passes gates as the one or as the other, and the log says so.
func TestTicketsOfTwoUsersAreKeptApart(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveBearer)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, testsql.Value[string](t, tx, bearerApprove))
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	testsql.Run(t, tx, bearerCheckpoint, approveGate, invoice) // naive: Alice's approval
	rollback(t, tx)

	const start = "select postern.assume_user($1, $2::text::uuid)"
	tickets := map[string]string{
		alice: approve(t, connection, alice, approveGate, invoice),
		bob:   approve(t, connection, bob, releaseGate, "{}"),
	}
	sessions := map[string]string{}
	tx = beginUnasserted(t, connection)
	for _, userid := range []string{alice, bob} {
		testsql.Run(t, tx, "set local postern.ticket = ''")
		testsql.Run(t, tx, start, userid, tickets[userid])
		sessions[userid] = testsql.Value[string](t, tx, "select current_setting('postern.session')")
	}
	use := func(session, ticket string) {
		t.Helper()
		testsql.Run(t, tx, "select set_config('postern.session', $1, true), set_config('postern.ticket', $2, true)", sessions[session], s.nonce(t, tickets[ticket]))
	}
	for session, ticket := range map[string]string{alice: bob, bob: alice} {
		use(session, ticket)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
	}
	use(alice, alice)
	refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
	reach(t, tx, approveGate, invoice)
	use(bob, bob)
	refusedAndGoOn(t, tx, "PS103", checkpoint, approveGate, invoice)
	reach(t, tx, releaseGate, "{}")
	commit(t, tx)
	for userid, gate := range map[string]string{alice: approveGate, bob: releaseGate} {
		if got := testsql.Value[string](t, s.Pool, `
select string_agg(gate_id, ', ') from postern_internal.checkpoint_entry
 where outcome = 'passed' and userid = $1 and authenticated_by = $1 and ticket = $2::uuid`, userid, tickets[userid]); got != gate {
			t.Errorf("the log says that %s passed %s", userid, got)
		}
	}
}
