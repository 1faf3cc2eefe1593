// Package postern is the client of Postern, security checkpoints for PostgreSQL.
//
// An application wraps each business transaction in [Do]. Where the transaction reaches an active gate, Do asks the
// application's prompt for user name, response (a PIN) and comment, has the server judge them, and sends the
// transaction again with its gates open. All errors that Postern raises arrive as Go types, see [AsError].
//
// # Connections
//
// Everything Postern keeps is local to one transaction, so any pool and any pooler will do, a transaction-mode
// pooler included. One without support for prepared statements needs pgx.QueryExecModeExec or
// pgx.QueryExecModeCacheDescribe, as for the application's own statements. The package always binds the parameters of its
// statements. Don't choose pgx.QueryExecModeSimpleProtocol, which writes the application's values into the text of its
// statements, where logs keep them, and costs two round trips more for each transaction. Else Postern takes none of its own
// until a gate asks; tracers see the first statement of a transaction in a batch.
package postern

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/db"
)

// Pool begins transactions. *pgxpool.Pool and *pgx.Conn do; a pgx.Tx does not, since each of the transactions of a
// checkpoint has to commit on its own.
type Pool interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	// SendBatch begins a transaction in the round trip of its first statement, with which it tells the user and the ticket. So
	// a pool that wraps another one cannot rely on BeginTx: that begins only what a batch cannot.
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// Session tells the database who the end user of a transaction is. It lasts no longer than that, and so [Do] starts it in
// each of its transactions. The zero Session is that of [RoleSession].
type Session struct {
	// function asserts the user, who is named by the proof; nil where the database role does.
	function string
	proof    func() (string, error)
}

// TokenSession is the session of userid by a token that signer signs, a new one for each transaction. The database
// role needs postern_app. The transaction fails with [SessionInvalid] (PS402) where the key is unknown or retired, the
// signer's database is another one, or userid is no active end user.
func TokenSession(signer Signer, userid string) Session {
	return Session{"postern.begin_session", func() (string, error) { return signer.Token(userid) }}
}

// TrustedSession is the session of userid by the word of the application alone. The database role needs
// postern_trusted_app. The transaction fails with [SessionInvalid] (PS402) where userid is no active end user.
func TrustedSession(userid string) Session {
	return Session{"postern.assume_user", func() (string, error) { return userid, nil }}
}

// RoleSession is the session of the end user whom the database role belongs to (db_role of postern.create_user). A
// transaction that asks for the user fails with [SessionMissing] (PS401) where there is none.
func RoleSession() Session { return Session{} }

// Start starts the session in a transaction that [Do] did not begin.
func (s Session) Start(ctx context.Context, tx pgx.Tx) error {
	statements, err := s.statements(nil)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if err := statement.Execute(ctx, tx); err != nil {
			return AsError(err)
		}
	}
	return nil
}

// queries are Postern's statements within tx.
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
