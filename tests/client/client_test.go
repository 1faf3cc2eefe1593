// Package client tests the client package against a real server.
package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/secret"
)

const (
	gate = "SINWOF_APPROVE"
	pin  = "482913"
	typo = "482931"
)

// office is a database with a gate, a user ALICE with a PIN, and an application that signs tokens.
type office struct {
	*testdb.Database
	application *testdb.Login
	signer      postern.Signer
	alice       postern.Session
}

func newOffice(t *testing.T) *office {
	t.Helper()
	t.Parallel()
	o := &office{Database: testdb.New(t)}
	o.application = o.Login(t, "postern_app")
	secret := make([]byte, 32)
	rand.Read(secret)
	admin := db.New(o.Pool)
	for _, err := range []error{
		admin.CreateSessionKey(t.Context(), "test", secret),
		admin.RegisterGate(t.Context(), db.RegisterGateParams{
			GateID: gate, Description: "Approve an invoice", Message: "Invoice &INVOICE approved", Parameters: []string{"INVOICE"}, Active: true,
		}),
		admin.CreateUser(t.Context(), "ALICE", "Alice", nil),
		admin.ResetPIN(t.Context(), "ALICE", "739146"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	o.exec(t, "create table public.approval (invoice integer); grant insert on public.approval to "+pgx.Identifier{o.application.Name}.Sanitize())
	var err error
	if o.signer, err = postern.NewSigner("test", secret, o.Name); err != nil {
		t.Fatal(err)
	}
	o.alice = postern.TokenSession(o.signer, "ALICE")
	err = postern.Do(t.Context(), o.application.Pool, o.alice, answers("739146"), func(tx pgx.Tx) error {
		return db.New(tx).SetPIN(t.Context(), pin)
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := o.Pool.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// approve is the business function.
func (o *office) approve(ctx context.Context, pool postern.Pool, prompt postern.Prompt) error {
	return postern.Do(ctx, pool, o.alice, prompt, func(tx pgx.Tx) error { return approve(ctx, tx) })
}

func approve(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "insert into public.approval values (17)"); err != nil {
		return err
	}
	if err := db.New(tx).Checkpoint(ctx, gate, []byte(`{"INVOICE": 17}`)); err != nil {
		return fmt.Errorf("approve invoice 17: %w", err)
	}
	return nil
}

// want checks the database: the approved invoices, and the log by outcome.
func (o *office) want(t *testing.T, approvals int, outcomes string) {
	t.Helper()
	var gotApprovals int
	var gotOutcomes string
	err := o.Pool.QueryRow(t.Context(), `
select (select count(*) from public.approval),
       (select coalesce(string_agg(l.outcome, ' ' order by l.log_id), '') from postern.checkpoint_log as l where l.gate_id = $1)`, gate).
		Scan(&gotApprovals, &gotOutcomes)
	if err != nil {
		t.Fatal(err)
	}
	if gotApprovals != approvals || gotOutcomes != outcomes {
		t.Errorf("got %d approvals and the log %q, want %d and %q", gotApprovals, gotOutcomes, approvals, outcomes)
	}
}

// answers is a prompt that types one response after the other, and fails if it is asked once more.
func answers(responses ...string) postern.Prompt {
	return func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		if len(responses) == 0 {
			return postern.Answer{}, errors.New("asked too often")
		}
		answer := postern.Answer{Response: responses[0], Comment: "as agreed"}
		responses = responses[1:]
		return answer, nil
	}
}

func TestApprovedTransactionCommitsOnce(t *testing.T) {
	o := newOffice(t)
	asked := 0
	err := o.approve(t.Context(), o.application.Pool, func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		if required.Gate != gate || required.Message != "Invoice 17 approved" || required.Username != "ALICE" ||
			string(required.Parameters) != `{"INVOICE": 17}` || required.Rejected != nil || time.Until(required.ExpiresAt) < time.Minute {
			t.Errorf("the prompt got %+v", required)
		}
		return postern.Answer{Username: "ALICE", Response: pin, Comment: "as agreed", Scheme: "PIN"}, nil
	})
	if err != nil || asked != 1 {
		t.Fatalf("asked %d times, want once; error: %v", asked, err)
	}
	o.want(t, 1, "passed")
	entries, err := query.New(o.Pool).ListLog(t.Context(), query.ListLogParams{ToLogID: math.MaxInt64, GateID: new(gate), PageSize: 10, PageOctets: 1 << 20})
	if err != nil || len(entries) != 1 {
		t.Fatalf("the log has %d entries, want 1; error: %v", len(entries), err)
	}
	if entry := entries[0]; *entry.UserID != "ALICE" || *entry.AuthenticatedBy != "ALICE" || *entry.Comment != "as agreed" || entry.TransactionID == 0 {
		t.Errorf("the entry of the log is %+v", entry)
	}
}

func TestInactiveGateAsksNobody(t *testing.T) {
	o := newOffice(t)
	if err := db.New(o.Pool).SetGateActive(t.Context(), gate, false); err != nil {
		t.Fatal(err)
	}
	if err := o.approve(t.Context(), o.application.Pool, answers()); err != nil {
		t.Error(err)
	}
	o.want(t, 1, "")
}

func TestTypoIsAskedAgainWithANewChallenge(t *testing.T) {
	o := newOffice(t)
	challenges := []string{}
	responses := answers(typo, pin)
	err := o.approve(t.Context(), o.application.Pool, func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		challenges = append(challenges, required.Challenge)
		var denied *postern.Denied
		if errors.As(required.Rejected, &denied) != (len(challenges) == 2) {
			t.Errorf("attempt %d was told %v", len(challenges), required.Rejected)
		}
		return responses(ctx, required)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(challenges) != 2 || challenges[0] == challenges[1] {
		t.Errorf("the challenges are %q, want two different ones", challenges)
	}
	o.want(t, 1, "denied passed")
}

func TestLockOutEndsTheQuestions(t *testing.T) {
	o := newOffice(t)
	if err := db.New(o.Pool).SetSetting(t.Context(), "max_failures", "2"); err != nil {
		t.Fatal(err)
	}
	var locked *postern.Locked
	err := o.approve(t.Context(), o.application.Pool, answers(typo, "482932", pin, pin))
	if !errors.As(err, &locked) || locked.Server.Hint == "" {
		t.Errorf("got %v, want a *Locked with a HINT", err)
	}
	o.want(t, 0, "denied denied denied")
}

func TestDeniedApprovalIsNotRetriedWithoutThePrompt(t *testing.T) {
	o := newOffice(t)
	asked := 0
	err := o.approve(t.Context(), o.application.Pool, func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		// The gate is switched off while the user types. The next run would pass without anybody's approval.
		return postern.Answer{Response: typo}, db.New(o.Pool).SetGateActive(ctx, gate, false)
	})
	var denied *postern.Denied
	if !errors.As(err, &denied) || asked != 1 {
		t.Errorf("asked %d times, want once; got %v, want a *Denied", asked, err)
	}
	o.want(t, 0, "denied")
}

func TestRefusalIsLogged(t *testing.T) {
	o := newOffice(t)
	err := o.approve(t.Context(), o.application.Pool, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Comment: "wrong supplier"}, fmt.Errorf("dialog closed: %w", postern.ErrCancelled)
	})
	var cancelled *postern.Cancelled
	if !errors.As(err, &cancelled) || !errors.Is(err, postern.ErrCancelled) || cancelled.Required.Gate != gate {
		t.Errorf("got %v, want a *Cancelled for gate %s", err, gate)
	}
	o.want(t, 0, "cancelled")
	var comment string
	if err := o.Pool.QueryRow(t.Context(), "select comment from postern.checkpoint_log where outcome = 'cancelled'").Scan(&comment); err != nil || comment != "wrong supplier" {
		t.Errorf("the comment in the log is %q; error: %v", comment, err)
	}
}

