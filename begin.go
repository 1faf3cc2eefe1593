package postern

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/posternsql/postern/internal/transaction"
)

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
