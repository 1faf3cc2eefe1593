// Package elsewhere knows the refusal of a database that is not, or not known to be, the one that was at work before.
package elsewhere

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Is tells whether an error is that refusal: of a copy, or on another timeline. Trying again does not help, since somebody
// has to say which database goes on.
func Is(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "55000" && refused.ConstraintName == "place"
}
