package postern

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/transaction"
)

// Session tells the database who the end user of a transaction is. It lasts no longer than that, and so [Do] starts it in
// each of its transactions. The zero Session is that of [RoleSession].
type Session struct {
	// function asserts the user, who is named by the proof; nil where the database role does.
	function string
	proof    func() (string, error)
	options  pgx.TxOptions
}

// TokenSession is the session of userid by a token that signer signs, a new one for each transaction. The database
// role needs postern_app. The transaction fails with [SessionInvalid] (PS402) where the key is unknown or retired, the
// signer's database is another one, or userid is no active end user.
func TokenSession(signer Signer, userid string) Session {
	return Session{function: "postern.begin_session", proof: func() (string, error) { return signer.Token(userid) }}
}

// TrustedSession is the session of userid by the word of the application alone. The database role needs
// postern_trusted_app. The transaction fails with [SessionInvalid] (PS402) where userid is no active end user.
func TrustedSession(userid string) Session {
	return Session{function: "postern.assume_user", proof: func() (string, error) { return userid, nil }}
}

// RoleSession is the session of the end user whom the database role belongs to (db_role of postern.create_user). A
// transaction that asks for the user fails with [SessionMissing] (PS401) where there is none.
func RoleSession() Session { return Session{} }

// WithTxOptions is the same session with an isolation level, an access mode or both for the transactions in which [Do] and
// [Resume] run work. BeginQuery and CommitQuery are refused: these transactions begin with BEGIN and end with COMMIT.
func (s Session) WithTxOptions(options pgx.TxOptions) Session {
	s.options = options
	return s
}

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

// statements are what a transaction of the session starts with: the user, with the first ticket if there is one, and the
// other tickets.
func (s Session) statements(tickets []uuid.UUID) (statements []transaction.Statement, err error) {
	if s.function != "" {
		proof, err := s.proof()
		if err != nil {
			return nil, fmt.Errorf("start the session: %w", err)
		}
		user := transaction.Statement{Text: "select " + s.function + "($1)", Arguments: []any{proof}}
		if len(tickets) > 0 {
			user = transaction.Statement{Text: "select " + s.function + "($1, $2::uuid)", Arguments: []any{proof, tickets[0].String()}}
			tickets = tickets[1:]
		}
		statements = append(statements, user)
	}
	for _, ticket := range tickets {
		statements = append(statements, transaction.Statement{Text: "select postern.open_gates($1::uuid)", Arguments: []any{ticket.String()}})
	}
	return statements, nil
}
