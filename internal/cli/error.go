package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/program"
)

// Scripts rely on these exit codes.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitDifference = 3
)

// exitError carries an exit code. A nil err means that the command has already printed everything.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError reports that the user called a command incorrectly.
func usageError(format string, arguments ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, arguments...)}
}

// errDifference says that a command found and printed a difference or a finding.
var errDifference error = &exitError{code: exitDifference}

// hinted is an error of this program with advice on how to resolve it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint returns the advice. Errors of other packages have this method too.
func (h *hinted) Hint() string { return h.hint }

// withHint adds advice to an error: one sentence, or a statement.
func withHint(err error, format string, arguments ...any) error {
	return &hinted{err, fmt.Sprintf(format, arguments...)}
}

// report prints an error and returns the exit code.
func (a *application) report(command *cobra.Command, failure error) int {
	if failure == nil {
		return exitDone
	}
	if errors.Is(a.out.failure, syscall.EPIPE) {
		return exitFailed // the reader closed the pipe and wants no more
	}
	code := exitFailed
	var exit *exitError
	if errors.As(failure, &exit) {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	label := "Error:"
	if colour(a.err) {
		label = text.FgRed.Sprint(label)
	}
	fmt.Fprintln(a.err, label, describe(failure))
	if code == exitUsage && command != nil {
		a.warn("Run \"%s --help\".\n", command.CommandPath())
	}
	return code
}

// describe returns all that PostgreSQL said, not only its message: the line with a caret, DETAIL and HINT. It returns
// CONTEXT only if there is no hint.
func describe(failure error) string {
	message := strings.TrimPrefix(failure.Error(), "ERROR: ")
	refused := (*pgconn.ConnectError)(nil)
	if errors.As(failure, &refused) {
		message = strings.ReplaceAll(message, refused.Error(), describeRefusal(refused))
	}
	lines := []string{printable.Lines(message)}
	var located interface {
		error
		Excerpt() string
	}
	if errors.As(failure, &located) && located.Excerpt() != "" {
		// Replace each unprintable character by one character, because the caret in the second line points at a column of
		// the first.
		lines = append(lines, strings.Map(func(character rune) rune {
			if character == '\n' || character == '\t' || printable.Rune(character) {
				return character
			}
			return unicode.ReplacementChar
		}, located.Excerpt()))
	}
	var server *pgconn.PgError
	if errors.As(failure, &server) {
		lines = append(lines, details(server)...)
	}
	var advice interface {
		error
		Hint() string
	}
	if errors.As(failure, &advice) && advice.Hint() != "" {
		lines = append(lines, "HINT: "+printable.Lines(advice.Hint()))
	}
	if hint := connecting.Hint(failure); hint != "" {
		lines = append(lines, "HINT: "+hint)
	} else if refused != nil {
		lines = append(lines, program.Text(`HINT: Name the database with --database-url, DATABASE_URL, or PGHOST, PGPORT, PGUSER and PGDATABASE; see "$0 --help".`))
	}
	return strings.Join(lines, "\n")
}

// describeRefusal names each reason once. It leaves out that the server has no TLS if there are other reasons, because
// then the driver also tried without TLS.
func describeRefusal(refused *pgconn.ConnectError) string {
	reasons := []string{}
	for reason := range strings.SplitSeq(errors.Unwrap(refused).Error(), "\n") {
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 1 {
		reasons = slices.DeleteFunc(reasons, func(reason string) bool { return strings.HasSuffix(reason, "server refused TLS connection") })
	}
	return fmt.Sprintf("cannot connect to database %q as user %q: %s", cmp.Or(refused.Config.Database, refused.Config.User), refused.Config.User, strings.Join(reasons, "\n"))
}

// describeNotice returns a notice or a warning of PostgreSQL.
func describeNotice(notice *pgconn.Notice) string {
	lines := []string{strings.ToUpper(notice.Severity[:1]) + strings.ToLower(notice.Severity[1:]) + ": " + printable.Lines(notice.Message)}
	return strings.Join(append(lines, details((*pgconn.PgError)(notice))...), "\n")
}

// readableDetail returns the explanation from a DETAIL that is a JSON object for programs. It returns any other DETAIL
// unchanged.
func readableDetail(detail string) string {
	var object struct{ Explanation string }
	if err := json.Unmarshal([]byte(detail), &object); err != nil || object.Explanation == "" {
		return detail
	}
	return object.Explanation
}

func details(server *pgconn.PgError) []string {
	hint := server.Hint
	if server.Code == "25006" && hint == "" { // read_only_sql_transaction
		hint = "Connect to the primary: this server is a standby, or it was told to begin its transactions read only."
	}
	lines := []string{}
	for _, field := range []struct{ name, text string }{
		{"DETAIL", readableDetail(server.Detail)},
		{"HINT", hint},
		{"CONTEXT", server.Where},
	} {
		if field.text != "" && (field.name != "CONTEXT" || hint == "") {
			lines = append(lines, field.name+": "+printable.Lines(field.text))
		}
	}
	return lines
}
