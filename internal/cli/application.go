package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/program"
)

// application is what every command shares: the streams, the flags of the root, and ways to reach the
// database and to print.
type application struct {
	in  io.Reader
	out *output   // what was asked for
	err io.Writer // diagnostics, progress, errors

	database    *pgx.ConnConfig // nil: what the flag or the environment says
	databaseURL string
	verbose     bool

	running bool // a command was entered: an error from now on is no bad usage
}

// config tells which database to work on: --database-url beats DATABASE_URL beats libpq's variables.
func (a *application) config() (*pgx.ConnConfig, error) {
	if a.database != nil {
		return a.database.Copy(), nil
	}
	origin, text := "--database-url", a.databaseURL
	if text == "" {
		origin, text = "DATABASE_URL", os.Getenv("DATABASE_URL")
	}
	if text == "" {
		origin = "the environment (PG*)"
	}
	config, err := connecting.Parse(origin, text)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	if origin == "--database-url" && hasPassword(text) {
		fmt.Fprintln(a.err, "Warning: the password in --database-url can be read in the process list; use DATABASE_URL, PGPASSWORD or a password file.")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "postern installer " + install.Version
	}
	return config, nil
}

func hasPassword(text string) bool {
	if parsed, err := url.Parse(text); err == nil && parsed.User != nil {
		_, given := parsed.User.Password()
		return given
	}
	return strings.Contains(text, "password=")
}

// connect opens a connection for a command that calls Postern. The caller closes it.
func (a *application) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	// A PIN must be bound: the simple protocol would write it into the statement, and so into logs and
	// pg_stat_activity.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	// Set afterwards, and not as a startup parameter: doctor has to see what the server itself would do. Names have quotes
	// only where they need them: so what was accepted of an object goes on being accepted.
	config.AfterConnect = func(ctx context.Context, connection *pgconn.PgConn) error {
		return connection.Exec(ctx, "set log_parameter_max_length_on_error = 0; set quote_all_identifiers = off").Close()
	}
	connecting.Pin(config)
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		fmt.Fprintln(a.err, describeNotice(notice))
	}
	return pgx.ConnectConfig(ctx, config)
}

// logger writes diagnostics to standard error where --verbose was given, else only warnings.
func (a *application) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
		if problem, isError := attribute.Value.Any().(error); isError {
			attribute.Value = slog.StringValue(problem.Error())
		}
		if attribute.Value.Kind() == slog.KindString {
			attribute.Value = slog.StringValue(printable.Text(attribute.Value.String()))
		}
		return attribute
	}}))
}

// output is standard output. It remembers a failed write, so that a full disk is no success.
type output struct {
	io.Writer
	failure error
}

func (o *output) Write(bytes []byte) (int, error) {
	count, err := o.Writer.Write(bytes)
	if err != nil && o.failure == nil {
		o.failure = fmt.Errorf("write to standard output: %w", err)
	}
	return count, err
}

// file is the file behind a stream, nil where there is none.
func file(stream any) *os.File {
	if wrapped, ok := stream.(*output); ok {
		stream = wrapped.Writer
	}
	opened, _ := stream.(*os.File)
	return opened
}

// terminal tells whether a person is looking at this stream: only then colours, tables and progress.
func terminal(stream any) bool {
	opened := file(stream)
	return opened != nil && term.IsTerminal(int(opened.Fd()))
}

// colour tells whether the stream takes colours.
func colour(stream any) bool { return terminal(stream) && os.Getenv("NO_COLOR") == "" }

// verbatim is what printf and warn write as it is: Postern's own words, or what is printable already.
type verbatim string

// printf writes to standard output, for people: see shown. $0 in the format is the name of the program.
func (a *application) printf(format string, arguments ...any) {
	fmt.Fprintf(a.out, program.Text(format), shown(arguments)...)
}

// warn writes to standard error as printf does to standard output.
func (a *application) warn(format string, arguments ...any) {
	fmt.Fprintf(a.err, program.Text(format), shown(arguments)...)
}

// shown makes all texts printable but those that are verbatim: somebody else may have written them.
func shown(arguments []any) []any {
	all := make([]any, len(arguments))
	for index, argument := range arguments {
		all[index] = argument
		switch argument := argument.(type) {
		case verbatim:
		case error:
			all[index] = printable.Lines(argument.Error())
		case fmt.Stringer:
			all[index] = printable.Text(argument.String())
		default:
			if value := reflect.ValueOf(argument); value.Kind() == reflect.String {
				all[index] = printable.Text(value.String())
			}
		}
	}
	return all
}

// printJSON writes a value to standard output, indented.
func (a *application) printJSON(value any) error { return writeJSON(a.out, value) }

func writeJSON(out io.Writer, value any) error {
	return encodeJSON(out, terminal(out), "  ", value)
}

// encodeJSON writes a value and a line end: exactly, or with everything escaped that a terminal would act on.
func encodeJSON(out io.Writer, toTerminal bool, indent string, value any) error {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // & and < are common in messages, and this is no web page
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	text := written.Bytes()
	if toTerminal {
		text = printable.JSON(text)
	}
	_, err := out.Write(text)
	return err
}

// progress gives a bar on standard error for what may take more than two seconds; it is silent where
// nobody looks. A total of -1 means that it is not known. The caller calls Finish.
func (a *application) progress(total int64, description string) *progressbar.ProgressBar {
	if !terminal(a.err) {
		return progressbar.DefaultSilent(total)
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(description),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
	)
}

// spinner tells that something is going on for which nobody knows how long it takes. The caller calls Finish.
func (a *application) spinner(description string) *progressbar.ProgressBar {
	if !terminal(a.err) {
		return progressbar.DefaultSilent(-1)
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(description),
		progressbar.OptionClearOnFinish(),
	)
	_ = bar.RenderBlank()
	return bar
}

// errNotInstalled is returned where a command needs Postern and the database has none.
var errNotInstalled = errors.New(program.Text(`Postern is not installed in this database: run "$0 install"`))
