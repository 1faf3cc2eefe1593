package client

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
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

// statements are the ways to send a statement; each writes one approval.
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
	"Exec of several": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select 1; insert into public.approval values (17)")
		return err
	},
	"Exec with names": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into public.approval values (@invoice)", pgx.NamedArgs{"invoice": 17})
		return err
	},
	"Exec of several with names": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select 1; insert into public.approval values (17)", pgx.NamedArgs{"invoice": 17})
		return err
	},
	"Exec in another mode": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, insertApproval, pgx.QueryExecModeExec, 17)
		return err
	},
	"Exec with a number that might not fit": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into public.approval values (@invoice::bigint / 1000000000)", pgx.NamedArgs{"invoice": 17_000_000_000})
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
	"QueryRow in another format": func(ctx context.Context, tx pgx.Tx) error {
		var invoice int
		return tx.QueryRow(ctx, "insert into public.approval values ($1) returning 17", pgx.QueryResultFormats{pgx.TextFormatCode}, 17).Scan(&invoice)
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

// connections are the ways to be connected.
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

// approvals takes the approvals out of the table.
func (o *office) approvals(t *testing.T) (count int) {
	t.Helper()
	if err := o.Pool.QueryRow(t.Context(), "with gone as (delete from public.approval returning 1) select count(*) from gone").Scan(&count); err != nil {
		t.Fatal(err)
	}
	// The pool takes its time to close a connection that is given back broken.
	for deadline := time.Now().Add(10 * time.Second); o.application.Pool.Stat().AcquiredConns() != 0; time.Sleep(time.Millisecond) {
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
					t.Errorf("%s, %s: %d approvals by %q, %v", connection, name, got, userid, err)
				}
			}
		}
	}
}

