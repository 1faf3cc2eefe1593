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

// application is what all commands share: the streams, the root command's flags, and helpers to reach the database and
// to print.
type application struct {
	in  io.Reader
	out *output   // the result of the command
	err io.Writer // diagnostics, progress, errors

	database    *pgx.ConnConfig // nil: use the flag or the environment
	databaseURL string
	// configuredURL is the database of a configuration file, and configuredBy is that file.
	configuredURL, configuredBy string
	verbose                     bool
	jsonLogs                    bool // write diagnostics as JSON
	information                 bool // write diagnostics of a service: what it begins and ends, too

	running bool // a command was entered, so a later error is not bad usage
}

// config finds the database to work on: --database-url takes precedence over DATABASE_URL, that over a configuration
// file, and that over libpq's variables.
func (a *application) config() (*pgx.ConnConfig, error) {
	if a.database != nil {
		return a.database.Copy(), nil
	}
	origin, text := "--database-url", a.databaseURL
	if text == "" {
		origin, text = "DATABASE_URL", os.Getenv("DATABASE_URL")
	}
	if text == "" {
		origin, text = a.configuredBy, a.configuredURL
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
	// Bind parameters, because a PIN may be among them. The simple protocol would write the PIN into the statement, which
	// shows up in logs and in pg_stat_activity.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	// Set these after connecting and not as startup parameters, because doctor must see the server's own settings.
	// quote_all_identifiers is off because acceptances name objects with quotes only where a name needs them.
	config.AfterConnect = func(ctx context.Context, connection *pgconn.PgConn) error {
		return connection.Exec(ctx, "set log_parameter_max_length_on_error = 0; set quote_all_identifiers = off").Close()
	}
	connecting.Pin(config)
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		fmt.Fprintln(a.err, describeNotice(notice))
	}
	return pgx.ConnectConfig(ctx, config)
}

// logger writes diagnostics to standard error: everything with --verbose, otherwise only warnings, or what a service
// tells.
func (a *application) logger() *slog.Logger {
	level := slog.LevelWarn
	switch {
	case a.verbose:
		level = slog.LevelDebug
	case a.information:
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
		if problem, isError := attribute.Value.Any().(error); isError {
			attribute.Value = slog.StringValue(problem.Error())
		}
		if attribute.Value.Kind() == slog.KindString {
			attribute.Value = slog.StringValue(printable.Text(attribute.Value.String()))
		}
		return attribute
	}}
	if a.jsonLogs {
		return slog.New(slog.NewJSONHandler(a.err, options))
	}
	return slog.New(slog.NewTextHandler(a.err, options))
}

// output is standard output. It remembers a failed write, so that a command does not report success on a full disk.
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

// file returns the file behind a stream, or nil if there is none.
func file(stream any) *os.File {
	if wrapped, ok := stream.(*output); ok {
		stream = wrapped.Writer
	}
	opened, _ := stream.(*os.File)
	return opened
}

// terminal reports whether a person is looking at this stream. Colours, tables and progress bars are only for
// terminals.
func terminal(stream any) bool {
	opened := file(stream)
	return opened != nil && term.IsTerminal(int(opened.Fd()))
}

// colour reports whether the stream takes colours.
func colour(stream any) bool { return terminal(stream) && os.Getenv("NO_COLOR") == "" }

// verbatim is text that printf and warn write unchanged, because Postern wrote it or because it is printable already.
type verbatim string

// printf writes text for people to standard output. It makes the arguments printable (see shown); $0 in the format
// stands for the program's name.
func (a *application) printf(format string, arguments ...any) {
	fmt.Fprintf(a.out, program.Text(format), shown(arguments)...)
}

// warn writes to standard error, in the same way as printf.
func (a *application) warn(format string, arguments ...any) {
	fmt.Fprintf(a.err, program.Text(format), shown(arguments)...)
}

// shown makes all text arguments printable except verbatim ones, because strangers may have written them.
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

// encodeJSON writes a value and a line end. For a terminal it also escapes every character that a terminal would act
// on.
func encodeJSON(out io.Writer, toTerminal bool, indent string, value any) error {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // & and < are common in messages, and no browser reads this
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

// progress returns a bar on standard error for work that may take more than two seconds. It is silent if standard error
// is no terminal. A total of -1 means that the total is unknown. The caller calls Finish.
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

// spinner shows that work of unknown length is going on. The caller calls Finish.
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

// errNotInstalled is returned if a command needs Postern and the database does not have it.
var errNotInstalled = errors.New(program.Text(`Postern is not installed in this database: run "$0 install"`))
