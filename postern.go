// Package postern is the client of Postern, security checkpoints for PostgreSQL.
//
// Run each business transaction with [Do]. If it reaches an active gate, Do rolls it back and calls the application's
// prompt, which asks the user for a PIN. The server checks the answer, and Do runs the transaction again with its gates
// open. So work may run more than once. If question and answer arrive in two requests, [Resume] is the second half.
//
// Errors raised by Postern arrive as Go types, such as [*Denied]: see [AsError].
//
// Everything that Postern sets in a session is local to one transaction, so it works with any pool and any pooler.
package postern

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/db"
)

// Pool is a *pgxpool.Pool or a *pgx.Conn, but not a pgx.Tx: each transaction of a checkpoint commits on its own.
type Pool interface {
	// BeginTx begins a transaction if the connection supports no batch.
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	// SendBatch begins a transaction and sets its user, in one round trip.
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// queries returns Postern's statements within tx.
func queries(tx pgx.Tx) *db.Queries {
	return db.New(bound{tx})
}

// bound sends statements unprepared with their parameters bound, whatever the connection's mode: poolers lose
// prepared statements, and the simple protocol would write a PIN into the statement's text.
type bound struct {
	tx pgx.Tx
}

func (b bound) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	return b.tx.Exec(ctx, statement, bind(arguments)...)
}

func (b bound) Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	return b.tx.Query(ctx, statement, bind(arguments)...)
}

func (b bound) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	return b.tx.QueryRow(ctx, statement, bind(arguments)...)
}

func bind(arguments []any) []any {
	return append([]any{pgx.QueryExecModeExec}, arguments...)
}