func TestPromptsErrorEndsItUnlogged(t *testing.T) {
	o := newOffice(t)
	failure := errors.New("no dialog")
	err := o.approve(t.Context(), o.application.Pool, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{}, failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want the error of the prompt", err)
	}
	o.want(t, 0, "")
}

func TestWithoutPromptTheCheckpointIsTheError(t *testing.T) {
	o := newOffice(t)
	var required *postern.CheckpointRequired
	if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) || required.Gate != gate {
		t.Errorf("without a prompt: got %v, want a *CheckpointRequired", err)
	}
	o.want(t, 0, "")
}

func TestMissingCommentIsAskedForAgain(t *testing.T) {
	o := newOffice(t)
	if err := db.New(o.Pool).SetSetting(t.Context(), "comment_required", "true"); err != nil {
		t.Fatal(err)
	}
	asked := 0
	err := o.approve(t.Context(), o.application.Pool, func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		answer := postern.Answer{Response: pin}
		var missing *postern.CommentRequired
		if errors.As(required.Rejected, &missing) {
			answer.Comment = "as agreed"
		}
		if !required.CommentRequired {
			t.Error("the dialog was not told that a comment is needed")
		}
		return answer, nil
	})
	if err != nil || asked != 2 {
		t.Fatalf("asked %d times, want twice; error: %v", asked, err)
	}
	o.want(t, 1, "passed")
}

