package postern

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/posternsql/postern/internal/transaction"
)

// statement is what a transaction of the session starts with: the user, and the ticket where there is one.
func (s Session) statement(ticket *uuid.UUID) (transaction.Statement, error) {
	if s.function == "" {
		if ticket == nil {
			return transaction.Statement{}, nil
		}
		return transaction.Statement{Text: "select postern.open_gates($1::uuid)", Arguments: []any{ticket.String()}}, nil
	}
	proof, err := s.proof()
	if err != nil {
		return transaction.Statement{}, fmt.Errorf("start the session: %w", err)
	}
	if ticket == nil {
		return transaction.Statement{Text: "select " + s.function + "($1)", Arguments: []any{proof}}, nil
	}
	return transaction.Statement{Text: "select " + s.function + "($1, $2::uuid)", Arguments: []any{proof, ticket.String()}}, nil
}
