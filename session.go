package postern

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/transaction"
)

// Session tells the database who the end user of a transaction is. It ends with the transaction, so [Do] starts it in
// each of its transactions. The zero Session is the one of [RoleSession].
type Session struct {
	// function asserts the user, whom the proof names; empty if the database role decides.
	function string
	proof    func() (string, error)
	options  pgx.TxOptions
	userid   string
	// tickets are those of WithTicket; malformed is set instead if its text cannot be read.
	tickets   []uuid.UUID
	malformed error
}

// TokenSession returns the session of userid with tokens from signer, a new one for each transaction. The database role
// needs postern_app. The transaction fails with [SessionInvalid] (PS402) if the key is unknown or retired, if the
// signer is for another database, or if userid is not an active end user.
func TokenSession(signer Signer, userid string) Session {
	return Session{userid: userid, function: "postern.begin_session", proof: func() (string, error) { return signer.Token(userid) }}
}

// TrustedSession returns the session of userid on the word of the application alone. The database role needs
// postern_trusted_app. The transaction fails with [SessionInvalid] (PS402) if userid is not an active end user.
func TrustedSession(userid string) Session {
	return Session{userid: userid, function: "postern.assume_user", proof: func() (string, error) { return userid, nil }}
}

// RoleSession returns the session of the end user to whom the database role is mapped (db_role of postern.create_user).
// A transaction that asks for the user fails with [SessionMissing] (PS401) if there is none.
func RoleSession() Session { return Session{} }

// WithTxOptions returns the same session with an isolation level, an access mode or both, for the transactions in which
// [Do] and [Resume] run work. BeginQuery and CommitQuery are refused: these transactions begin with BEGIN and end with
// COMMIT.
func (s Session) WithTxOptions(options pgx.TxOptions) Session {
	s.options = options
	return s
}

// WithTicket returns the same session with a ticket from [Authenticate], which opens the gates in the transactions of
// [Do]. A ticket that cannot be read is a [*TicketInvalid] there. An empty ticket is none.
func (s Session) WithTicket(ticket string) Session {
	s.tickets, s.malformed = nil, nil
	if ticket != "" {
		s.tickets, s.malformed = splitTickets(ticket)
	}
	return s
}

// UserID returns the user whom the application has named; empty for [RoleSession].
func (s Session) UserID() string { return s.userid }

// Start starts the session in a transaction that [Do] did not begin.
func (s Session) Start(ctx context.Context, tx pgx.Tx) error {
	statements, err := s.statements(s.tickets)
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

// statements returns the statements with which a transaction of the session starts. The first sets the user and uses
// the first ticket, if there is one; the others use the other tickets.
func (s Session) statements(tickets []uuid.UUID) (statements []transaction.Statement, err error) {
	if s.malformed != nil {
		return nil, s.malformed
	}
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