// Question and answer come in two requests. What the user saw is what is approved.
func TestResume(t *testing.T) {
	o := newOffice(t)
	work := func(tx pgx.Tx) error { return approve(t.Context(), tx) }
	question := func() string {
		var required *postern.CheckpointRequired
		if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
			t.Fatalf("the first request: got %v, want a *CheckpointRequired", err)
		}
		return required.Challenge
	}
	resume := func(challenge, response string, work func(pgx.Tx) error) error {
		return postern.Resume(t.Context(), o.application.Pool, o.alice, challenge, postern.Answer{Username: "ALICE", Response: response}, work)
	}
	var denied *postern.Denied
	if err := resume(question(), typo, work); !errors.As(err, &denied) {
		t.Errorf("a wrong PIN: got %v, want a *Denied", err)
	}
	var invalid *postern.TicketInvalid
	err := resume(question(), pin, func(tx pgx.Tx) error {
		return db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 18}`))
	})
	if !errors.As(err, &invalid) {
		t.Errorf("another invoice than the user saw: %v", err)
	}
	if err := postern.Cancel(t.Context(), o.application.Pool, o.alice, question(), "wrong supplier"); err != nil {
		t.Error(err)
	}
	o.want(t, 0, "denied cancelled")
	if err := resume(question(), pin, work); err != nil {
		t.Error(err)
	}
	o.want(t, 1, "denied cancelled passed")
}

// What was approved is what runs. A second run with other parameters finds the gate closed.
func TestOtherParametersOnTheSecondRun(t *testing.T) {
	o := newOffice(t)
	run := 0
	err := postern.Do(t.Context(), o.application.Pool, o.alice, answers(pin), func(tx pgx.Tx) error {
		run++
		return db.New(tx).Checkpoint(t.Context(), gate, fmt.Appendf(nil, `{"INVOICE": %d}`, run))
	})
	var invalid *postern.TicketInvalid
	if !errors.As(err, &invalid) || run != 2 {
		t.Errorf("work ran %d times, want twice; got %v, want a *TicketInvalid", run, err)
	}
	o.want(t, 0, "")
}

func TestTwoGatesAskOnce(t *testing.T) {
	o := newOffice(t)
	asked := 0
	prompt := func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		return postern.Answer{Response: pin}, nil
	}
	for transaction := 1; transaction <= 2; transaction++ {
		err := postern.Do(t.Context(), o.application.Pool, o.alice, prompt, func(tx pgx.Tx) error {
			return errors.Join(approve(t.Context(), tx), approve(t.Context(), tx))
		})
		if err != nil || asked != transaction {
			t.Fatalf("transaction %d: asked %d times: %v", transaction, asked, err)
		}
	}
	o.want(t, 4, "passed passed passed passed")
}

func TestPanicRollsBack(t *testing.T) {
	o := newOffice(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = postern.Do(t.Context(), o.application.Pool, o.alice, answers(pin), func(tx pgx.Tx) error {
			if err := approve(t.Context(), tx); err != nil {
				return err
			}
			panic("after the gate")
		})
	}()
	o.want(t, 0, "")
	if acquired := o.application.Pool.Stat().AcquiredConns(); acquired != 0 {
		t.Errorf("%d connections are still in use", acquired)
	}
}

func TestContextEndsTheConversation(t *testing.T) {
	o := newOffice(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := o.approve(ctx, o.application.Pool, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		cancel()
		return postern.Answer{Response: pin}, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	o.want(t, 0, "")
}

func TestSessions(t *testing.T) {
	o := newOffice(t)
	trusted := o.Login(t, "postern_trusted_app")
	person := o.Login(t, "postern_user")
	if err := db.New(o.Pool).CreateUser(t.Context(), "BOB", "Bob", &person.Name); err != nil {
		t.Fatal(err)
	}
	whoami := func(login *testdb.Login, session postern.Session) (userid string, err error) {
		err = postern.Do(t.Context(), login.Pool, session, nil, func(tx pgx.Tx) error {
			userid, err = db.New(tx).CurrentUserid(t.Context())
			return err
		})
		return userid, err
	}
	elsewhere, err := postern.NewSigner("test", make([]byte, 32), o.Name)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		login   *testdb.Login
		session postern.Session
		userid  string
		code    string
	}{
		"token":                     {o.application, o.alice, "ALICE", ""},
		"token for a stranger":      {o.application, postern.TokenSession(o.signer, "MALLORY"), "", "PS402"},
		"token with another secret": {o.application, postern.TokenSession(elsewhere, "ALICE"), "", "PS402"},
		"token without the right":   {person, o.alice, "", "42501"},
		"trusted":                   {trusted, postern.TrustedSession("ALICE"), "ALICE", ""},
		"trusted, a stranger":       {trusted, postern.TrustedSession("MALLORY"), "", "PS402"},
		"trust without the right":   {o.application, postern.TrustedSession("ALICE"), "", "42501"},
		"role":                      {person, postern.RoleSession(), "BOB", ""},
		"role of nobody":            {o.application, postern.RoleSession(), "", "PS401"},
	} {
		t.Run(name, func(t *testing.T) {
			userid, err := whoami(test.login, test.session)
			if userid != test.userid || testdb.Code(err) != test.code {
				t.Errorf("the user is %q with the error %v, want %q with the code %q", userid, err, test.userid, test.code)
			}
		})
	}
}

// PIN, token and ticket stay out of the text of statements, even if the application's connection would put them there.
// If it prepares no statements, which a transaction-mode pooler would lose, Postern prepares none.
func TestAnyModeOfConnection(t *testing.T) {
	o := newOffice(t)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			config, err := pgx.ParseConfig(o.application.URL)
			if err != nil {
				t.Fatal(err)
			}
			seen := &watcher{t: t, administrator: o.Pool}
			config.Tracer = seen
			config.DefaultQueryExecMode = mode
			connection, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close(context.Background())
			seen.backend = connection.PgConn().PID()
			var prepared []string
			err = postern.Do(t.Context(), connection, o.alice, answers(pin), func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "select postern.checkpoint('"+gate+`', '{"INVOICE": 1}')`); err != nil {
					return err
				}
				rows, err := tx.Query(t.Context(), "select name from pg_prepared_statements where statement ~ 'postern[.](begin_session|authenticate|open_gates)'")
				if err != nil {
					return err
				}
				prepared, err = pgx.CollectRows(rows, pgx.RowTo[string])
				return err
			})
			if err != nil || len(prepared) != 0 && mode != pgx.QueryExecModeCacheStatement {
				t.Errorf("prepared %d of the package's statements: %v", len(prepared), err)
			}
			all := strings.Join(seen.statements, "\n")
			for _, text := range []string{
				"select postern.begin_session($1)", "postern.authenticate($1, $2, $3::varchar, $4", "select postern.begin_session($1, $2::uuid)",
			} {
				if !strings.Contains(all, text) {
					t.Errorf("the server has not seen %s, but the statements:\n%s", text, all)
				}
			}
			if strings.Contains(all, pin) || strings.Contains(all, "eyJ") {
				t.Errorf("the server has seen a secret in the statements:\n%s", all)
			}
		})
	}
}