// Work that goes on as if nothing were wrong changes nothing.
func TestNothingIsDoneAfterARefusedStart(t *testing.T) {
	o := newOffice(t)
	ticket := o.ticket(t)
	for connection, pool := range o.connections(t) {
		for start, test := range map[string]struct {
			arguments []any
			code      string
		}{
			"a stranger":    {[]any{o.token(t, "MALLORY")}, "PS402"},
			"a made-up one": {[]any{o.token(t, "ALICE"), uuid.NewString()}, "PS103"},
			"a used ticket": {[]any{o.token(t, "ALICE"), ticket}, "PS103"},
		} {
			text := "select postern.begin_session($1)"
			if len(test.arguments) == 2 {
				text = "select postern.begin_session($1, $2::uuid)"
			}
			for name := range statements {
				err := transaction.Run(t.Context(), pool, transaction.With(text, test.arguments...), func(tx pgx.Tx) error {
					for _, sent := range append([]string{name}, slices.Collect(maps.Keys(statements))...) {
						want := test.code
						if sent == "Conn" || sent == "LargeObjects" {
							want = "25P02" // pgx's own: all that is left to say is that the transaction is aborted
						}
						if err := statements[sent](t.Context(), tx); testdb.Code(err) != want {
							t.Errorf("%s, %s, %s first: %s: %v", connection, start, name, sent, err)
						}
					}
					return errors.New("something else")
				})
				testdb.RequireCode(t, err, test.code)
				if got := o.approvals(t); got != 0 {
					t.Errorf("%s, %s, %s first: %d approvals", connection, start, name, got)
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

// ticket has been used.
func (o *office) ticket(t *testing.T) (used string) {
	t.Helper()
	var required *postern.CheckpointRequired
	if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
		t.Fatal(err)
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
		ticket, err := db.New(tx).Authenticate(t.Context(), db.AuthenticateParams{
			Challenge: required.Challenge, Username: "ALICE", Response: pin, // with the scheme that is meant where none is named
		})
		used = ticket.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	start := transaction.With("select postern.begin_session($1, $2::uuid)", o.token(t, "ALICE"), used)
	if err := transaction.Run(t.Context(), o.application.Pool, start, func(tx pgx.Tx) error { return approve(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if got := o.approvals(t); got != 1 {
		t.Fatalf("%d approvals by a ticket", got)
	}
	return used
}

// A wrong answer asks again, also where work hides what its statement says.
func TestDenialIsSeenWhateverWorkReturns(t *testing.T) {
	o := newOffice(t)
	for name, hidden := range map[string]error{"nothing": nil, "something else": errors.New("cannot approve")} {
		err := postern.Do(t.Context(), o.application.Pool, o.alice, answers(typo, pin), func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "select postern.checkpoint($1, $2)", gate, `{"INVOICE": 17}`)
			if testdb.Code(err) == "PS102" {
				return hidden
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.want(t, 0, "denied passed denied passed")
}

func TestStartIsJudgedThoughNothingIsSent(t *testing.T) {
	o := newOffice(t)
	nothing := func(pgx.Tx) error { return nil }
	for connection, pool := range o.connections(t) {
		testdb.RequireCode(t, postern.Do(t.Context(), pool, postern.TokenSession(o.signer, "MALLORY"), nil, nothing), "PS402")
		start := transaction.With("select postern.begin_session($1, $2::uuid)", o.token(t, "ALICE"), uuid.NewString())
		testdb.RequireCode(t, transaction.Run(t.Context(), pool, start, nothing), "PS103")
		if err := postern.Do(t.Context(), pool, o.alice, nil, nothing); err != nil {
			t.Errorf("%s: %v", connection, err)
		}
	}
}

// A token is valid for a minute, and work may take its time before it sends anything.
func TestStartIsAskedForWhenTheTransactionBegins(t *testing.T) {
	o := newOffice(t)
	for connection, pool := range o.connections(t) {
		var asked bool
		start := func() ([]transaction.Statement, error) {
			asked = true
			return transaction.With("select postern.begin_session($1)", o.token(t, "ALICE"))()
		}
		err := transaction.Run(t.Context(), pool, start, func(tx pgx.Tx) error {
			if asked {
				t.Errorf("%s: asked before anything was sent", connection)
			}
			var userid string
			err := tx.QueryRow(t.Context(), "select postern.current_userid()").Scan(&userid)
			if err == nil && userid != "ALICE" {
				t.Errorf("%s: the user is %s", connection, userid)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", connection, err)
		}

		unsigned := errors.New("no signature")
		err = transaction.Run(t.Context(), pool, func() ([]transaction.Statement, error) { return nil, unsigned }, func(tx pgx.Tx) error {
			if tx.Conn() != nil {
				t.Errorf("%s: there is a connection without a start", connection)
			}
			for name, send := range statements {
				if name == "Conn" {
					continue // there is none to send it by
				}
				if err := send(t.Context(), tx); err == nil {
					t.Errorf("%s: %s was sent without a start", connection, name)
				}
			}
			return nil
		})
		if !errors.Is(err, unsigned) {
			t.Errorf("%s: without a start: %v", connection, err)
		}
	}
	o.want(t, 0, "")
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
				t.Errorf("%s, %s: without a prompt %v", connection, name, err)
			}
			if err := postern.Do(t.Context(), pool, o.alice, answers(pin), pass); err != nil {
				t.Errorf("%s, %s: %v", connection, name, err)
			}
			passed = append(passed, "passed")
		}
	}
	o.want(t, 0, strings.Join(passed, " "))
}

// A statement that fails aborts the transaction, also where it fails before the transaction has begun.
func TestNothingIsDoneAfterAStatementThatFails(t *testing.T) {
	o := newOffice(t)
	for connection, pool := range o.connections(t) {
		for text, code := range map[string]string{
			"insert into public.nowhere values ($1)": "42P01",
			"insert insert $1":                       "42601",
			"select 1 / ($1::integer - 17)":          "22012",
		} {
			for name, send := range map[string]func(tx pgx.Tx) error{
				"Exec": func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), text, 17)
					return err
				},
				"QueryRow": func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), text, 17).Scan(nil) },
			} {
				err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
					if err := send(tx); testdb.Code(err) != code {
						t.Errorf("%s, %s of %s: %v", connection, name, text, err)
					}
					for _, statement := range []string{"Exec", "Exec without arguments", "QueryRow", "Conn"} {
						if err := statements[statement](t.Context(), tx); testdb.Code(err) != "25P02" {
							t.Errorf("%s, %s of %s, then %s: %v", connection, name, text, statement, err)
						}
					}
					return nil
				})
				if got := o.approvals(t); !errors.Is(err, pgx.ErrTxCommitRollback) || got != 0 {
					t.Errorf("%s, %s of %s: %d approvals, %v", connection, name, text, got, err)
				}
			}
		}
	}
}

// What goes wrong in the client alone leaves the transaction as it is.
func TestTransactionGoesOnAfterTheClientsErrors(t *testing.T) {
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
			"too few destinations": func(tx pgx.Tx) bool {
				var number int
				return tx.QueryRow(t.Context(), "select 1, $1::text", "seventeen").Scan(&number) != nil
			},
			"a number that does not fit": func(tx pgx.Tx) bool {
				if connection == "exec" || connection == "simple protocol" {
					return true // it is the server that finds out
				}
				_, err := tx.Exec(t.Context(), insertApproval, 17_000_000_000)
				return err != nil
			},
		} {
			err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
				if !test(tx) {
					t.Errorf("%s, %s: not as expected", connection, name)
				}
				return statements["Exec"](t.Context(), tx)
			})
			if got := o.approvals(t); err != nil || got != 1 {
				t.Errorf("%s, %s: %d approvals, %v", connection, name, got, err)
			}
		}
	}
}

