// Package unlogged sends secrets to the server so that they do not get into its log.
package unlogged

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// Begin calls do in a transaction that keeps bound values out of the server's log. It returns a *RefusedError, and does
// not call do, if it cannot keep them out.
func Begin(ctx context.Context, connection *pgx.Conn, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		hidden, err := query.New(tx).HideParameters(ctx)
		if err != nil {
			return err
		}
		if !hidden {
			return &RefusedError{User: connection.Config().User}
		}
		return do(tx)
	})
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
