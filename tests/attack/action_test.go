package attack

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// The actions of the scenes below. Both have the checkpoint approveGate; moveAction references the other gates.
const (
	payAction  = "PayInvoice"
	moveAction = "MoveInvoice"
)

const beginAction = "select postern.begin_action($1, $2::jsonb)"

// naiveAction keeps the action that has begun in a setting, signed so that nobody can forge it. It accepts an approval
// whatever it was given for.
const naiveAction = naiveBearer + `;
create table public.naive_action_log (entry text not null);
grant select on public.naive_action_log to public;
create function public.naive_action_seal() returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select encode(sha256(convert_to('secret' || pg_current_xact_id()::text, 'UTF8')), 'hex') $$;
revoke execute on function public.naive_action_seal() from public;
create function public.naive_begin_action(action text, parameters jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform public.bearer_checkpoint(action, parameters);
  insert into public.naive_action_log (entry) values (action);
  perform set_config('naive.action', public.naive_action_seal(), true);
end
$$;
create function public.naive_action_gate(gate text, parameters jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('naive.action', true) is distinct from public.naive_action_seal() then
    perform public.bearer_checkpoint(gate, parameters);
  end if;
end
$$`

const (
	naiveBeginAction = "select public.naive_begin_action($1, $2)"
	naiveActionGate  = "select public.naive_action_gate($1, $2)"
)

// newActionScene has the two actions, and naive ones beside them.
func newActionScene(t *testing.T, people ...string) *scene {
	t.Helper()
	t.Parallel()
	s := newScene(t, people...)
	testsql.Run(t, s.Pool, naiveAction)
	testsql.Run(t, s.Pool, "select postern.register_action($1, $2)", payAction, approveGate)
	testsql.Run(t, s.Pool, "select postern.register_action($1, $2, $3)", moveAction, approveGate, []string{releaseGate, numberedGate})
	return s
}

// approveAction has userid approve an action with the right PIN, and commits. It returns the ticket.
func approveAction(t testing.TB, connection *pgx.Conn, userid, action, parameters string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	asked := struct{ Challenge string }{}
	if err := json.Unmarshal([]byte(testsql.Refused(t, tx, "PS101", beginAction, action, parameters).Detail), &asked); err != nil {
		t.Fatal(err)
	}
	rollback(t, tx)
	return answer(t, connection, userid, asked.Challenge, userid, pins[userid])
}

func TestTicketOpensOneActionOrOneGate(t *testing.T) {
	s := newActionScene(t, alice, bob)
	connection, strangers := s.connect(t), s.Login(t, "postern_trusted_app").Connect(t)
	other := `{"PAYEE": "Mallory", "AMOUNT": 100}`
	ofGate := approve(t, connection, alice, approveGate, invoice)
	ofAction := approveAction(t, connection, alice, payAction, invoice)

	for name, attack := range map[string]struct {
		connection           *pgx.Conn
		userid, ticket       string
		code, statement      string
		argument, parameters string
		naive                string
	}{
		"gate's ticket for action":         {connection, alice, ofGate, "PS103", beginAction, payAction, invoice, naiveBeginAction},
		"action's ticket for gate":         {connection, alice, ofAction, "PS103", checkpoint, approveGate, invoice, naiveActionGate},
		"action's ticket for inner gate":   {connection, alice, ofAction, "PS103", checkpoint, releaseGate, "{}", naiveActionGate},
		"action with the same gate":        {connection, alice, ofAction, "PS103", beginAction, moveAction, invoice, naiveBeginAction},
		"action with another payee":        {connection, alice, ofAction, "PS103", beginAction, payAction, other, naiveBeginAction},
		"another user's action":            {connection, bob, ofAction, "PS103", beginAction, payAction, invoice, naiveBeginAction},
		"another session role's action":    {strangers, alice, ofAction, "PS103", beginAction, payAction, invoice, naiveBeginAction},
		"built-in gate by action's ticket": {connection, alice, ofAction, "PS101", checkpoint, pinGate, "{}", naiveActionGate},
	} {
		t.Run(name, func(t *testing.T) {
			naive := testsql.Value[string](t, connection, bearerApprove)
			tx := begin(t, attack.connection, attack.userid)
			testsql.Run(t, tx, bearerOpenGates, naive)
			testsql.Run(t, tx, attack.naive, attack.argument, attack.parameters)
			rollback(t, tx)

			tx = begin(t, attack.connection, attack.userid)
			defer rollback(t, tx)
			if attack.userid != alice || attack.connection != connection {
				testsql.Refused(t, tx, attack.code, openGates, attack.ticket)
				return
			}
			open(t, tx, attack.ticket)
			testsql.Refused(t, tx, attack.code, attack.statement, attack.argument, attack.parameters)
		})
	}
	if got := s.passes(t); got != 0 {
		t.Errorf("%d passes are logged", got)
	}
	for _, ticket := range []string{ofGate, ofAction} {
		if got := status(t, connection, alice, ticket); got != "accepted" {
			t.Errorf("the ticket is %s, want accepted", got)
		}
	}
}

