// Package elsewhere recognises the error of a database that may be a copy of the database that worked before.
package elsewhere

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Is reports whether an error is that of a copy, or of another timeline. Trying again does not help, because somebody
// must say which database goes on.
func Is(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "55000" && refused.ConstraintName == "place"
}