// watcher asks the server which statement each query has become there.
type watcher struct {
	t             *testing.T
	administrator *pgxpool.Pool
	// backend is the server process that runs the queries. Behind a pooler, the connection does not know it.
	backend    uint32
	statements []string
}

func (w *watcher) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (w *watcher) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	w.look(ctx)
}

func (w *watcher) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (w *watcher) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd sees the last statement of a batch: the ticket's, or the user's if there is no ticket.
func (w *watcher) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	w.look(ctx)
}

func (w *watcher) look(ctx context.Context) {
	var statement string
	err := w.administrator.QueryRow(ctx, "select query from pg_stat_activity where pid = $1", w.backend).Scan(&statement)
	if err != nil {
		w.t.Error(err)
	}
	w.statements = append(w.statements, statement)
}

func TestResponseStaysOutOfErrors(t *testing.T) {
	o := newOffice(t)
	for _, response := range []string{"secret\x00", "secret\xff", "secret"} {
		err := o.approve(t.Context(), o.application.Pool, answers(response))
		if err == nil {
			t.Fatal("the wrong response passed the gate")
		}
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		var server *pgconn.PgError
		if errors.As(err, &server) {
			text += fmt.Sprintf("%#v", *server)
		}
		if strings.Contains(text, "secret") {
			t.Errorf("the response %q is in the error %s", response, text)
		}
	}
}

