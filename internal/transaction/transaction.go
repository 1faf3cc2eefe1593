// Package transaction begins a transaction together with the statements that it starts with, in one round trip.
package transaction

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Pool begins transactions, as *pgxpool.Pool and *pgx.Conn do.
type Pool interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// Statement is one that a transaction starts with.
type Statement struct {
	Text      string
	Arguments []any
}

// Execute executes the statement in a transaction that has begun. It binds the parameters, whatever the connection's mode:
// the simple protocol would write a token into the statement's text.
func (s Statement) Execute(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.Text, append([]any{pgx.QueryExecModeExec}, s.Arguments...)...)
	return err
}

// Run commits what work does in a transaction that starts with the statements of start, or nothing. Work does not run
// where one of them fails.
func Run(ctx context.Context, pool Pool, options pgx.TxOptions, start []Statement, work func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, starter{pool, start}, options, work)
}

// starter is for pgx.BeginTxFunc.
type starter struct {
	pool  Pool
	start []Statement
}

// BeginTx begins with all statements in one round trip, or with one after the other where the connection takes no batch.
func (s starter) BeginTx(ctx context.Context, options pgx.TxOptions) (tx pgx.Tx, err error) {
	begun := false
	defer func() {
		if tx != nil && !begun { // also where a tracer panics
			_ = tx.Rollback(ctx) // gives the connection back; there is an error to return already
		}
	}()
	batch := &pgx.Batch{}
	batch.BeginTx(options)
	batch.QueuedQueries[0].Arguments = []any{boundOnly{}}
	for _, statement := range s.start {
		batch.Queue(statement.Text, statement.Arguments...)
	}
	results := s.pool.SendBatch(ctx, batch)
	tx = results.Tx()
	err = results.Close()
	if err != nil && isIdle(tx.Conn()) {
		_ = tx.Rollback(ctx) // gives the connection back; nothing has begun
		if tx, err = s.pool.BeginTx(ctx, options); err != nil {
			return nil, err
		}
		for _, statement := range s.start {
			if err = statement.Execute(ctx, tx); err != nil {
				break
			}
		}
	}
	begun = err == nil
	return tx, err
}

// isIdle tells of a connection whose batch has failed that nothing of it was executed: BEGIN comes first, and what follows
// does not end the transaction. The simple protocol would not bind the parameters, pgx keeps no prepared statements, or the
// server has lost them.
func isIdle(connection *pgx.Conn) bool {
	return connection != nil && !connection.IsClosed() && connection.PgConn().TxStatus() == 'I'
}

// boundOnly lets no batch pass that would write its parameters into a statement's text: a token would be in logs.
type boundOnly struct{}

// RewriteQuery fails where the parameters would not be bound, before anything is sent.
func (boundOnly) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, arguments []any) (string, []any, error) {
	if connection.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return "", nil, errors.New("the simple protocol does not bind parameters")
	}
	return text, arguments, nil
}
