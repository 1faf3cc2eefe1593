package configuration

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/printable"
)

// Position is a place in a file. Lines and columns count from 1, and columns are in characters.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`

	text *source
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

func (p Position) compare(other Position) int {
	return cmp.Or(cmp.Compare(p.File, other.File), cmp.Compare(p.Line, other.Line), cmp.Compare(p.Column, other.Column))
}

// Error says what is wrong with a file, and where.
type Error struct {
	Position Position
	Message  string
	// Cause is PostgreSQL's error, if there is one.
	Cause error
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Cause }

func (p Position) errorf(format string, arguments ...any) *Error {
	return &Error{Position: p, Message: fmt.Sprintf(format, arguments...)}
}

// refused adds the position to an error of PostgreSQL.
func (p Position) refused(cause *pgconn.PgError) error {
	if strings.HasPrefix(cause.Code, "PS") {
		return &Error{Position: p, Message: fmt.Sprintf("%s (SQLSTATE %s)", cause.Message, cause.Code), Cause: cause}
	}
	// Without a message of its own, a missing table would look to the caller like one of Postern's tables.
	if isMissingTable(cause.Code) {
		return p.errorf("%s (SQLSTATE %s). Create the table, or take it out of the file and apply that with --prune.", cause.Message, cause.Code)
	}
	return p.errorf("%s (SQLSTATE %s).", cause.Message, cause.Code)
}

// excerptWidth is the maximum length of a shown line, so that the caret stays in sight.
const excerptWidth = 120

// Excerpt returns the line with a caret under the position. It returns "" if the position is not in a text, or if
// nothing stands there.
func (e *Error) Excerpt() string {
	if e.Position.text == nil {
		return ""
	}
	line := []rune(e.Position.text.line(e.Position.Line))
	if len(line) == 0 {
		return "" // the end of the file
	}
	column := min(e.Position.Column-1, len(line))
	if from := column - excerptWidth*3/4; from > 0 && len(line) > excerptWidth {
		line, column = append([]rune("…"), line[from:]...), column-from+1
	}
	if len(line) > excerptWidth {
		line = append(line[:excerptWidth:excerptWidth], '…')
	}
	var shown, padding strings.Builder
	for index, character := range line {
		if character != '\t' && !printable.Rune(character) {
			character = utf8.RuneError
		}
		shown.WriteRune(character)
		if index < column {
			if character != '\t' {
				character = ' '
			}
			padding.WriteRune(character)
		}
	}
	return shown.String() + "\n" + padding.String() + "^"
}
