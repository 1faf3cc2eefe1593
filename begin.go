package postern

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// statement is one that a transaction starts with; the zero statement is none.
type statement struct {
	text      string
	arguments []any
}

// statement is what a transaction of the session starts with: the user, and the ticket where there is one.
func (s Session) statement(ticket *uuid.UUID) (statement, error) {
	if s.function == "" {
		if ticket == nil {
			return statement{}, nil
		}
		return statement{"select postern.open_gates($1::uuid)", []any{ticket.String()}}, nil
	}
	proof, err := s.proof()
	if err != nil {
		return statement{}, err
	}
	if ticket == nil {
		return statement{"select " + s.function + "($1)", []any{proof}}, nil
	}
	return statement{"select " + s.function + "($1, $2::uuid)", []any{proof, ticket.String()}}, nil
}

// starter begins transactions with a statement, for pgx.BeginTxFunc.
type starter struct {
	pool      Pool
	statement statement
}

// BeginTx takes one round trip where the connection can send both statements with the parameters bound.
func (s starter) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	batch := &pgx.Batch{}
	batch.BeginTx(options)
	if s.statement.text != "" {
		batch.Queue(s.statement.text, append([]any{boundOnly{}}, s.statement.arguments...)...)
	}
	results := s.pool.SendBatch(ctx, batch)
	err := results.Close()
	if err == nil {
		return results.Tx(), nil
	}
	_ = results.Tx().Rollback(ctx) // there is an error to return already
	if !errors.Is(err, errSimpleProtocol) {
		return nil, err
	}
	tx, err := s.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := start(ctx, tx, s.statement); err != nil {
		_ = tx.Rollback(ctx)
		return nil, err
	}
	return tx, nil
}

// start executes the statement in a transaction that has begun.
func start(ctx context.Context, tx pgx.Tx, s statement) error {
	if s.text == "" {
		return nil
	}
	_, err := bound{tx}.Exec(ctx, s.text, s.arguments...)
	return err
}

var errSimpleProtocol = errors.New("the connection writes parameters into the text of a batch")

// boundOnly lets no batch pass that would write its parameters into a statement's text: a token would be in logs.
type boundOnly struct{}

// RewriteQuery fails where the parameters would not be bound, before anything is sent.
func (boundOnly) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, arguments []any) (string, []any, error) {
	if connection.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return "", nil, errSimpleProtocol
	}
	return text, arguments, nil
}