// Where the connection is lost or not to be had, nothing is done on another one.
func TestNothingIsDoneAfterTheConnection(t *testing.T) {
	o := newOffice(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, lose := range map[string]func(tx pgx.Tx){
		"cancelled": func(tx pgx.Tx) {
			if err := statements["Exec"](cancelled, tx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		},
		"lost": func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), "select pg_terminate_backend(pg_backend_pid()) where $1", true)
			if testdb.Code(err) != "57P01" {
				t.Error(err)
			}
		},
		"an argument that cannot be encoded": func(tx pgx.Tx) {
			if _, err := tx.Exec(t.Context(), "insert into public.approval values (length($1::text))", 17); err == nil {
				t.Error("17 is a text")
			}
		},
		"a row that is not read": func(tx pgx.Tx) { tx.QueryRow(t.Context(), "select $1", "17") },
	} {
		err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
			lose(tx)
			for statement, send := range statements {
				if statement != "Conn" && send(t.Context(), tx) == nil {
					t.Errorf("%s: %s was executed", name, statement)
				}
			}
			return nil
		})
		if got := o.approvals(t); err == nil || got != 0 {
			t.Errorf("%s: %d approvals, %v", name, got, err)
		}
	}
	closed, err := pgxpool.New(t.Context(), o.application.URL)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	err = postern.Do(t.Context(), closed, o.alice, nil, func(tx pgx.Tx) error {
		if tx.Conn() != nil {
			t.Error("a closed pool has a connection")
		}
		objects := tx.LargeObjects()
		_, err := objects.Create(t.Context(), 0)
		return err
	})
	if err == nil || errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("a closed pool: %v", err)
	}
}

// rewriter is an application's own way to write parameters.
type rewriter func(connection *pgx.Conn) []any

func (r rewriter) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, _ []any) (string, []any, error) {
	return text, r(connection), nil
}

// What an application's code does while its statement is sent is part of the transaction.
func TestRewritersAreWithinTheTransaction(t *testing.T) {
	o := newOffice(t)
	for connection, pool := range o.connections(t) {
		failure := errors.New("changed my mind")
		err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), insertApproval, rewriter(func(connection *pgx.Conn) []any {
				var userid string
				err := connection.QueryRow(t.Context(), "insert into public.approval values (18) returning postern.current_userid()").Scan(&userid)
				if err != nil || userid != "ALICE" {
					t.Errorf("by %q: %v", userid, err)
				}
				return []any{17}
			}))
			return cmp.Or(err, failure)
		})
		if got := o.approvals(t); err != failure || got != 0 {
			t.Errorf("%s: %d approvals, %v", connection, got, err)
		}
		func() {
			defer func() {
				if recover() != "no parameters" {
					t.Errorf("%s: no panic", connection)
				}
			}()
			_ = postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), insertApproval, rewriter(func(*pgx.Conn) []any { panic("no parameters") }))
				return err
			})
		}()
		if got := o.approvals(t); got != 0 {
			t.Errorf("%s: %d approvals after a panic", connection, got)
		}
	}
}

// A transaction that ends with a row that is not read leaves nothing behind which a later one might commit.
func TestRowIsNotReadAfterTheTransaction(t *testing.T) {
	o := newOffice(t)
	for name, text := range map[string]string{
		"a row":    "insert into public.approval values ($1) returning 17",
		"an error": "insert into public.nowhere values ($1)",
	} {
		for connection, pool := range o.connections(t) {
			var row pgx.Row
			err := postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
				row = tx.QueryRow(t.Context(), text, 17)
				return nil
			})
			if err == nil {
				t.Errorf("%s: %s that is not read is no error", connection, name)
			}
			var invoice int
			_ = row.Scan(&invoice)                                                             // it may have arrived before
			_ = postern.Do(t.Context(), pool, o.alice, nil, func(pgx.Tx) error { return nil }) // commits what was left behind
			if got := o.approvals(t); got != 0 {
				t.Errorf("%s, %s: %d approvals", connection, name, got)
			}
		}
	}
}

// What is sent at once begins one transaction, not one each.
func TestTransactionBeginsOnce(t *testing.T) {
	o := newOffice(t)
	var begun atomic.Int64
	start := func() ([]transaction.Statement, error) {
		begun.Add(1)
		time.Sleep(50 * time.Millisecond) // the other one comes meanwhile
		return transaction.With("select postern.begin_session($1)", o.token(t, "ALICE"))()
	}
	err := transaction.Run(t.Context(), o.application.Pool, start, func(tx pgx.Tx) error {
		connections := [2]*pgx.Conn{}
		var together sync.WaitGroup
		for index := range connections {
			together.Go(func() { connections[index] = tx.Conn() })
		}
		together.Wait()
		if connections[0] != connections[1] {
			t.Error("one transaction has two connections")
		}
		return statements["Exec"](t.Context(), tx)
	})
	if got := o.approvals(t); err != nil || begun.Load() != 1 || got != 1 {
		t.Errorf("%d approvals, begun %d times: %v", got, begun.Load(), err)
	}
}

