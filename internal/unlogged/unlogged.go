// Package unlogged sends secrets to the server so that they do not get into its log.
package unlogged

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/administrator"
	"github.com/posternsql/postern/internal/query"
)

// Begin calls do in a transaction that keeps bound values out of the server's log. If the administrator has to approve
// what do changes, it calls do again. It returns a *RefusedError, and does
// not call do, if it cannot keep them out.
func Begin(ctx context.Context, connection *pgx.Conn, do func(pgx.Tx) error) error {
	return administrator.Transaction(ctx, connection, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if err := hide(ctx, query.New(tx), connection, false); err != nil {
			return err
		}
		return do(tx)
	})
}

// Connection keeps what is bound on a connection out of the server's log from now on. It returns a *RefusedError if it
// cannot.
func Connection(ctx context.Context, connection *pgx.Conn) error {
	return hide(ctx, query.New(connection), connection, true)
}

func hide(ctx context.Context, queries *query.Queries, connection *pgx.Conn, onConnection bool) error {
	hidden, err := queries.HideParameters(ctx, onConnection)
	if err == nil && !hidden {
		err = &RefusedError{User: connection.Config().User}
	}
	return err
}

// RefusedError is returned if the server would write bound values to its log.
type RefusedError struct {
	// User may not change that.
	User string
}

func (*RefusedError) Error() string {
	return "this server writes statements and their values to its log, and a secret would be among them"
}

// Hint says what to do.
func (e *RefusedError) Hint() string {
	return fmt.Sprintf("As a superuser: grant set on parameter log_parameter_max_length to %s;", pgx.Identifier{e.User}.Sanitize())
}
