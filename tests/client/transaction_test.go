package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/transaction"
)

const insertApproval = "insert into public.approval values ($1)"

// statements are the ways to send a statement. Each writes one approval.
var statements = map[string]func(ctx context.Context, tx pgx.Tx) error{
	"Exec": func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertApproval, 17)
		if err == nil && tag.String() != "INSERT 0 1" {
			return errors.New(tag.String())
		}
		return err
	},
	"Exec without arguments": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into public.approval values (17)")
		return err
	},
	"QueryRow": func(ctx context.Context, tx pgx.Tx) error {
		var invoice int
		err := tx.QueryRow(ctx, "insert into public.approval values ($1) returning 17", 17).Scan(&invoice)
		if err == nil && invoice != 17 {
			return errors.New("another invoice")
		}
		return err
	},
	"Query": func(ctx context.Context, tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, "insert into public.approval values ($1) returning 17", 17) // the rows have the error
		_, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
		return err
	},
	"SendBatch": func(ctx context.Context, tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue("select $1::integer", 1)
		batch.Queue(insertApproval, 17)
		return tx.SendBatch(ctx, batch).Close()
	},
	"CopyFrom": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"public", "approval"}, []string{"invoice"}, pgx.CopyFromRows([][]any{{17}}))
		return err
	},
	"Begin": func(ctx context.Context, tx pgx.Tx) error {
		return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, insertApproval, 17)
			return err
		})
	},
	"Prepare": func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Prepare(ctx, "approval", insertApproval); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "approval", 17)
		return err
	},
	"LargeObjects": func(ctx context.Context, tx pgx.Tx) error {
		objects := tx.LargeObjects()
		if _, err := objects.Create(ctx, 0); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertApproval, 17)
		return err
	},
	"Conn": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Conn().Exec(ctx, insertApproval, 17)
		return err
	},
}

// connections are the ways to connect.
func (o *office) connections(t *testing.T) map[string]postern.Pool {
	t.Helper()
	connections := map[string]postern.Pool{"pool": o.application.Pool}
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		connections[mode.String()] = o.connection(t, func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = mode })
	}
	return connections
}

func (o *office) connection(t *testing.T, configure func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(o.application.URL)
	if err != nil {
		t.Fatal(err)
	}
	configure(config)
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

// approvals removes and returns the approvals in the table.
func (o *office) approvals(t *testing.T) (count int) {
	t.Helper()
	if err := o.Pool.QueryRow(t.Context(), "with gone as (delete from public.approval returning 1) select count(*) from gone").Scan(&count); err != nil {
		t.Fatal(err)
	}
	// The pool takes a moment to close a connection that is given back broken.
	for deadline := time.Now().Add(time.Minute); o.application.Pool.Stat().AcquiredConns() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("connections are still in use")
		}
	}
	return count
}

func TestTransactionBeginsWithAnyStatement(t *testing.T) {
	o := newOffice(t)
	failure := errors.New("changed my mind")
	for connection, pool := range o.connections(t) {
		for name, statement := range statements {
			for want, outcome := range []error{failure, nil} {
				var userid string
				err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) (err error) {
					if err := statement(t.Context(), tx); err != nil {
						return err
					}
					if userid, err = db.New(tx).CurrentUserid(t.Context()); err != nil {
						return err
					}
					return outcome
				})
				if got := o.approvals(t); err != outcome || got != want || userid != "ALICE" {
					t.Errorf("%s, %s: %d approvals, want %d, by %q; error: %v, want %v", connection, name, got, want, userid, err, outcome)
				}
			}
		}
	}
}

