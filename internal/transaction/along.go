package transaction

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// errAlone sends statements one by one.
var errAlone = errors.New("the statement cannot be sent along with others")

// boundOnly lets no batch pass that would write its parameters into a statement's text: a token would be in logs.
type boundOnly struct{}

// RewriteQuery fails where the parameters would not be bound, before anything is sent.
func (boundOnly) RewriteQuery(_ context.Context, connection *pgx.Conn, text string, arguments []any) (string, []any, error) {
	if connection.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return "", nil, errAlone
	}
	return text, arguments, nil
}

// along makes a statement one of a batch; nil where there is none, or a batch would not do with it what it does by itself.
func along(ctx context.Context, text string, arguments []any) *pgx.QueuedQuery {
	if len(arguments) == 1 {
		switch names := arguments[0].(type) {
		case pgx.NamedArgs, pgx.StrictNamedArgs: // other rewriters may use the connection, where nothing has begun yet
			var err error
			text, arguments, err = names.(pgx.QueryRewriter).RewriteQuery(ctx, nil, text, nil)
			if err != nil || len(arguments) == 0 { // without arguments it may be several
				return nil
			}
		}
	}
	if text == "" || slices.ContainsFunc(arguments, mayFail) {
		return nil
	}
	return &pgx.QueuedQuery{SQL: text, Arguments: arguments}
}

// mayFail says of which arguments it may depend on the value whether they can be encoded, other options of pgx among them. pgx
// closes the connection over one in a batch that cannot, and what a user has typed must not do that. It still does where it is
// too large for a smallint: few parameters are one, and to spare them would send most numbers by themselves.
func mayFail(argument any) bool {
	switch value := argument.(type) {
	case nil, bool, string, []byte, json.RawMessage, int16, int32, time.Time, uuid.UUID:
		return false
	case int:
		return value < math.MinInt32 || value > math.MaxInt32
	case int64:
		return value < math.MinInt32 || value > math.MaxInt32
	default:
		return true
	}
}