// A DBA may let the server show parameters in errors. The naive version shows that it does, and what.
func TestResponseStaysOutOfContext(t *testing.T) {
	o := newOffice(t)
	o.exec(t, "alter database "+pgx.Identifier{o.Name}.Sanitize()+" set log_parameter_max_length_on_error = -1")
	config, err := pgx.ParseConfig(o.application.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	answer := postern.Answer{Username: "ALICE", Response: "squirrel"}
	_, naive := db.New(connection).Authenticate(t.Context(), db.AuthenticateParams{
		Challenge: "made.up", Username: answer.Username, Response: secret.Text(answer.Response), Scheme: "PIN",
	})
	guarded := postern.Resume(t.Context(), connection, o.alice, "made.up", answer, func(pgx.Tx) error { return nil })
	for name, test := range map[string]struct {
		err   error
		shown bool
	}{"naive": {naive, true}, "guarded": {guarded, false}} {
		if server := testdb.RequireCode(t, test.err, "PS103"); strings.Contains(server.Where, answer.Response) != test.shown {
			t.Errorf("%s: the context is %s", name, server.Where)
		}
	}
}

func TestManyApproveAtOnce(t *testing.T) {
	o := newOffice(t)
	const sessions = 4
	failures := make(chan error, sessions)
	var asked atomic.Int32
	for range sessions {
		go func() {
			failures <- o.approve(t.Context(), o.application.Pool, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
				asked.Add(1)
				return postern.Answer{Response: pin}, nil
			})
		}()
	}
	for range sessions {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != sessions {
		t.Errorf("asked %d times, want %d", asked.Load(), sessions)
	}
	o.want(t, sessions, "passed passed passed passed")
}
