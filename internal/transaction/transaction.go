// Package transaction begins transactions together with what they begin with: BEGIN, a statement that starts the session,
// and the first statement of the work go to the server in one round trip, which the first statement would take anyway.
//
// The server stops at the first of them that fails. So no statement of the work is ever executed outside the transaction, or
// without its start: where the transaction does not begin, nothing that is sent by it afterwards reaches the server.
package transaction

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Pool begins transactions, as *pgxpool.Pool and *pgx.Conn do.
type Pool interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// Start gives what a transaction starts with. It is asked when the transaction begins, since a token does not last long; a second
// time where that has to be tried in another way.
type Start func() (Statement, error)

// Statement is one that a transaction starts with; the zero Statement is none.
type Statement struct {
	Text      string
	Arguments []any
}

// With starts with a statement that will not age.
func With(text string, arguments ...any) Start {
	return func() (Statement, error) { return Statement{text, arguments}, nil }
}

// Execute executes the statement in a transaction that has begun. It binds the parameters, whatever the connection's mode: the
// simple protocol would write a token into the statement's text.
func (s Statement) Execute(ctx context.Context, tx pgx.Tx) error {
	if s.Text == "" {
		return nil
	}
	_, err := tx.Exec(ctx, s.Text, append([]any{pgx.QueryExecModeExec}, s.Arguments...)...)
	return err
}

// Run commits what work does in a transaction that starts with start, or nothing. The transaction begins with the first
// statement of work, or where there is none before the commit. Where it does not begin, Run returns the reason, whatever
// work makes of it.
//
// One thing differs from a transaction that has begun before: pgx closes the connection over an argument of another type than
// the parameter's, if it is one of work's first statement.
func Run(ctx context.Context, pool Pool, start Start, work func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, starter{pool, start}, func(tx pgx.Tx) error {
		err := work(tx)
		return cmp.Or(tx.(*transaction).failure, err)
	})
}

// starter is for pgx.BeginFunc.
type starter struct {
	pool  Pool
	start Start
}

// Begin sends nothing yet.
func (s starter) Begin(ctx context.Context) (pgx.Tx, error) {
	return &transaction{starter: s, context: ctx}, nil
}

// transaction begins when it is first used.
type transaction struct {
	starter
	// context is what it begins with where pgx asks for none.
	context context.Context
	// begun is nil until it is known whether the transaction has begun, and a closed one where it has not.
	begun pgx.Tx
	// failure is why it has not: all that is sent afterwards fails with it.
	failure error
}

// begin begins the transaction by itself, if it has not begun.
func (t *transaction) begin(ctx context.Context) error {
	if t.begun != nil {
		return t.failure
	}
	if _, err := t.send(ctx, nil); !errors.Is(err, errAlone) {
		return err
	}
	return t.beginOneByOne(ctx)
}

// beginWith begins the transaction in one batch with its first statement, whose result is the next one to read. There are no
// results where the statement has to be sent by itself; the transaction has begun then.
func (t *transaction) beginWith(ctx context.Context, text string, arguments []any) (pgx.BatchResults, error) {
	if t.begun == nil {
		if first := along(text, arguments); first != nil {
			if results, err := t.send(ctx, first); !errors.Is(err, errAlone) {
				return results, err
			}
		}
	}
	return nil, t.begin(ctx)
}

// send sends BEGIN, start and first in one batch, and reads the results but for that of first. It fails with errAlone where none
// of them was executed, but each might be by itself.
func (t *transaction) send(ctx context.Context, first *pgx.QueuedQuery) (pgx.BatchResults, error) {
	start, err := t.start()
	if err != nil {
		return nil, t.fail(ctx, failed(err).Tx(), err)
	}
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	batch.QueuedQueries[0].Arguments = []any{boundOnly{}}
	if start.Text != "" {
		batch.Queue(start.Text, start.Arguments...)
	}
	own := batch.Len()
	if first != nil {
		batch.QueuedQueries = append(batch.QueuedQueries, first)
	}
	results := t.pool.SendBatch(ctx, batch)
	for statement := 0; statement < own && err == nil; statement++ {
		_, err = results.Exec()
	}
	if err == nil && first == nil {
		err = results.Close()
	}
	if err == nil {
		t.begun = results.Tx()
		return results, nil
	}
	_ = results.Close() // there is an error to return already
	if status(results.Tx()) == 'I' && (first != nil || errors.Is(err, errAlone)) {
		_ = results.Tx().Rollback(ctx) // gives the connection back
		return nil, errAlone
	}
	return nil, t.fail(ctx, results.Tx(), err)
}

