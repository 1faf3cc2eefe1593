package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
)

func newLogExportCommand(app *application) *cobra.Command {
	var (
		flags        filterFlags
		format, path string
		spreadsheet  bool
	)
	command := &cobra.Command{
		Use:   "export",
		Short: "Write the log to a file, as CSV or JSON",
		Long: `Writes all entries that fit, with all their columns, oldest first, as of one moment: csv, jsonl (one JSON object a
line) or json (one array). Its memory does not grow with the log.

With -o the file is written next to its name, readable by you only, and takes the name when it is complete; a
file of that name is replaced. Without -o entries go to standard output.

CSV is what the log says, to the letter. Messages and comments hold what people typed: a spreadsheet that opens the
file takes a text such as =HYPERLINK(…) for a formula. For spreadsheets add --spreadsheet, which puts an
apostrophe before cells that begin with = + - @.

` + aboutFilters,
		Example: `  installer log export -o log.csv
  installer log export --format jsonl --since 24h --outcome denied | jq -r .userid | sort | uniq -c
  installer log export --since 2026-01-01 --until 2027-01-01 --spreadsheet -o 2026.csv`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			filter, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			newWriter, known := map[string]func(io.Writer) entryWriter{
				"csv":   func(out io.Writer) entryWriter { return newCSVTable(out, spreadsheet) },
				"jsonl": newJSONLines,
				"json":  newJSONArray,
			}[format]
			if !known {
				return usageError("--format must be csv, jsonl or json, not %q", format)
			}
			if spreadsheet && format != "csv" {
				return usageError("--spreadsheet is for --format csv, not %s", format)
			}
			export := func(out io.Writer) (int64, error) {
				return app.exportLog(command.Context(), filter, newWriter(out))
			}
			if path == "" {
				_, err := export(app.out)
				return err
			}
			count, err := replaceFile(path, export)
			if err != nil {
				return err
			}
			app.printf("%s written to %s.\n", plural(count, "entry"), printable(path))
			return nil
		},
	}
	flags.add(command)
	command.Flags().StringVar(&format, "format", "csv", "csv, jsonl or json")
	command.Flags().StringVarP(&path, "output", "o", "", "file to write")
	command.Flags().BoolVar(&spreadsheet, "spreadsheet", false, "make CSV cells safe that a spreadsheet would run as formulas")
	return command
}

// progressDelay is how long a command may take without saying how far it is.
const progressDelay = 2 * time.Second

func (a *application) exportLog(ctx context.Context, filter logFilter, writer entryWriter) (count int64, err error) {
	err = a.withDatabase(ctx, func(connection *pgx.Conn, queries *db.Queries) error {
		return withLog(ctx, connection, queries, filter, func(log *logReader) error {
			bar := a.progress(log.highest, "Exporting")
			defer bar.Finish()
			started := time.Now()
			log.reached = func(logID int64) {
				if time.Since(started) > progressDelay {
					_ = bar.Set64(logID)
				}
			}
			return log.all(ctx, func(page []db.LogEntry) error {
				count += int64(len(page))
				return writer.write(page)
			})
		})
	})
	if err != nil {
		return count, err
	}
	return count, writer.finish()
}

// replaceFile has a file written beside its name, and gives it the name when it is complete: nobody takes half a
// log for all of it.
func replaceFile(path string, write func(io.Writer) (int64, error)) (count int64, err error) {
	created, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = created.Close()
			_ = os.Remove(created.Name())
		}
	}()
	buffer := bufio.NewWriter(created)
	if count, err = write(buffer); err != nil {
		return 0, err
	}
	if err := errors.Join(buffer.Flush(), created.Sync(), created.Close()); err != nil {
		return 0, err
	}
	return count, os.Rename(created.Name(), path)
}
