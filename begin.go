package postern

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// statement is one that a transaction starts with.
type statement struct {
	text     string
	argument string
}

// statements are what a transaction of the session starts with: the user, and the ticket where there is one.
func (s Session) statements(ticket *uuid.UUID) ([]statement, error) {
	var all []statement
	if s.function != "" {
		proof, err := s.proof()
		if err != nil {
			return nil, err
		}
		all = append(all, statement{"select " + s.function + "($1)", proof})
	}
	if ticket != nil {
		all = append(all, statement{"select postern.open_gates($1::uuid)", ticket.String()})
	}
	return all, nil
}

// starter begins transactions with these statements, for pgx.BeginTxFunc.
type starter struct {
	pool       Pool
	statements []statement
}

// BeginTx takes one round trip where the connection can send several statements with their parameters bound.
func (s starter) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	batch := &pgx.Batch{}
	batch.BeginTx(options)
	for _, statement := range s.statements {
		batch.Queue(statement.text, boundOnly{}, statement.argument)
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
	if err := start(ctx, tx, s.statements); err != nil {
		_ = tx.Rollback(ctx)
		return nil, err
	}
	return tx, nil
}

// start executes the statements one by one.
func start(ctx context.Context, tx pgx.Tx, statements []statement) error {
	for _, s := range statements {
		if _, err := (bound{tx}).Exec(ctx, s.text, s.argument); err != nil {
			return err
		}
	}
	return nil
}

var errSimpleProtocol = errors.New("the connection writes parameters into the text of a batch")

// boundOnly lets no batch pass that would write its parameters into the statements' text: a token would be in logs.
type boundOnly struct{}

// RewriteQuery fails where the parameters would not be bound, before anything is sent.
func (boundOnly) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, arguments []any) (string, []any, error) {
	if connection.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return "", nil, errSimpleProtocol
	}
	return text, arguments, nil
}
