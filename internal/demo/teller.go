package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/printable"
)

const (
	margin = "   "
	// width is the maximum width of statements and of the log, in columns.
	width = 100
)

// teller prints the story. As a tracer of pgx it also prints the statements, but never their parameters, because PINs
// are among them.
type teller struct {
	out    io.Writer
	colour bool
	// onFailure is called when out accepts no more output.
	onFailure func(error)
	step      int

	transaction []string
	// told are the transactions of this step. A repeated transaction is not printed again; only its outcome is.
	told []string
}

func (t *teller) paint(line string, colours ...text.Color) string {
	if !t.colour {
		return line
	}
	return text.Colors(colours).Sprint(line)
}

func (t *teller) print(lines ...string) {
	for _, line := range lines {
		if _, err := fmt.Fprintln(t.out, strings.TrimRight(line, " ")); err != nil {
			t.onFailure(err)
		}
	}
}

func (t *teller) title(words string) { t.print("", t.paint(words, text.Bold)) }

// heading begins a step.
func (t *teller) heading(words string) {
	t.step++
	t.told = nil
	t.print("", t.paint(fmt.Sprintf("%d. %s", t.step, words), text.Bold))
}

// say prints a sentence. It shows values on one line, because they come from the database or, in an interactive demo,
// from the user.
func (t *teller) say(format string, arguments ...any) {
	for index, argument := range arguments {
		if value, isText := argument.(string); isText {
			arguments[index] = printable.Text(value)
		}
	}
	t.print(margin + fmt.Sprintf(format, arguments...))
}

// result prints what a query returned.
func (t *teller) result(words string) {
	t.print(margin + margin + mark + words)
}

// plan prints the output of EXPLAIN, and highlights what runs once per query. Its lines are as long as their
// conditions, so it cuts what does not fit.
func (t *teller) plan(lines []string) {
	for _, line := range lines {
		colours := []text.Color{}
		if strings.Contains(line, "InitPlan") {
			colours = append(colours, text.FgGreen, text.Bold)
		}
		t.print(margin + margin + t.paint(text.Snip(line, width, "…"), colours...))
	}
}

// code prints lines unchanged.
func (t *teller) code(lines string) {
	for line := range strings.Lines(strings.TrimRight(lines, "\n")) {
		t.print(margin + margin + t.paint(strings.TrimRight(line, "\n"), text.FgCyan))
	}
}

// output prints the output of a command, with tab-separated columns aligned.
func (t *teller) output(lines string) {
	var aligned strings.Builder
	writer := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	fmt.Fprint(writer, lines)
	_ = writer.Flush() // a Builder takes everything
	for line := range strings.Lines(aligned.String()) {
		t.print(margin + margin + strings.TrimRight(line, "\n"))
	}
}

// quote prints what a person sees outside the database.
func (t *teller) quote(lines string, firstColours ...text.Color) {
	for line := range strings.Lines(strings.TrimRight(lines, "\r\n")) {
		t.print(margin + margin + t.paint("┃ "+strings.TrimRight(line, "\r\n "), append(firstColours, text.FgYellow)...))
		firstColours = nil
	}
}

// TraceQueryStart records a statement.
func (t *teller) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.takeDown(data.SQL)
	return ctx
}

// TraceQueryEnd prints a transaction that has ended.
func (t *teller) TraceQueryEnd(_ context.Context, connection *pgx.Conn, data pgx.TraceQueryEndData) {
	t.takeDownFailure(data.Err)
	t.tellIfEnded(connection)
}

// TraceBatchStart does nothing, because the statements of a batch come with their results. pgx requires the method.
func (t *teller) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery records a statement of a batch. It leaves out statements behind a failed one, because the server
// skipped them.
func (t *teller) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	if len(t.transaction) > 0 && strings.HasPrefix(t.transaction[len(t.transaction)-1], mark) {
		return
	}
	t.takeDown(data.SQL)
	t.takeDownFailure(data.Err)
}

