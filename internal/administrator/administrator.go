// Package administrator changes who may do what. If the gate POSTERN_ADMINISTRATION stops a change, the administrator
// approves it, and it is sent again.
package administrator

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern"
)

// Gate stops changes of the administration, at the end of their transaction.
const Gate = "POSTERN_ADMINISTRATION"

// promptKey is where a connection keeps the prompt.
const promptKey = "postern administrator"

// Ask has changes over the connection ask the administrator. Without it they fail with the server's error.
func Ask(connection *pgx.Conn, prompt postern.Prompt) {
	connection.PgConn().CustomData()[promptKey] = prompt
}

// Transaction commits all changes of change, or none. If the administrator has to approve them, change runs again.
func Transaction(ctx context.Context, connection *pgx.Conn, options pgx.TxOptions, change func(tx pgx.Tx) error) error {
	prompt, asks := connection.PgConn().CustomData()[promptKey].(postern.Prompt)
	if !asks {
		return pgx.BeginTxFunc(ctx, connection, options, change)
	}
	return postern.Do(ctx, connection, postern.RoleSession().WithTxOptions(options), prompt, change)
}

// Judge has what the transaction has changed so far judged at once, and not at its end. It is for what must not be done
// outside of the database before somebody has approved it.
func Judge(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "set constraints all immediate")
	return err
}

// Required returns what an error asks the administrator; nil if it is another error.
func Required(err error) *postern.CheckpointRequired {
	var required *postern.CheckpointRequired
	if errors.As(postern.AsError(err), &required) && required.Gate == Gate {
		return required
	}
	return nil
}

// Connection sends each statement in a transaction of its own. If the administrator has to approve it, it is sent again.
type Connection struct{ *pgx.Conn }

// Exec sends a statement that returns nothing.
func (c Connection) Exec(ctx context.Context, statement string, arguments ...any) (tag pgconn.CommandTag, err error) {
	tag, err = c.Conn.Exec(ctx, statement, arguments...)
	if Required(err) != nil {
		err = Transaction(ctx, c.Conn, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
			tag, err = tx.Exec(ctx, statement, arguments...)
			return err
		})
	}
	return tag, err
}

// QueryRow sends a statement that returns one row.
func (c Connection) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	return row{c, ctx, statement, arguments}
}

type row struct {
	connection Connection
	ctx        context.Context
	statement  string
	arguments  []any
}

// Scan sends the statement, and reads its row.
func (r row) Scan(into ...any) error {
	err := r.connection.Conn.QueryRow(r.ctx, r.statement, r.arguments...).Scan(into...)
	if Required(err) != nil {
		err = Transaction(r.ctx, r.connection.Conn, pgx.TxOptions{}, func(tx pgx.Tx) error {
			return tx.QueryRow(r.ctx, r.statement, r.arguments...).Scan(into...)
		})
	}
	return err
}
