package install

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/locking"
)

// ScriptError is PostgreSQL's error in a part of an installation.
type ScriptError struct {
	File string // under sql/, or the step
	*pgconn.PgError
	place    place
	hasPlace bool
}

// newScriptError adds the place in the script to an error of PostgreSQL. It adds the name of the step to other errors.
func newScriptError(step string, ran script, err error) error {
	if err == nil {
		return nil
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return fmt.Errorf("%s: %w", step, err)
	}
	if locking.IsBusy(err) && server.Hint == "" {
		server.Hint = "Another session uses what has to change: have it end its transaction, or raise --lock-timeout. Nothing of this step was changed."
	}
	failure := &ScriptError{File: step, PgError: server}
	if server.Position > 0 {
		failure.place, failure.hasPlace = ran.locate(int(server.Position))
		if failure.hasPlace {
			failure.File = failure.place.file
		}
	}
	return failure
}

// Error returns the file, the line and PostgreSQL's message, in one line.
func (e *ScriptError) Error() string {
	if e.hasPlace {
		return fmt.Sprintf("%s, line %d: %s", e.place.file, e.place.line, e.PgError.Error())
	}
	return fmt.Sprintf("%s: %s", e.File, e.PgError.Error())
}

func (e *ScriptError) Unwrap() error { return e.PgError }

// Excerpt returns the line at fault with a caret under the position, or "" if PostgreSQL gave no position.
func (e *ScriptError) Excerpt() string {
	at := e.place
	if !e.hasPlace {
		var found bool
		// A function or a DO block sent the statement. PostgreSQL includes its text.
		if at, found = newScript("", e.InternalQuery).locate(int(e.InternalPosition)); !found {
			return ""
		}
	}
	prefix := fmt.Sprintf("LINE %d: ", at.line)
	var padding strings.Builder
	for index, char := range []rune(at.lineText) {
		if index == at.column-1 {
			break
		}
		if char == '\t' {
			padding.WriteRune('\t')
		} else {
			padding.WriteByte(' ')
		}
	}
	return prefix + at.lineText + "\n" + strings.Repeat(" ", len(prefix)) + padding.String() + "^"
}
