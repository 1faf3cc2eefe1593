package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/auditlog"
	"github.com/posternsql/postern/internal/query"
)

// aboutHistory is the part that the help of all commands about changes of the administration shares.
const aboutHistory = `Oldest first. by: the login, and the end user if its session had one. Values are as the log has them: PINs, keys and
other secrets are not recorded, only that they were changed. It needs the role postern_admin or postern_auditor.`

func newGateHistoryCommand(app *application) *cobra.Command {
	return newHistoryCommand(app, historyCommand{
		use:     "history GATE_ID",
		short:   "Show who changed a gate or its guards, and when",
		long:    "Shows the changes of a gate, and of the guards that ask for it.",
		example: "  $0 gate history SINWOF_APPROVE",
		args:    arguments("GATE_ID"),
		changes: func(given []string) auditlog.Changes { return auditlog.Changes{GateID: &given[0]} },
	})
}

func newUserHistoryCommand(app *application) *cobra.Command {
	return newHistoryCommand(app, historyCommand{
		use:   "history USERID",
		short: "Show who changed what a user may do, and when",
		long: `Shows the changes that concern a user: account, PIN, companies, ledgers and classes. Changes of the rules of a
class are not among them: see "$0 log list --administration".`,
		example: "  $0 user history ALICE",
		args:    arguments("USERID"),
		changes: func(given []string) auditlog.Changes { return auditlog.Changes{UserID: &given[0]} },
	})
}

func newSettingHistoryCommand(app *application) *cobra.Command {
	kind := "setting"
	return newHistoryCommand(app, historyCommand{
		use:     "history [NAME]",
		short:   "Show who changed settings, and when",
		long:    "Shows the changes of one setting, or of all settings.",
		example: "  $0 setting history checkpoints_enabled",
		args:    cobra.MaximumNArgs(1),
		changes: func(given []string) auditlog.Changes {
			changes := auditlog.Changes{Kind: &kind}
			if len(given) > 0 {
				changes.Name = &given[0]
			}
			return changes
		},
	})
}

type historyCommand struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	changes                   func(given []string) auditlog.Changes
}

func newHistoryCommand(app *application, made historyCommand) *cobra.Command {
	var (
		limit  int64
		asJSON bool
	)
	command := &cobra.Command{
		Use:     made.use,
		Short:   made.short,
		Long:    made.long + "\n\n" + aboutHistory,
		Example: made.example,
		Args:    made.args,
		RunE: func(command *cobra.Command, given []string) error {
			if limit < 0 {
				return usageError("--limit must be 0 (no limit) or more, not %d", limit)
			}
			return app.printHistory(command, made.changes(given), limit, asJSON)
		},
	}
	command.Flags().Int64Var(&limit, "limit", 0, "show only the latest ones; 0 shows all")
	addJSON(command, &asJSON)
	return command
}

// printHistory prints changes of the administration.
func (a *application) printHistory(command *cobra.Command, changes auditlog.Changes, limit int64, asJSON bool) error {
	header := []string{"log_id", "logged_at", "kind", "operation", "key", "before", "after", "by", "userid", "client_addr", "about_userid", "message", "redacted"}
	if terminal(a.out) {
		header = []string{"log_id", "logged_at", "by", "change"}
	}
	table := pagedTable{app: a, header: header}
	writer := newJSONArray[query.Administration](a.out)
	var shown int64
	err := a.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
		return auditlog.ReadAdministration(command.Context(), connection, changes, limit, func(page []query.Administration) error {
			shown += int64(len(page))
			if asJSON {
				return writer.write(page)
			}
			rows := make([][]string, len(page))
			for index, change := range page {
				rows[index] = a.historyRow(change)
			}
			table.print(rows)
			return a.out.failure
		})
	})
	switch {
	case err != nil:
		return err
	case asJSON:
		return writer.finish()
	case shown == 0:
		table.print(nil)
		fmt.Fprintln(a.err, "No change in the log matches.")
	case shown == limit && terminal(a.err):
		a.warn("These are the latest %d; --limit 0 shows all.\n", shown)
	}
	return a.out.failure
}

func (a *application) historyRow(change query.Administration) []string {
	row := []string{strconv.FormatInt(change.LogID, 10), stamp(change.LoggedAt)}
	gone := redacted(change.Redacted)
	if terminal(a.out) {
		text := changeText(change)
		if gone != "" {
			text += " [redacted: " + gone + "]"
		}
		return append(row, changedBy(change), text)
	}
	address := "-"
	if change.ClientAddr != nil {
		address = change.ClientAddr.String()
	}
	return append(row, valueOrDash(change.Kind), valueOrDash(change.Operation), orDash(string(change.Key)), orDash(string(change.Before)),
		orDash(string(change.After)), valueOrDash(change.SessionRole), valueOrDash(change.UserID), address, valueOrDash(change.AboutUserID),
		valueOrDash(change.Message), orDash(gone))
}

// changedBy is the login, and the end user if its session had one.
func changedBy(change query.Administration) string {
	by := valueOrDash(change.SessionRole)
	if change.UserID != nil {
		by += " as " + *change.UserID
	}
	return by
}

// changeText is the message, without the names of the columns if their values follow.
func changeText(change query.Administration) string {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(change.Before, &before) != nil || json.Unmarshal(change.After, &after) != nil || before == nil || after == nil {
		return valueOrDash(change.Message)
	}
	what, _, _ := strings.Cut(valueOrDash(change.Message), ": ")
	parts := []string{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if string(before[name]) == string(after[name]) {
			parts = append(parts, name) // a secret
		} else {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, before[name], after[name]))
		}
	}
	return what + ": " + strings.Join(parts, ", ")
}
