// Package transaction begins transactions together with what they begin with: BEGIN, the statements that start the session,
// and the first statement of the work go to the server in one round trip, which the first statement would take anyway.
//
// The server stops at the first of them that fails. So no statement of the work is ever executed outside the transaction, or
// without its start: where the transaction does not begin, nothing that is sent by it afterwards reaches the server.
package transaction

import (
	"cmp"
	"context"
	"errors"
	"sync"

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
type Start func() ([]Statement, error)

// Statement is one that a transaction starts with.
type Statement struct {
	Text      string
	Arguments []any
}

// With starts with a statement that will not age.
func With(text string, arguments ...any) Start {
	return func() ([]Statement, error) { return []Statement{{text, arguments}}, nil }
}

// Execute executes the statement in a transaction that has begun. It binds the parameters, whatever the connection's mode: the
// simple protocol would write a token into the statement's text.
func (s Statement) Execute(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.Text, append([]any{pgx.QueryExecModeExec}, s.Arguments...)...)
	return err
}

// Run commits what work does in a transaction that starts with start, or nothing. The transaction begins with the first
// statement of work, or where there is none before the commit. Where it does not begin, Run returns the reason, whatever
// work makes of it.
//
// One thing differs from a transaction that has begun before: pgx closes the connection over an argument of work's first
// statement that it cannot encode as the parameter's type.
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
	return &transaction{starter: s, context: ctx, begun: closed()}, nil
}

// transaction begins when it is first used.
type transaction struct {
	starter
	// context is what it begins with where pgx asks for none.
	context context.Context
	// once begins it, also where several goroutines send something: pgx tells all but one that the connection is busy.
	once sync.Once
	// begun is a closed transaction where it has not begun.
	begun pgx.Tx
	// failure is why it has not: all that is sent afterwards fails with it.
	failure error
	// unread is true until the row of the first statement is scanned.
	unread bool
}

// begin begins the transaction by itself, if it has not begun.
func (t *transaction) begin(ctx context.Context) error {
	_, err := t.beginWith(ctx, "", nil)
	return err
}

// beginWith begins the transaction in one batch with its first statement, whose result is the next one to read. There are no
// results where the statement has to be sent by itself; the transaction has begun then.
func (t *transaction) beginWith(ctx context.Context, text string, arguments []any) (results pgx.BatchResults, err error) {
	t.once.Do(func() {
		t.failure = pgx.ErrTxClosed // where a tracer panics
		results, err = t.send(ctx, along(ctx, text, arguments))
		if errors.Is(err, errAlone) {
			err = t.beginOneByOne(ctx)
		}
		t.failure = err
	})
	return results, t.failure
}

// send sends BEGIN, start and first in one batch, and reads the results but for that of first. It fails with errAlone where none
// of them was executed: BEGIN is the first, and once it was, none of them ends the transaction.
func (t *transaction) send(ctx context.Context, first *pgx.QueuedQuery) (pgx.BatchResults, error) {
	start, err := t.start()
	if err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	batch.QueuedQueries[0].Arguments = []any{boundOnly{}}
	for _, statement := range start {
		batch.Queue(statement.Text, statement.Arguments...)
	}
	own := batch.Len()
	if first != nil {
		batch.QueuedQueries = append(batch.QueuedQueries, first)
	}
	results := t.pool.SendBatch(ctx, batch)
	t.begun = results.Tx()
	for statement := 0; statement < own && err == nil; statement++ {
		_, err = results.Exec()
	}
	if err == nil && first != nil {
		return results, nil
	}
	err = cmp.Or(err, results.Close())
	if err != nil && status(t.begun) == 'I' {
		err = errAlone
	}
	return nil, t.started(ctx, err)
}

// beginOneByOne begins where a batch cannot: the parameters would be in its text, pgx does not keep prepared statements, or
// the server has lost them.
func (t *transaction) beginOneByOne(ctx context.Context) error {
	start, err := t.start()
	if err != nil {
		return err
	}
	tx, err := t.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return err
	}
	t.begun = tx
	for _, statement := range start {
		if err = statement.Execute(ctx, tx); err != nil {
			break
		}
	}
	return t.started(ctx, err)
}

// started lets nothing be sent any more after an error. An aborted transaction stays as it is until work returns: so the
// connection, which work can ask for, executes nothing either.
func (t *transaction) started(ctx context.Context, err error) error {
	if err != nil && status(t.begun) != 'E' {
		_ = t.begun.Rollback(ctx) // gives the connection back; there is an error to return already
		t.begun = closed()
	}
	return err
}

// closed is a transaction that executes nothing, and has no connection.
func closed() pgx.Tx {
	return failed(pgx.ErrTxClosed).Tx()
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
	t.unread = true
	return row{results.QueryRow(), results, t}
}

// row is the last result of a batch.
type row struct {
	pgx.Row
	results     pgx.BatchResults
	transaction *transaction
}

// Scan ends the batch too, so that the transaction can go on.
func (r row) Scan(destinations ...any) error {
	err := cmp.Or(r.Row.Scan(destinations...), r.results.Close())
	r.transaction.unread = false
	return err
}

// Commit begins first: the start is judged also where nothing else was sent. Where that fails, the rollback is left to Run.
func (t *transaction) Commit(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	if t.unread {
		// This closes the connection. pgx's Commit would not, and who scanned the row later would be in the transaction still.
		return cmp.Or(t.begun.Rollback(ctx), pgx.ErrTxCommitRollback)
	}
	return t.begun.Commit(ctx)
}

// Rollback sends nothing where nothing was sent.
func (t *transaction) Rollback(ctx context.Context) error {
	t.once.Do(func() {})
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