// beginOneByOne is for connections whose batches would have the parameters in their text.
func (t *transaction) beginOneByOne(ctx context.Context) error {
	start, err := t.start()
	if err != nil {
		return t.fail(ctx, failed(err).Tx(), err)
	}
	tx, err := t.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return t.fail(ctx, failed(err).Tx(), err)
	}
	if err := start.Execute(ctx, tx); err != nil {
		return t.fail(ctx, tx, err)
	}
	t.begun = tx
	return nil
}

// fail lets nothing be sent any more. An aborted transaction stays as it is until work returns: so the connection, which work
// can ask for, executes nothing either.
func (t *transaction) fail(ctx context.Context, tx pgx.Tx, err error) error {
	t.begun, t.failure = tx, err
	if status(tx) != 'E' {
		_ = tx.Rollback(ctx) // gives the connection back; there is an error to return already
		t.begun = failed(err).Tx()
	}
	return err
}

// status is that of the transaction's connection as PostgreSQL tells it, I without a transaction and E in an aborted one; 0
// without a connection.
func status(tx pgx.Tx) byte {
	connection := tx.Conn()
	if connection == nil || connection.IsClosed() {
		return 0
	}
	return connection.PgConn().TxStatus()
}

// failed are the results of what cannot be sent, and a closed transaction.
func failed(err error) pgx.BatchResults {
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	return pgx.FailedBatchResults(batch, err)
}

// Exec sends the statement along with the beginning, if it can.
func (t *transaction) Exec(ctx context.Context, text string, arguments ...any) (pgconn.CommandTag, error) {
	// Without arguments it may be several statements, which no batch takes.
	if len(arguments) == 0 {
		if err := t.begin(ctx); err != nil {
			return pgconn.CommandTag{}, err
		}
		return t.begun.Exec(ctx, text)
	}
	results, err := t.beginWith(ctx, text, arguments)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	if results == nil {
		return t.begun.Exec(ctx, text, arguments...)
	}
	tag, err := results.Exec()
	return tag, cmp.Or(err, results.Close())
}

// QueryRow sends the statement along with the beginning, if it can.
func (t *transaction) QueryRow(ctx context.Context, text string, arguments ...any) pgx.Row {
	results, err := t.beginWith(ctx, text, arguments)
	if err != nil {
		return failed(err).QueryRow()
	}
	if results == nil {
		return t.begun.QueryRow(ctx, text, arguments...)
	}
	return row{results.QueryRow(), results}
}

// row is the last result of a batch.
type row struct {
	pgx.Row
	results pgx.BatchResults
}

// Scan ends the batch too, so that the transaction can go on.
func (r row) Scan(destinations ...any) error {
	err := r.Row.Scan(destinations...)
	return cmp.Or(err, r.results.Close())
}

// Commit begins first: the start is judged also where nothing else was sent. Where that fails, the rollback is left to Run.
func (t *transaction) Commit(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	return t.begun.Commit(ctx)
}

// Rollback sends nothing where nothing was sent.
func (t *transaction) Rollback(ctx context.Context) error {
	if t.begun == nil {
		t.begun = failed(pgx.ErrTxClosed).Tx()
		return nil
	}
	return t.begun.Rollback(ctx)
}

// Begin begins with a savepoint.
func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	return t.begun.Begin(ctx)
}

// Query begins first, since the rows would outlive the batch.
func (t *transaction) Query(ctx context.Context, text string, arguments ...any) (pgx.Rows, error) {
	if err := t.begin(ctx); err != nil {
		return failed(err).Query()
	}
	return t.begun.Query(ctx, text, arguments...)
}

// CopyFrom begins first.
func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := t.begin(ctx); err != nil {
		return 0, err
	}
	return t.begun.CopyFrom(ctx, table, columns, source)
}

// SendBatch begins first: a callback of the batch would see results that are not its own.
func (t *transaction) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := t.begin(ctx); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return t.begun.SendBatch(ctx, batch)
}

// Prepare begins first.
func (t *transaction) Prepare(ctx context.Context, name, text string) (*pgconn.StatementDescription, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	return t.begun.Prepare(ctx, name, text)
}

// LargeObjects begins first. Where that fails, so does all that is done with them.
func (t *transaction) LargeObjects() pgx.LargeObjects {
	_ = t.begin(t.context) // kept as the failure
	return t.begun.LargeObjects()
}

// Conn begins first. Where the start is refused, the connection's transaction is an aborted one, so that all statements fail.
// It is nil where there is no connection, or none with a transaction.
func (t *transaction) Conn() *pgx.Conn {
	_ = t.begin(t.context) // kept as the failure
	return t.begun.Conn()
}
