// Package transaction begins a transaction and runs its first statements in one round trip.
package transaction

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Beginner begins transactions, as *pgxpool.Pool and *pgx.Conn do.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// batcher also sends the first statements together with BEGIN.
type batcher interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// Statement is one of a transaction's first statements.
type Statement struct {
	Text      string
	Arguments []any
}

// Execute executes the statement in an open transaction. It binds the parameters in every connection mode, because the
// simple protocol would write a token into the statement's text.
func (s Statement) Execute(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.Text, append([]any{pgx.QueryExecModeExec}, s.Arguments...)...)
	return err
}

// Run commits what work does in a transaction that starts with the statements of start, or nothing. If one of these
// fails, work does not run.
func Run(ctx context.Context, pool Beginner, options pgx.TxOptions, start []Statement, work func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, starter{pool, start}, options, work)
}

// starter begins transactions for pgx.BeginTxFunc.
type starter struct {
	pool  Beginner
	start []Statement
}

// BeginTx begins a transaction and runs all statements, in one round trip if the connection takes a batch.
func (s starter) BeginTx(ctx context.Context, options pgx.TxOptions) (tx pgx.Tx, err error) {
	begun := false
	defer func() {
		if tx != nil && !begun { // even if a tracer panics
			_ = tx.Rollback(ctx) // returns the connection to the pool; there is already an error to report
		}
	}()
	if pool, batches := s.pool.(batcher); batches {
		batch := &pgx.Batch{}
		batch.BeginTx(options)
		batch.QueuedQueries[0].Arguments = []any{boundOnly{}}
		for _, statement := range s.start {
			batch.Queue(statement.Text, statement.Arguments...)
		}
		results := pool.SendBatch(ctx, batch)
		tx = results.Tx()
		err = results.Close()
		if err == nil || !isIdle(tx.Conn()) {
			begun = err == nil
			return tx, err
		}
		_ = tx.Rollback(ctx) // returns the connection to the pool; no transaction has begun
	}
	if tx, err = s.pool.BeginTx(ctx, options); err != nil {
		return nil, err
	}
	for _, statement := range s.start {
		if err = statement.Execute(ctx, tx); err != nil {
			break
		}
	}
	begun = err == nil
	return tx, err
}

// isIdle reports whether nothing of a failed batch was executed: BEGIN comes first, and no later statement ends the
// transaction. This happens if the simple protocol would not bind the parameters, if pgx keeps no prepared statements,
// or if the server has lost them.
func isIdle(connection *pgx.Conn) bool {
	return connection != nil && !connection.IsClosed() && connection.PgConn().TxStatus() == 'I'
}

// boundOnly rejects a batch that would write its parameters into a statement's text, because a token would then be in
// logs.
type boundOnly struct{}

// RewriteQuery returns an error if the parameters would not be bound, before anything is sent.
func (boundOnly) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, arguments []any) (string, []any, error) {
	if connection.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return "", nil, errors.New("the simple protocol does not bind parameters")
	}
	return text, arguments, nil
}