// The action began in a savepoint that was rolled back, together with its log entry. So its gates are closed again.
func TestRolledBackActionOpensNothing(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "savepoint attack")
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveBeginAction, payAction, invoice)
	saved := testsql.Value[string](t, tx, "select current_setting('naive.action')")
	testsql.Run(t, tx, "rollback to savepoint attack")
	testsql.Run(t, tx, "select set_config('naive.action', $1, true)", saved)
	testsql.Run(t, tx, naiveActionGate, releaseGate, "{}")
	commit(t, tx)
	if testsql.Value[bool](t, s.Pool, "select exists (select from public.naive_action_log)") {
		t.Fatal("naive: the action is logged, so this is no attack")
	}

	ticket := approveAction(t, connection, alice, moveAction, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "savepoint attack")
	testsql.Run(t, tx, beginAction, moveAction, invoice)
	reach(t, tx, releaseGate, "{}")
	settings := [][2]string{}
	for _, name := range []string{"postern.action", "postern.session"} {
		settings = append(settings, [2]string{name, testsql.Value[string](t, tx, "select current_setting($1)", name)})
	}
	testsql.Run(t, tx, "rollback to savepoint attack")
	for _, setting := range settings {
		testsql.Run(t, tx, "select set_config($1, $2, true)", setting[0], setting[1])
	}
	refusedAndGoOn(t, tx, "PS103", checkpoint, releaseGate, "{}")
	refusedAndGoOn(t, tx, "PS103", checkpoint, approveGate, invoice)
	commit(t, tx)
	s.requireLogged(t)

	// When it begins again, its gates are open again, and it is logged.
	ticket = approveAction(t, connection, alice, moveAction, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "savepoint one")
	testsql.Run(t, tx, beginAction, moveAction, invoice)
	testsql.Run(t, tx, "rollback to savepoint one")
	testsql.Run(t, tx, beginAction, moveAction, invoice)
	testsql.Run(t, tx, "savepoint two")
	reach(t, tx, releaseGate, "{}")
	testsql.Run(t, tx, "rollback to savepoint two")
	reach(t, tx, numberedGate, `{"PAYEE": "Paper Mill Ltd", "SEQUENCE": 3}`)
	commit(t, tx)
	s.requireLogged(t, approveGate, numberedGate)
}

// An action that needs no approval opens no referenced gate, least of all after it was rolled back.
func TestUnapprovedActionOpensNothing(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, "select postern.register_action('Harmless')")
	ticket := approve(t, connection, alice, releaseGate, "{}")

	// Naive: only the approval of the gate counts.
	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveBeginAction, "Harmless", "{}")
	testsql.Run(t, tx, naiveActionGate, releaseGate, "{}")
	rollback(t, tx)

	// With a ticket for this very gate, and without one.
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "savepoint attack")
	testsql.Run(t, tx, beginAction, "Harmless", "{}")
	refusedAndGoOn(t, tx, "PS105", checkpoint, releaseGate, "{}")
	refusedAndGoOn(t, tx, "PS105", checkpoint, approveGate, invoice)
	testsql.Run(t, tx, "rollback to savepoint attack")
	reach(t, tx, releaseGate, "{}") // as if no action had begun: what was approved, and nothing else
	testsql.Run(t, tx, beginAction, "Harmless", "{}")
	refusedAndGoOn(t, tx, "PS105", checkpoint, releaseGate, "{}")
	commit(t, tx)
	s.requireLogged(t, releaseGate)

	tx = begin(t, connection, alice)
	testsql.Run(t, tx, beginAction, "Harmless", "{}")
	for _, forged := range []string{"", "nonsense", testsql.Value[string](t, tx, "select split_part(current_setting('postern.action'), E'\t', 1) || E'\t{\"action\": \"MoveInvoice\", \"parameters\": {}}'")} {
		testsql.Run(t, tx, "select set_config('postern.action', $1, true)", forged)
		testsql.Run(t, tx, "savepoint forged")
		if _, err := tx.Exec(t.Context(), checkpoint, releaseGate, "{}"); err == nil {
			t.Errorf("the gate is open after the setting %q", forged)
		}
		testsql.Run(t, tx, "rollback to savepoint forged")
	}
	rollback(t, tx)
}

