package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/auditlog"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/wholefile"
)

func newLogExportCommand(app *application) *cobra.Command {
	var (
		flags        filterFlags
		format, path string
		directory    string
		spreadsheet  bool
		proofs       bool
	)
	command := &cobra.Command{
		Use:   "export",
		Short: "Write the log to a file, as CSV or JSON",
		Long: `Writes all matching entries with all their columns, oldest first, as of one moment: csv, jsonl (one
JSON object per line) or json (one array). Its memory does not grow with the log.

With -o it writes a file beside that name, which only you can read, and renames it when it is complete; an existing
file of that name is replaced. Without -o entries go to standard output.

CSV contains exactly what the log says. Messages and comments contain what people typed, and a spreadsheet takes a
text such as =HYPERLINK(…) for a formula. For spreadsheets add --spreadsheet: it puts an apostrophe before cells that
begin with = + - @, and writes line ends and invisible characters as \n, \u202e and so on. A terminal also gets these
escapes.

With --proofs every entry comes with the proof that it is under the newest signed head (see "log seal"). The format is
jsonl: first the head, then the sealed entries in the order of their leaves, each checked before it is written. "log
check-proof" checks such a file without a database. What is in such a file (-o) may be dropped, see "log drop"; the
database records that the file was written, which needs the role postern_sealer. The export has all rows of the log,
including right responses (outcome accepted), used or not. Only the filters --since and --until apply.

` + aboutFilters,
		Example: `  $0 log export -o log.csv
  $0 log export --format jsonl --since 24h --outcome denied | jq -r .userid | sort | uniq -c
  $0 log export --since 2026-01-01 --until 2027-01-01 --spreadsheet -o 2026.csv
  $0 log export --proofs --heads /srv/postern-heads --until 2027-01-01 -o 2026.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			filter, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			if proofs {
				if command.Flags().Changed("format") && format != "jsonl" || spreadsheet {
					return usageError("--proofs is for --format jsonl")
				}
				if filter.Outcome != nil || filter.GateID != nil || filter.UserID != nil || filter.Phrase != nil {
					return usageError("--proofs can be limited by --since and --until only")
				}
				heads, err := openHeads(directory)
				if err != nil {
					return err
				}
				exporter := &seal.Exporter{Heads: heads, Since: filter.Since, Until: filter.Until}
				err = app.writeExport(path, func(out io.Writer) (int64, error) {
					return app.exportProofs(command.Context(), exporter, out)
				})
				if err != nil || path == "" {
					return err
				}
				return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
					return exporter.Keep(command.Context(), connection)
				})
			}
			newWriter, known := map[string]func(io.Writer) entryWriter{
				"csv":   func(out io.Writer) entryWriter { return newCSVTable(out, spreadsheet) },
				"jsonl": newJSONLines,
				"json":  newEntryArray,
			}[format]
			if !known {
				return usageError("--format must be csv, jsonl or json, not %q", format)
			}
			if spreadsheet && format != "csv" {
				return usageError("--spreadsheet is for --format csv, not %s", format)
			}
			return app.writeExport(path, func(out io.Writer) (int64, error) {
				return app.exportLog(command.Context(), filter, newWriter(out))
			})
		},
	}
	flags.add(command)
	command.Flags().StringVar(&format, "format", "csv", "csv, jsonl or json")
	command.Flags().StringVarP(&path, "output", "o", "", "file to write")
	command.Flags().BoolVar(&proofs, "proofs", false, "with the proof of each entry, under the newest signed head")
	addHeads(command, &directory)
	command.Flags().BoolVar(&spreadsheet, "spreadsheet", false, "make CSV cells safe to open: without formulas, line ends or invisible characters")
	return command
}

// writeExport writes an export to a file, or to standard output if the path is empty.
func (a *application) writeExport(path string, export func(io.Writer) (int64, error)) error {
	if path == "" {
		_, err := export(a.out)
		return err
	}
	var count int64
	err := wholefile.Replace(path, 0o600, func(out io.Writer) (err error) {
		count, err = export(out)
		return err
	})
	if err != nil {
		return err
	}
	a.printf("%s written to %s.\n", plural(count, "entry"), path)
	return nil
}

func (a *application) exportProofs(ctx context.Context, exporter *seal.Exporter, out io.Writer) (count int64, err error) {
	buffer := bufio.NewWriter(out)
	var bar *progressbar.ProgressBar
	started := time.Now()
	exporter.OnProgress = func(leaves, total int64) {
		if bar == nil && time.Since(started) > progressDelay {
			bar = a.progress(total, "Exporting")
		}
		if bar != nil {
			_ = bar.Set64(leaves)
		}
	}
	err = a.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) (err error) {
		count, err = exporter.Export(ctx, connection, func(line any) error {
			return encodeJSON(buffer, terminal(out), "", line)
		})
		return err
	})
	if bar != nil {
		_ = bar.Finish()
	}
	return count, tampered(errors.Join(err, buffer.Flush()))
}

// progressDelay is how long a command may run before it reports progress.
const progressDelay = 2 * time.Second

func (a *application) exportLog(ctx context.Context, filter auditlog.Filter, writer entryWriter) (count int64, err error) {
	err = a.withDatabase(ctx, func(connection *pgx.Conn, queries *statements) error {
		return auditlog.Read(ctx, connection, filter, func(log *auditlog.Reader) error {
			bar := a.progress(log.Highest, "Exporting")
			defer bar.Finish()
			started := time.Now()
			log.OnProgress = func(logID int64) {
				if time.Since(started) > progressDelay {
					_ = bar.Set64(logID)
				}
			}
			return log.All(ctx, func(page []query.LogEntry) error {
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