// TraceBatchEnd prints a transaction that did not begin.
func (t *teller) TraceBatchEnd(_ context.Context, connection *pgx.Conn, _ pgx.TraceBatchEndData) {
	t.tellIfEnded(connection)
}

func (t *teller) takeDown(statement string) {
	statement = strings.TrimRight(statement, "; \n")
	// Remove the name that sqlc gives the query, because it is only for readers of Go code.
	if strings.HasPrefix(statement, "-- name:") {
		_, statement, _ = strings.Cut(statement, "\n")
	}
	t.transaction = append(t.transaction, statement)
}

func (t *teller) takeDownFailure(err error) {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		t.transaction = append(t.transaction, outcome(failure))
	}
}

func (t *teller) tellIfEnded(connection *pgx.Conn) {
	if connection.PgConn().TxStatus() == 'I' {
		t.tell(t.transaction)
		t.transaction = nil
	}
}

// mark distinguishes an outcome from a statement.
const mark = "→ "

func outcome(failure *pgconn.PgError) string {
	return mark + failure.Code + " " + printable.Text(failure.Message)
}

func (t *teller) tell(transaction []string) {
	key := strings.Join(transaction, ";")
	again := slices.Contains(t.told, key)
	t.told = append(t.told, key)
	line := ""
	flush := func() {
		if line != "" {
			t.code(line)
		}
		line = ""
	}
	for _, statement := range transaction {
		switch {
		case again && strings.HasPrefix(statement, mark+"PS101"): // the next dialog shows it
		case strings.HasPrefix(statement, mark):
			flush()
			t.print(margin + margin + t.paint(statement, text.FgRed, text.Bold))
		case again:
		case line != "" && utf8.RuneCountInString(line+" "+statement) < width && !strings.Contains(statement, "\n"):
			line += " " + statement + ";"
		default:
			flush()
			line = statement + ";"
		}
	}
	flush()
}

// dialog shows what an application would: the question of a checkpoint, and the answers that were typed.
func (t *teller) dialog(required *postern.CheckpointRequired, username, response, comment string) {
	lines := []string{required.Description, required.Message, "User name  " + username, "PIN        " + response}
	if comment != "" {
		lines = append(lines, "Comment    "+comment)
	}
	for index, line := range lines {
		lines[index] = printable.Text(line)
	}
	t.quote(strings.Join(lines, "\n"), text.Bold)
}

// entry is an entry of the log.
type entry struct {
	At              time.Time
	Outcome         string
	Gate            string
	User            string
	AuthenticatedBy *string
	Message         string
	Comment         *string
}

// log prints the entries as a table.
func (t *teller) log(entries []entry) {
	writer := table.NewWriter()
	writer.SetStyle(table.StyleLight)
	writer.Style().Format.Header = text.FormatDefault
	writer.Style().Options.DrawBorder = false
	writer.Style().Options.SeparateColumns = false
	writer.AppendHeader(table.Row{"when", "outcome", "gate", "who", "message", "comment"})
	writer.SetColumnConfigs([]table.ColumnConfig{
		{Name: "message", WidthMax: 30, WidthMaxEnforcer: text.WrapSoft},
		{Name: "comment", WidthMax: 20, WidthMaxEnforcer: text.WrapSoft},
	})
	for _, entry := range entries {
		colours := map[string]text.Color{"passed": text.FgGreen, "denied": text.FgRed, "cancelled": text.FgYellow}
		writer.AppendRow(table.Row{
			entry.At.Local().Format("15:04:05"), t.paint(entry.Outcome, colours[entry.Outcome]),
			printable.Text(entry.Gate), printable.Text(entry.who()), printable.Text(entry.Message), printable.Text(value(entry.Comment)),
		})
	}
	for line := range strings.Lines(writer.Render()) {
		t.print(margin + strings.TrimRight(line, "\n"))
	}
}

// who names the user of the session and, if another user's PIN was used, also that user.
func (e entry) who() string {
	if by := value(e.AuthenticatedBy); by != "" && by != e.User {
		return e.User + ", by " + by
	}
	return e.User
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