// The application's prepared statements may be gone, or never have been: the beginning needs none.
func TestTransactionBeginsWithoutPreparedStatements(t *testing.T) {
	o := newOffice(t)
	for name, configure := range map[string]func(*pgx.ConnConfig){
		"forgotten": func(*pgx.ConnConfig) {},
		"not kept":  func(config *pgx.ConnConfig) { config.StatementCacheCapacity = 0 },
	} {
		connection := o.connection(t, configure)
		for statement, send := range map[string]func(ctx context.Context, tx pgx.Tx) error{
			"Exec": statements["Exec in another mode"],
			"Query": func(ctx context.Context, tx pgx.Tx) error {
				rows, _ := tx.Query(ctx, "insert into public.approval values ($1)", pgx.QueryExecModeExec, 17) // the rows have the error
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
					t.Errorf("%s, %s: %d approvals, %v", name, statement, got, err)
				}
			}
		}
	}
}

// tracer panics when the session's statement is traced, as a test's or a logger's may.
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

// Work that recovers from a panic of the start cannot go on without it, and keeps no connection.
func TestNothingIsDoneAfterAPanic(t *testing.T) {
	o := newOffice(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config := o.application.Pool.Config()
		config.ConnConfig.DefaultQueryExecMode, config.ConnConfig.Tracer = mode, tracer{}
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		err = postern.Do(t.Context(), pool, o.alice, nil, func(tx pgx.Tx) error {
			func() {
				defer func() {
					if recover() != "traced" {
						t.Errorf("%s: no panic", mode)
					}
				}()
				_ = statements["Exec"](t.Context(), tx)
			}()
			for _, name := range []string{"Exec", "Exec without arguments", "Query", "QueryRow"} {
				if statements[name](t.Context(), tx) == nil {
					t.Errorf("%s: %s was executed without a start", mode, name)
				}
			}
			return nil
		})
		if got := o.approvals(t); err == nil || got != 0 {
			t.Errorf("%s: %d approvals, %v", mode, got, err)
		}
		if used := pool.Stat().AcquiredConns(); used != 0 {
			t.Errorf("%s: %d connections are still in use", mode, used)
			continue // it would wait for them
		}
		pool.Close()
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

// The user, the ticket and the gate go along with BEGIN: what is left is the COMMIT.
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
	var began int64
	begin := func(work func(tx pgx.Tx) error) func(tx pgx.Tx) error {
		return func(tx pgx.Tx) error {
			began = roundTrips.Load()
			return work(tx)
		}
	}
	for name, test := range map[string]struct {
		run  func() error
		want int64
	}{
		"naive": {func() error {
			began = roundTrips.Load()
			return pgx.BeginFunc(t.Context(), connection, func(tx pgx.Tx) error { return statements["Exec"](t.Context(), tx) })
		}, 3},
		"Exec": {func() error {
			return postern.Do(t.Context(), connection, o.alice, nil, begin(func(tx pgx.Tx) error { return statements["Exec"](t.Context(), tx) }))
		}, 2},
		"QueryRow": {func() error {
			return postern.Do(t.Context(), connection, o.alice, nil, begin(func(tx pgx.Tx) error { return statements["QueryRow"](t.Context(), tx) }))
		}, 2},
		"Query": {func() error {
			return postern.Do(t.Context(), connection, o.alice, nil, begin(func(tx pgx.Tx) error { return statements["Query"](t.Context(), tx) }))
		}, 3},
		"the gate, approved": {func() error {
			var required *postern.CheckpointRequired
			if err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, pass); !errors.As(err, &required) {
				return err
			}
			return postern.Resume(t.Context(), connection, o.alice, required.Challenge, postern.Answer{Username: "ALICE", Response: pin}, begin(pass))
		}, 2},
		"nothing": {func() error {
			failure := errors.New("nothing to do")
			if err := postern.Do(t.Context(), connection, o.alice, nil, begin(func(pgx.Tx) error { return failure })); err != failure {
				return err
			}
			return nil
		}, 0},
	} {
		// The first time, the connection learns the statements.
		if err := errors.Join(test.run(), test.run()); err != nil {
			t.Fatal(err)
		}
		if took := roundTrips.Load() - began; took != test.want {
			t.Errorf("%s: %d round trips, not %d", name, took, test.want)
		}
	}
}