// An approval is for one action, however many begin in its transaction.
func TestSecondActionOfTransaction(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, "select postern.register_action('Harmless')")
	other := `{"PAYEE": "Mallory", "AMOUNT": 100}`

	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveBeginAction, payAction, invoice)
	testsql.Run(t, tx, naiveBeginAction, moveAction, other)
	rollback(t, tx)

	ticket := approveAction(t, connection, alice, payAction, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, beginAction, payAction, invoice)
	reach(t, tx, releaseGate, "{}")
	refusedAndGoOn(t, tx, "PS103", beginAction, moveAction, invoice)
	refusedAndGoOn(t, tx, "PS103", beginAction, payAction, other)
	// An action that needs no approval may begin. It cannot use the open gates, until the approved action begins again.
	testsql.Run(t, tx, beginAction, "Harmless", "{}")
	refusedAndGoOn(t, tx, "PS105", checkpoint, releaseGate, "{}")
	testsql.Run(t, tx, beginAction, payAction, invoice)
	reach(t, tx, releaseGate, "{}")
	commit(t, tx)
	s.requireLogged(t, approveGate, releaseGate, approveGate, releaseGate)
}

// A gate that was passed before does not approve an action.
func TestActionAfterGateWasPassed(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveActionGate, releaseGate, "{}")
	testsql.Run(t, tx, naiveBeginAction, payAction, invoice)
	rollback(t, tx)

	for gate, parameters := range map[string]string{releaseGate: "{}", approveGate: invoice} {
		ticket := approve(t, connection, alice, gate, parameters)
		tx := begin(t, connection, alice)
		open(t, tx, ticket)
		reach(t, tx, gate, parameters)
		testsql.Refused(t, tx, "PS103", beginAction, payAction, invoice)
		rollback(t, tx)
	}
}

// The ticket of an action is used once and in time, like that of a gate.
func TestTicketOfActionIsUsedOnceAndInTime(t *testing.T) {
	s := newActionScene(t, alice)
	connection := s.connect(t)
	naive := testsql.Value[string](t, connection, bearerApprove)
	testsql.Run(t, s.Pool, "create or replace function public.bearer_open_gates(ticket uuid) returns void language sql security definer as 'insert into public.bearer_open values (pg_backend_pid())'")
	for range 2 {
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, bearerOpenGates, naive)
		testsql.Run(t, tx, naiveBeginAction, payAction, invoice)
		commit(t, tx)
	}

	ticket := approveAction(t, connection, alice, payAction, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, beginAction, payAction, invoice)
	commit(t, tx)
	tx = begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	testsql.Refused(t, tx, "PS101", beginAction, payAction, invoice)
	rollback(t, tx)

	// The ticket expires between the two statements. Once the action has begun, it may take as long as it needs.
	for _, before := range []bool{true, false} {
		ticket = approveAction(t, connection, alice, payAction, invoice)
		s.expire(t, func() error {
			tx = begin(t, connection, alice)
			_, err := tx.Exec(t.Context(), openGates, ticket)
			if err == nil && !before {
				_, err = tx.Exec(t.Context(), beginAction, payAction, invoice)
			}
			return err
		}, func() { rollback(t, tx) })
		if before {
			testsql.Refused(t, tx, "PS103", beginAction, payAction, invoice)
		} else {
			reach(t, tx, releaseGate, "{}")
			testsql.Run(t, tx, beginAction, payAction, invoice)
		}
		rollback(t, tx)
	}
	tx = begin(t, connection, alice)
	testsql.Refused(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
}

// Another session in the same transaction has approved nothing.
func TestActionOfAnotherUserInSameTransaction(t *testing.T) {
	s := newActionScene(t, alice, bob)
	connection := s.connect(t)
	naive := testsql.Value[string](t, connection, bearerApprove)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, bearerOpenGates, naive)
	testsql.Run(t, tx, naiveBeginAction, payAction, invoice)
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	testsql.Run(t, tx, naiveActionGate, releaseGate, "{}")
	rollback(t, tx)

	ticket := approveAction(t, connection, alice, payAction, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, beginAction, payAction, invoice)
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	refusedAndGoOn(t, tx, "PS101", checkpoint, releaseGate, "{}")
	testsql.Refused(t, tx, "PS101", beginAction, payAction, invoice)
	rollback(t, tx)
}
