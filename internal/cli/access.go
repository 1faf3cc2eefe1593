package cli

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/access"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/wholefile"
)

func newAccessCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "access",
		Short: "Reports about what all users may see and do",
		Long:  `Reports about what all users may see and do. For one user: $0 user access USERID.`,
		Example: `  $0 access report -o 2026-Q4.csv
  $0 access report -o 2026-Q4.jsonl`,
	}
	command.AddCommand(newAccessReportCommand(app))
	return command
}

func newAccessReportCommand(app *application) *cobra.Command {
	var (
		path, format string
		spreadsheet  bool
	)
	command := &cobra.Command{
		Use:   "report",
		Short: "Write what all users may see and do to a file",
		Long: `Writes a report about all users, as of one moment: their accounts, the companies and internal ledgers with how
many posting combinations of how many each user may see, and the gates and actions that each may approve and perform.
The gates, the actions and the rules of all classes stand before the users. Its memory does not grow with their number.

The format is that of the file's name, .jsonl (one object a line) or .csv (one row for each fact), or --format. The
column or key "record" says what a row is. With -o it writes a file beside that name, which only you can read, and
renames it when it is complete; an existing file of that name is replaced.

The report begins with the newest signed head of the log (see "log seal"), read in the same snapshot. It ties the
report to the log: whoever has the public key can check its signature with "log check-proof", and that the log still
continues it with "log verify". If the log has no head yet, the report says so, and so does this command.

For spreadsheets add --spreadsheet, which makes cells safe to open as "log export" does. It needs the role
postern_admin or postern_auditor.`,
		Example: `  $0 access report -o 2026-Q4.csv --spreadsheet
  $0 access report -o 2026-Q4.jsonl
  $0 access report --format jsonl | jq -r 'select(.record == "user" and .active) | .userid'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if !command.Flags().Changed("format") {
				format = strings.TrimPrefix(filepath.Ext(path), ".")
			}
			if format != "csv" && format != "jsonl" {
				return usageError("--format must be csv or jsonl, or --output must end in .csv or .jsonl")
			}
			if spreadsheet && format != "csv" {
				return usageError("--spreadsheet is for csv, not %s", format)
			}
			var head *access.Head
			write := func(out io.Writer) error {
				buffer := bufio.NewWriter(out)
				var writer access.Writer = &jsonReport{buffer, terminal(out)}
				if format == "csv" {
					writer = newCSVReport(buffer, spreadsheet, terminal(out))
				}
				return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) (err error) {
					var bar *progressbar.ProgressBar
					started := time.Now()
					head, err = access.Report(command.Context(), connection, writer, func(users, of int64) {
						if bar == nil && time.Since(started) > progressDelay {
							bar = app.progress(of, "Reporting")
						}
						if bar != nil {
							_ = bar.Set64(users)
						}
					})
					if bar != nil {
						_ = bar.Finish()
					}
					if err != nil {
						return err
					}
					return buffer.Flush()
				})
			}
			var err error
			if path == "" {
				err = write(app.out)
			} else {
				err = wholefile.Replace(path, 0o600, write)
			}
			if err != nil {
				return err
			}
			if path != "" {
				app.printf("%s written to %s.\n", plural(head.Users, "user"), path)
			}
			if head.LogHead == nil {
				app.warn("The log has no signed head, so nothing ties this report to the log. To sign one: $0 log seal\n")
			} else if path != "" {
				app.printf("The newest signed head of the log has %s, of %s.\n", plural(head.LogHead.TreeSize, "entry"), stamp(head.LogHead.SignedAt))
			}
			return nil
		},
	}
	command.Flags().StringVarP(&path, "output", "o", "", "file to write")
	command.Flags().StringVar(&format, "format", "", "csv or jsonl (default: what the file's name ends in)")
	command.Flags().BoolVar(&spreadsheet, "spreadsheet", false, "make CSV cells safe to open: without formulas, line ends or invisible characters")
	return command
}

// jsonReport writes one JSON object per line.
type jsonReport struct {
	out        io.Writer
	toTerminal bool
}

func (w *jsonReport) line(record any) error { return encodeJSON(w.out, w.toTerminal, "", record) }

func (w *jsonReport) Head(head *access.Head) error {
	return w.line(struct {
		Record string `json:"record"`
		*access.Head
	}{"report", head})
}

func (w *jsonReport) Gates(gates []query.Gate) error {
	for _, gate := range gates {
		err := w.line(struct {
			Record string `json:"record"`
			query.Gate
		}{"gate", gate})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *jsonReport) Actions(actions []query.Action) error {
	for _, action := range actions {
		err := w.line(struct {
			Record string `json:"record"`
			query.Action
		}{"action", action})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *jsonReport) Rules(rules []query.AuthorityCombination) error {
	for _, rule := range rules {
		err := w.line(struct {
			Record string `json:"record"`
			query.AuthorityCombination
		}{"rule", rule})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *jsonReport) User(user *access.User) error {
	return w.line(struct {
		Record string `json:"record"`
		*access.User
	}{"user", user})
}

// csvReport writes a row for each fact (RFC 4180, UTF-8).
type csvReport struct {
	writer      *csv.Writer
	spreadsheet bool
	toPeople    bool
	columns     map[string]int
}

// reportHeader are the columns of a report. A row leaves those empty that its record does not have.
var reportHeader = []string{
	"record", "userid", "description", "active", "pin", "locked_until", "db_role", "roles", "login", "schemes", "approves_for_others",
	"company", "company_name", "is_default", "row_level_security", "ledger_id", "class", "combinations", "of_combinations",
	"gate_id", "exclusive", "action", "checkpoint", "legacy_checkpoints",
	"rule_id", "allowed", "code_a", "code_b", "code_c", "code_d", "code_e", "code_f", "code_g", "code_h", "code_i", "code_j",
	"name", "value",
}

func newCSVReport(out io.Writer, spreadsheet, toTerminal bool) *csvReport {
	w := &csvReport{writer: csv.NewWriter(out), spreadsheet: spreadsheet, toPeople: spreadsheet || toTerminal, columns: map[string]int{}}
	for index, name := range reportHeader {
		w.columns[name] = index
	}
	return w
}

// cell is the value of one column.
type cell struct{ column, value string }

func (w *csvReport) row(record string, cells ...cell) {
	row := make([]string, len(reportHeader))
	row[0] = record
	for _, cell := range cells {
		if w.toPeople {
			cell.value = printable.Text(cell.value)
		}
		if w.spreadsheet {
			cell.value = disarm(cell.value)
		}
		row[w.columns[cell.column]] = cell.value
	}
	_ = w.writer.Write(row) // the writer remembers its error
}

func (w *csvReport) flush() error {
	w.writer.Flush()
	return w.writer.Error()
}

func (w *csvReport) Head(head *access.Head) error {
	_ = w.writer.Write(reportHeader)
	size, note := "none", "none"
	if head.LogHead != nil {
		size, note = strconv.FormatInt(head.LogHead.TreeSize, 10), head.LogHead.Note
	}
	for _, fact := range [][2]string{
		{"database", head.Database},
		{"read_at", head.ReadAt.UTC().Format(time.RFC3339Nano)},
		{"read_by", head.ReadBy},
		{"users", strconv.FormatInt(head.Users, 10)},
		{"companies", strconv.FormatInt(head.Companies, 10)},
		{"checkpoints_enabled", strconv.FormatBool(head.CheckpointsEnabled)},
		{"all_users_valid", strconv.FormatBool(head.AllUsersValid)},
		{"log_head_tree_size", size},
		{"log_head", note},
	} {
		w.row("report", cell{"name", fact[0]}, cell{"value", fact[1]})
	}
	return w.flush()
}

func (w *csvReport) Gates(gates []query.Gate) error {
	for _, gate := range gates {
		w.row("gate", cell{"gate_id", gate.GateID}, cell{"description", gate.Description}, cell{"active", strconv.FormatBool(gate.Active)},
			cell{"exclusive", strconv.FormatBool(gate.Exclusive)})
	}
	return w.flush()
}

func (w *csvReport) Actions(actions []query.Action) error {
	for _, action := range actions {
		w.row("action", cell{"action", action.Action}, cell{"checkpoint", value(action.Checkpoint)},
			cell{"legacy_checkpoints", strings.Join(action.LegacyCheckpoints, " ")})
	}
	return w.flush()
}

func (w *csvReport) Rules(rules []query.AuthorityCombination) error {
	for _, rule := range rules {
		cells := []cell{
			{"company", rule.Company}, {"ledger_id", value(rule.LedgerID)}, {"class", rule.Class},
			{"rule_id", strconv.FormatInt(rule.RuleID, 10)}, {"allowed", strconv.FormatBool(rule.Allowed)},
		}
		for part, pattern := range patternsOf(rule) {
			cells = append(cells, cell{fmt.Sprintf("code_%c", 'a'+part), pattern})
		}
		w.row("rule", cells...)
	}
	return w.flush()
}

func (w *csvReport) User(user *access.User) error {
	userid := cell{"userid", user.UserID}
	locked := ""
	if user.LockedUntil != nil {
		locked = user.LockedUntil.UTC().Format(time.RFC3339Nano)
	}
	w.row("user", userid, cell{"description", user.Description}, cell{"active", strconv.FormatBool(user.Active)},
		cell{"pin", user.PIN}, cell{"locked_until", locked}, cell{"db_role", value(user.DBRole)},
		cell{"roles", strings.Join(user.Roles, " ")}, cell{"login", value(user.Login)},
		cell{"schemes", strings.Join(user.Schemes, " ")}, cell{"approves_for_others", strconv.FormatBool(user.ApprovesForOthers)})
	for _, company := range user.Companies {
		w.row("user_company", userid, cell{"company", company.Company}, cell{"company_name", company.Name},
			cell{"is_default", strconv.FormatBool(company.IsDefault)}, cell{"row_level_security", strconv.FormatBool(company.RowLevelSecurity)},
			cell{"class", value(company.Class)}, cell{"combinations", strconv.FormatInt(company.Combinations, 10)},
			cell{"of_combinations", strconv.FormatInt(company.OfCombinations, 10)})
		for _, ledger := range company.Ledgers {
			w.row("user_ledger", userid, cell{"company", company.Company}, cell{"ledger_id", ledger.LedgerID},
				cell{"row_level_security", strconv.FormatBool(company.RowLevelSecurity)},
				cell{"class", value(ledger.Class)}, cell{"combinations", strconv.FormatInt(ledger.Combinations, 10)},
				cell{"of_combinations", strconv.FormatInt(ledger.OfCombinations, 10)})
		}
	}
	for _, gate := range user.Gates {
		w.row("user_gate", userid, cell{"gate_id", gate})
	}
	for _, action := range user.Actions {
		w.row("user_action", userid, cell{"action", action})
	}
	return w.flush()
}
