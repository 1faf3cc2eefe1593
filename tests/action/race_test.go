package action_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// sessions is how many sessions speak for ALICE at a time.
const sessions = 8

// together makes that many sessions do something at once, each in its own transaction, and returns the resulting
// SQLSTATEs. A transaction without an error is committed.
func (c *company) together(t *testing.T, do func(index int, tx pgx.Tx) error) []string {
	t.Helper()
	role := c.Login(t, "postern_trusted_app")
	codes := make([]string, sessions)
	var ready, group sync.WaitGroup
	ready.Add(sessions)
	for index := range sessions {
		connection := role.Connect(t)
		group.Go(func() {
			ready.Done()
			ready.Wait()
			err := pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "select postern.assume_user($1)", alice); err != nil {
					return err
				}
				return do(index, tx)
			})
			if codes[index] = testdb.Code(err); err != nil && codes[index] == "" {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return codes
}

// An administrator registers the action again and again, each time with a gate that stops. No session may find it
// between two registrations, without any gate.
func TestActionThatIsRegisteredWhileOthersBeginIt(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate)
	c.activate(t, ownGate, firstGate)
	done := make(chan struct{})
	var registering sync.WaitGroup
	registering.Go(func() {
		for turn := 0; ; turn++ {
			select {
			case <-done:
				return
			default:
			}
			arguments := []any{action, ownGate, []string{}}
			if turn%2 == 0 {
				arguments = []any{action, nil, []string{firstGate}}
			}
			if _, err := c.administrator.Exec(t.Context(), "select postern.register_action($1, $2, $3)", arguments...); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var mutex sync.Mutex
	asked := map[string]int{}
	c.together(t, func(_ int, tx pgx.Tx) error {
		for range 100 {
			if _, err := tx.Exec(t.Context(), "savepoint attempt"); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), beginAction, action, parameters)
			if testdb.Code(err) != "PS101" {
				t.Errorf("an action that needs an approval gave %v", err)
				return err
			}
			dialog := parseDialog(t, testdb.RequireCode(t, err, "PS101"))
			mutex.Lock()
			asked[dialog.Gate]++
			mutex.Unlock()
			if _, err := tx.Exec(t.Context(), "rollback to savepoint attempt"); err != nil {
				return err
			}
		}
		return nil
	})
	close(done)
	registering.Wait()
	if asked[ownGate] == 0 || asked[firstGate] == 0 || asked[ownGate]+asked[firstGate] != 100*sessions {
		t.Errorf("asked were %v: this was no race", asked)
	}
}

// A registration is invisible until it commits. Of eight sessions' registrations, exactly one remains.
func TestActionIsRegisteredByEightSessions(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.activate(t, ownGate)
	err := pgx.BeginFunc(t.Context(), c.administrator, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.register_action($1, $2)", action, ownGate)
		testdb.RequireCode(t, c.alice(t, func(tx pgx.Tx) error { return execute(t, tx, beginAction, action, parameters) }), "PS106")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.ask(t, action, parameters)

	administrators := c.Login(t, "postern_admin")
	var group sync.WaitGroup
	for index := range sessions {
		connection := administrators.Connect(t)
		group.Go(func() {
			own, legacy := any(ownGate), []string{secondGate, firstGate}
			if index%2 == 0 {
				own, legacy = nil, []string{firstGate}
			}
			for range 20 {
				if _, err := connection.Exec(t.Context(), "select postern.register_action($1, $2, $3)", action, own, legacy); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	switch got := testsql.Value[string](t, c.Pool, "select concat_ws(' ', checkpoint, legacy_checkpoints::text) from postern.action"); got {
	case ownGate + " {" + secondGate + "," + firstGate + "}", "{" + firstGate + "}":
	default:
		t.Errorf("the action has %s, which nobody registered", got)
	}
}

// Eight sessions send the action with the only ticket that was given for it.
func TestOneTicketIsForOneOfEightActions(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate)
	c.activate(t, ownGate, firstGate)
	role := c.Login(t, "postern_trusted_app") // a ticket belongs to the role that got it
	c.application = role.Connect(t)
	ticket := c.answer(t, c.ask(t, action, parameters))
	codes := make([]string, sessions)
	var group sync.WaitGroup
	for index := range sessions {
		connection := role.Connect(t)
		group.Go(func() {
			codes[index] = testdb.Code(pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error {
				for _, statement := range []struct {
					sql       string
					arguments []any
				}{
					{"select postern.assume_user($1)", []any{alice}},
					{openGates, []any{ticket}},
					{beginAction, []any{action, parameters}},
					{"select payment.first()", nil},
				} {
					if _, err := tx.Exec(t.Context(), statement.sql, statement.arguments...); err != nil {
						return err
					}
				}
				return nil
			}))
		})
	}
	group.Wait()
	passed := 0
	for _, code := range codes {
		switch code {
		case "":
			passed++
		case "PS103":
		default:
			t.Errorf("a session ended with %s", code)
		}
	}
	if passed != 1 {
		t.Errorf("%d sessions passed with one ticket, want 1", passed)
	}
	requireLog(t, c.takeLog(t, new(int64)), entry{"passed", ownGate, action, "Invoice 100-7 paid"}, entry{"passed", firstGate, action, "Invoice 100-7 changed"})
}

// A prepared transaction has used its ticket, and logs nothing before it commits.
func TestActionInPreparedTransaction(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.register(t, action, ownGate, firstGate)
	c.activate(t, ownGate, firstGate)
	since := new(int64)
	prepare := func() string {
		ticket := c.answer(t, c.ask(t, action, parameters))
		testsql.Run(t, c.application, "begin")
		testsql.Run(t, c.application, "select postern.assume_user($1)", alice)
		testsql.Run(t, c.application, openGates, ticket)
		testsql.Run(t, c.application, beginAction, action, parameters)
		testsql.Run(t, c.application, "select payment.first()")
		testsql.Run(t, c.application, "prepare transaction '"+c.Name+"'")
		return ticket
	}
	begin := func(ticket string) error {
		return c.alice(t, func(tx pgx.Tx) error {
			testsql.Run(t, tx, "set local lock_timeout = '1 s'")
			if err := execute(t, tx, openGates, ticket); err != nil {
				return err
			}
			return execute(t, tx, beginAction, action, parameters)
		})
	}

	ticket := prepare()
	// The connection is in no action any more. Another transaction cannot use the ticket while the first one may still
	// commit.
	testdb.RequireCode(t, c.alice(t, func(tx pgx.Tx) error { return execute(t, tx, "select payment.first()") }), "PS101")
	if code := testdb.Code(begin(ticket)); code != "55P03" {
		t.Errorf("the ticket of a prepared transaction gave %q", code)
	}
	requireLog(t, c.takeLog(t, since))
	testsql.Run(t, c.application, "commit prepared '"+c.Name+"'")
	requireLog(t, c.takeLog(t, since), entry{"passed", ownGate, action, "Invoice 100-7 paid"}, entry{"passed", firstGate, action, "Invoice 100-7 changed"})
	testdb.RequireCode(t, begin(ticket), "PS103")

	// After its rollback, the ticket is unused.
	ticket = prepare()
	testsql.Run(t, c.application, "rollback prepared '"+c.Name+"'")
	requireLog(t, c.takeLog(t, since))
	if err := begin(ticket); err != nil {
		t.Error(err)
	}
	requireLog(t, c.takeLog(t, since), entry{"passed", ownGate, action, "Invoice 100-7 paid"})
}