func (o *office) token(t *testing.T, userid string) string {
	t.Helper()
	token, err := o.signer.Token(userid)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestGateIsTheFirstStatement(t *testing.T) {
	o := newOffice(t)
	passed := []string{}
	for connection, pool := range o.connections(t) {
		for name, pass := range map[string]func(tx pgx.Tx) error{
			"Exec": func(tx pgx.Tx) error { return db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 17}`)) },
			"QueryRow": func(tx pgx.Tx) error {
				return tx.QueryRow(t.Context(), "select postern.checkpoint($1, $2)", gate, `{"INVOICE": 17}`).Scan(nil)
			},
		} {
			var required *postern.CheckpointRequired
			if err := postern.Do(t.Context(), pool, o.alice, nil, pass); !errors.As(err, &required) {
				t.Errorf("%s, %s: without a prompt got %v, want a *CheckpointRequired", connection, name, err)
			}
			if err := postern.Do(t.Context(), pool, o.alice, answers(pin), pass); err != nil {
				t.Errorf("%s, %s: with a prompt got %v", connection, name, err)
			}
			passed = append(passed, "passed")
		}
	}
	o.want(t, 0, strings.Join(passed, " "))
}

// The application's prepared statements may be lost, or never have existed. The beginning needs none.
func TestTransactionBeginsWithoutPreparedStatements(t *testing.T) {
	o := newOffice(t)
	for name, configure := range map[string]func(*pgx.ConnConfig){
		"forgotten": func(*pgx.ConnConfig) {},
		"not kept":  func(config *pgx.ConnConfig) { config.StatementCacheCapacity = 0 },
	} {
		connection := o.connection(t, configure)
		for statement, send := range map[string]func(ctx context.Context, tx pgx.Tx) error{
			"Exec": func(ctx context.Context, tx pgx.Tx) error {
				_, err := tx.Exec(ctx, insertApproval, pgx.QueryExecModeExec, 17)
				return err
			},
			"Query": func(ctx context.Context, tx pgx.Tx) error {
				// rows.Err returns the error.
				rows, _ := tx.Query(ctx, "insert into public.approval values ($1)", pgx.QueryExecModeExec, 17)
				rows.Close()
				return rows.Err()
			},
		} {
			for range 2 {
				if _, err := connection.Exec(t.Context(), "deallocate all"); err != nil {
					t.Fatal(err)
				}
				err := postern.Do(t.Context(), connection, o.alice, nil, func(tx pgx.Tx) error { return send(t.Context(), tx) })
				if got := o.approvals(t); err != nil || got != 1 {
					t.Errorf("%s, %s: %d approvals, want 1; error: %v", name, statement, got, err)
				}
			}
		}
	}
}

// tracer panics when the session's statement is traced, as a tracer of a test or a logger might.
type tracer struct{}

func (tracer) trace(text string) {
	if strings.Contains(text, "begin_session") {
		panic("traced")
	}
}

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.trace(data.SQL)
	return ctx
}
func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (t tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t.trace(data.SQL)
}
func (tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// Work that recovers from a panic of the start cannot continue without it, and the connection is given back.
func TestNothingIsDoneAfterAPanic(t *testing.T) {
	o := newOffice(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config := o.application.Pool.Config()
		config.ConnConfig.DefaultQueryExecMode, config.ConnConfig.Tracer = mode, tracer{}
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if recover() != "traced" {
					t.Errorf("%s: the tracer's panic was lost", mode)
				}
			}()
			_ = postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
				t.Errorf("%s: work runs without a start", mode)
				return statements["Exec"](t.Context(), tx)
			})
		}()
		if got := o.approvals(t); got != 0 {
			t.Errorf("%s: %d approvals after a panic, want none", mode, got)
		}
		// The pool closes a broken connection in a goroutine of its own.
		for deadline := time.Now().Add(time.Minute); pool.Stat().AcquiredConns() != 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d connections are still in use", mode, pool.Stat().AcquiredConns())
			}
		}
		pool.Close()
	}
}

// start is one statement of the start.
func start(text string, arguments ...any) []transaction.Statement {
	return []transaction.Statement{{Text: text, Arguments: arguments}}
}

// ticket is a ticket that was used.
func (o *office) ticket(t *testing.T) (used string) {
	t.Helper()
	var required *postern.CheckpointRequired
	if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
		t.Fatal(err)
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
		ticket, err := db.New(tx).Authenticate(t.Context(), db.AuthenticateParams{
			Challenge: required.Challenge, Username: "ALICE", Response: pin, // names the scheme that is the default
		})
		used = ticket.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	began := start("select postern.begin_session($1, $2::uuid)", o.token(t, "ALICE"), used)
	err = transaction.Run(t.Context(), o.application.Pool, pgx.TxOptions{}, began, func(tx pgx.Tx) error { return approve(t.Context(), tx) })
	if err != nil {
		t.Fatal(err)
	}
	if got := o.approvals(t); got != 1 {
		t.Fatalf("%d approvals by a ticket", got)
	}
	return used
}

// No statement of the work is sent if the session or a ticket is refused. The naive version sends them without looking.
func TestWorkDoesNotRunAfterARefusedStart(t *testing.T) {
	o := newOffice(t)
	ticket := o.ticket(t)
	naive := &pgx.Batch{}
	naive.Queue("begin")
	naive.Queue("select postern.begin_session('made.up.token')")
	naive.Queue("rollback")
	naive.Queue("insert into public.approval values (17)")
	connection := o.connection(t, func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = pgx.QueryExecModeExec })
	for _, query := range naive.QueuedQueries {
		_, _ = connection.Exec(t.Context(), query.SQL) // it ignores the error
	}
	if got := o.approvals(t); got != 1 {
		t.Fatalf("naive: %d approvals, want 1", got)
	}
	for connection, pool := range o.connections(t) {
		for name, test := range map[string]struct {
			start []transaction.Statement
			code  string
		}{
			"a stranger":    {start("select postern.begin_session($1)", o.token(t, "MALLORY")), "PS402"},
			"a made-up one": {start("select postern.begin_session($1, $2::uuid)", o.token(t, "ALICE"), uuid.NewString()), "PS103"},
			"a used ticket": {start("select postern.begin_session($1, $2::uuid)", o.token(t, "ALICE"), ticket), "PS103"},
			"a used ticket behind the session": {
				append(start("select postern.begin_session($1)", o.token(t, "ALICE")), start("select postern.open_gates($1::uuid)", ticket)...), "PS103"},
			"no function": {start("select postern.no_such_function($1)", ticket), "42883"},
		} {
			err := transaction.Run(t.Context(), pool, pgx.TxOptions{}, test.start, func(tx pgx.Tx) error {
				t.Errorf("%s, %s: work runs after a refused start", connection, name)
				return statements["Exec"](t.Context(), tx)
			})
			if got := o.approvals(t); got != 0 || testdb.Code(err) != test.code {
				t.Errorf("%s, %s: %d approvals, want none; got %v, want the code %s", connection, name, got, err, test.code)
			}
		}
	}
}

// A token is signed for each transaction. If that fails, nothing is sent.
func TestWorkDoesNotRunWithoutASignature(t *testing.T) {
	o := newOffice(t)
	for connection, pool := range o.connections(t) {
		err := postern.Do(t.Context(), pool, postern.TokenSession(postern.Signer{}, "ALICE"), nil, func(tx pgx.Tx) error {
			t.Errorf("%s: work runs without a signature", connection)
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "NewSigner") {
			t.Errorf("%s: got %v, want an error that names NewSigner", connection, err)
		}
	}
}

// An error within the client leaves the transaction as it is, from its first statement on.
func TestTransactionContinuesAfterClientErrors(t *testing.T) {
	o := newOffice(t)
	for connection, pool := range o.connections(t) {
		for name, test := range map[string]func(tx pgx.Tx) bool{
			"no row": func(tx pgx.Tx) bool {
				return errors.Is(tx.QueryRow(t.Context(), "select where $1", false).Scan(), pgx.ErrNoRows)
			},
			"another type": func(tx pgx.Tx) bool {
				var number int
				return tx.QueryRow(t.Context(), "select $1::text", "seventeen").Scan(&number) != nil
			},
			"an argument that cannot be encoded": func(tx pgx.Tx) bool {
				_, err := tx.Exec(t.Context(), insertApproval, struct{}{})
				return err != nil
			},
		} {
			err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
				if tx.Conn() == nil || !test(tx) {
					t.Errorf("%s, %s: not as expected", connection, name)
				}
				return statements["Exec"](t.Context(), tx)
			})
			if got := o.approvals(t); err != nil || got != 1 {
				t.Errorf("%s, %s: %d approvals, want 1; error: %v", connection, name, got, err)
			}
		}
	}
}

// However a transaction ends, it leaves nothing to the next one on its connection.
func TestConnectionIsCleanAfterwards(t *testing.T) {
	o := newOffice(t)
	failure := errors.New("changed my mind")
	for connection, pool := range o.connections(t) {
		for name, end := range map[string]func() error{
			"commit": func() error {
				return postern.Do(t.Context(), pool, o.alice, answers(pin), func(tx pgx.Tx) error { return approve(t.Context(), tx) })
			},
			"error": func() error {
				return postern.Do(t.Context(), pool, o.alice, nil, func(pgx.Tx) error { return failure })
			},
			"failed statement": func() error {
				return postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), "select 1 / 0")
					return err
				})
			},
			"checkpoint": func() error { return o.approve(t.Context(), pool, nil) },
			"stranger": func() error {
				return postern.Do(t.Context(), pool, postern.TokenSession(o.signer, "MALLORY"), nil, func(pgx.Tx) error { return nil })
			},
			"panic": func() (err error) {
				defer func() { _ = recover() }()
				return postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error { panic("in work") })
			},
		} {
			_ = end() // other tests check its error
			tx, err := pool.BeginTx(t.Context(), pgx.TxOptions{})
			if err != nil {
				t.Errorf("%s after %s: the next transaction fails: %v", connection, name, err)
				continue
			}
			var left string
			err = tx.QueryRow(t.Context(), `
select concat(current_setting('postern.session', true), current_setting('postern.ticket', true), current_setting('postern.exclusive_tickets', true),
              current_setting('postern.action', true))`).Scan(&left)
			if err != nil || left != "" {
				t.Errorf("%s after %s: %q is left, %v", connection, name, left, err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Errorf("%s after %s: the rollback fails: %v", connection, name, err)
			}
		}
	}
}

// If the connection is lost or cannot be made, nothing is done on another one.
func TestNothingIsDoneAfterLosingTheConnection(t *testing.T) {
	o := newOffice(t)
	for name, lose := range map[string]func(ctx context.Context, cancel context.CancelFunc, tx pgx.Tx) error{
		"cancelled": func(ctx context.Context, cancel context.CancelFunc, tx pgx.Tx) error {
			cancel()
			return statements["Exec"](ctx, tx)
		},
		"cancelled, and work hides it": func(ctx context.Context, cancel context.CancelFunc, tx pgx.Tx) error {
			if err := statements["Exec"](ctx, tx); err != nil {
				return err
			}
			cancel()
			return nil
		},
		"lost": func(ctx context.Context, _ context.CancelFunc, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "select pg_terminate_backend(pg_backend_pid()) where $1", true)
			if testdb.Code(err) != "57P01" {
				t.Error(err)
			}
			return nil
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := postern.Do(ctx, o.application.Pool, o.alice, nil, func(tx pgx.Tx) error { return lose(ctx, cancel, tx) })
		cancel()
		if got := o.approvals(t); err == nil || got != 0 {
			t.Errorf("%s: %d approvals, want none; error: %v", name, got, err)
		}
	}
	closed, err := pgxpool.New(t.Context(), o.application.URL)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	err = postern.Do(t.Context(), closed, o.alice, nil, func(tx pgx.Tx) error {
		t.Error("work runs without a connection")
		return nil
	})
	if err == nil || errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("a closed pool: got %v, want an error that is not ErrTxClosed", err)
	}
}

// line counts how often the client waits for the server.
type line struct {
	net.Conn
	roundTrips *atomic.Int64
	answered   bool
}

func (l *line) Read(octets []byte) (int, error) {
	count, err := l.Conn.Read(octets)
	l.answered = l.answered || count > 0
	return count, err
}

func (l *line) Write(octets []byte) (int, error) {
	if l.answered {
		l.roundTrips.Add(1)
	}
	l.answered = false
	return l.Conn.Write(octets)
}

// The user and the tickets are sent together with BEGIN. That is one round trip less than by hand.
func TestRoundTrips(t *testing.T) {
	o := newOffice(t)
	var roundTrips atomic.Int64
	connection := o.connection(t, func(config *pgx.ConnConfig) {
		dial := config.DialFunc
		config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := dial(ctx, network, address)
			return &line{Conn: connection, roundTrips: &roundTrips, answered: true}, err
		}
	})
	pass := func(tx pgx.Tx) error { return db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 17}`)) }
	exec := func(tx pgx.Tx) error { return statements["Exec"](t.Context(), tx) }
	for name, test := range map[string]struct {
		run  func() error
		want int64
	}{
		"by hand": {func() error {
			return pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error {
				return errors.Join(o.alice.Start(t.Context(), tx), exec(tx))
			})
		}, 4},
		"Do": {func() error { return postern.Do(t.Context(), connection, o.alice, nil, exec) }, 3},
		"the gate, approved": {func() error {
			var required *postern.CheckpointRequired
			if err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, pass); !errors.As(err, &required) {
				return err
			}
			return postern.Resume(t.Context(), connection, o.alice, required.Challenge, postern.Answer{Username: "ALICE", Response: pin}, pass)
		}, 4 + 3}, // the answer is checked with parameters hidden from errors, which takes one more statement
		"nothing": {func() error {
			failure := errors.New("nothing to do")
			if err := postern.Do(t.Context(), connection, o.alice, nil, func(pgx.Tx) error { return failure }); err != failure {
				return err
			}
			return nil
		}, 2},
	} {
		if err := test.run(); err != nil { // the connection prepares the statements
			t.Fatal(err)
		}
		began := roundTrips.Load()
		if err := test.run(); err != nil {
			t.Fatal(err)
		}
		if took := roundTrips.Load() - began; took != test.want {
			t.Errorf("%s: %d round trips, not %d", name, took, test.want)
		}
	}
}
