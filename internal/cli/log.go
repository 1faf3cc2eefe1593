package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/auditlog"
	"github.com/posternsql/postern/internal/query"
)

func newLogCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "log",
		Short: "The log of checkpoints: who approved what, and when",
		Long: `The log has an entry for each checkpoint that was passed, denied (a wrong user name or PIN) or
cancelled (the user refused). It only grows, and once it is sealed, it can also prove that.

These commands need the role postern_auditor; "seal" and "export --proofs -o" need postern_sealer, "redact" needs
postern_redactor, and "drop" needs postern_admin.`,
		Example: `  $0 log list
  $0 log list --follow --outcome denied
  $0 log export --since 2026-01-01 --until 2027-01-01 -o 2026.csv
  $0 log seal --every 1s --key postern-log.key --heads /srv/postern-heads
  $0 log verify --heads /srv/postern-heads`,
	}
	command.AddCommand(
		newLogListCommand(app),
		newLogExportCommand(app),
		newLogKeyCommand(app),
		newLogSealCommand(app),
		newLogRestartCommand(app),
		newLogVerifyCommand(app),
		newLogProveCommand(app),
		newLogCheckProofCommand(app),
		newLogRedactCommand(app),
		newLogDropCommand(app),
	)
	return command
}

// aboutFilters is the part about choosing entries that the help of list and export share.
const aboutFilters = `Only entries that match all filters are shown. Times are a date (2026-03-31), a date with a time of day in this
machine's time zone ("2026-03-31 14:30"), RFC 3339 (2026-03-31T14:30:00Z), or how long ago (90m, 24h, 7d).`

// filterFlags holds the flags until they are checked.
type filterFlags struct{ outcome, gate, user, since, until, text string }

func (f *filterFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.user, "user", "", "entries of this user's sessions, or with this user's name and PIN")
	command.Flags().StringVar(&f.gate, "gate", "", "entries of this gate")
	command.Flags().StringVar(&f.outcome, "outcome", "", strings.Join(auditlog.Outcomes, ", "))
	command.Flags().StringVar(&f.since, "since", "", "entries from this time on")
	command.Flags().StringVar(&f.until, "until", "", "entries before this time")
	command.Flags().StringVar(&f.text, "text", "", "entries with this text in message or comment, in any case")
}

func (f *filterFlags) filter(now time.Time) (auditlog.Filter, error) {
	filter := auditlog.Filter{Outcome: given(f.outcome), GateID: given(f.gate), UserID: given(f.user), Phrase: given(f.text)}
	if f.outcome != "" && !slices.Contains(auditlog.Outcomes, f.outcome) {
		return filter, usageError("--outcome must be one of %s, not %q", strings.Join(auditlog.Outcomes, ", "), f.outcome)
	}
	for _, flag := range []struct {
		name, text string
		moment     **time.Time
	}{{"since", f.since, &filter.Since}, {"until", f.until, &filter.Until}} {
		if flag.text == "" {
			continue
		}
		moment, err := parseMoment(flag.text, now)
		if err != nil {
			return filter, usageError("--%s: %w", flag.name, err)
		}
		*flag.moment = &moment
	}
	if filter.Since != nil && filter.Until != nil && !filter.Since.Before(*filter.Until) {
		return filter, usageError("--since %s is not before --until %s", f.since, f.until)
	}
	return filter, nil
}

func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// parseMoment reads a point in time, or a duration before now.
func parseMoment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if moment, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return moment, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if count, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(count)), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf(`%q is not a time: expected a date such as 2026-03-31, "2026-03-31 14:30", 2026-03-31T14:30:00Z, or how long ago: 90m, 24h, 7d`, text)
}

func newLogListCommand(app *application) *cobra.Command {
	var (
		flags                          filterFlags
		limit                          int64
		asJSON, follow, administration bool
	)
	command := &cobra.Command{
		Use:   "list",
		Short: "Show the latest entries of the log",
		Long: `Shows the latest entries of the log, oldest first. userid: whose session it was. authenticated_by:
whose name and PIN were given, if that was somebody else. A terminal shows "BOB by CAROL", and a comment in brackets
after the message.

` + aboutFilters + `

--follow then waits for new entries, until you press Ctrl-C. An entry appears when its transaction has committed. None
is missed or shown twice, although transactions commit in another order than they write.

--administration shows the changes of who may do what instead: gates, settings, users, companies, rules and the like.
--user then shows the changes that concern a user, or that the user made; --gate those of a gate and its guards.`,
		Example: `  $0 log list --since 24h --outcome denied
  $0 log list --user ALICE --gate SINWOF_APPROVE --limit 0
  $0 log list --administration --since 7d
  $0 log list --follow --json | jq -r 'select(.outcome == "denied") | .userid'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 0 {
				return usageError("--limit must be 0 (no limit) or more, not %d", limit)
			}
			if follow && flags.until != "" {
				return usageError("--until ends what --follow never ends: omit one of them")
			}
			filter, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			if administration {
				if follow || flags.outcome != "" {
					return usageError("--administration goes with neither --follow nor --outcome")
				}
				return app.printHistory(command, auditlog.Changes{
					GateID: filter.GateID, UserID: filter.UserID, ByUser: true, Phrase: filter.Phrase, Since: filter.Since, Until: filter.Until,
				}, limit, asJSON)
			}
			writer := app.entryTable()
			switch {
			case asJSON && follow:
				writer = newJSONLines(app.out)
			case asJSON:
				writer = newEntryArray(app.out)
			case follow && terminal(app.out):
				writer = &entryLines{app: app}
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, queries *statements) error {
				if follow {
					if err := auditlog.Follow(command.Context(), connection, filter, limit, writer.write); err != nil {
						return err
					}
					return writer.finish()
				}
				var shown int64
				err := auditlog.Read(command.Context(), connection, filter, func(log *auditlog.Reader) error {
					return log.Latest(command.Context(), limit, func(page []query.LogEntry) error {
						shown += int64(len(page))
						return writer.write(page)
					})
				})
				if err != nil {
					return err
				}
				if shown == limit && terminal(app.err) {
					app.warn("These are the latest %d; --limit 0 shows all.\n", shown)
				}
				if shown == 0 && !asJSON {
					fmt.Fprintln(app.err, "No entry of the log matches.")
				}
				return writer.finish()
			})
		},
	}
	flags.add(command)
	command.Flags().Int64Var(&limit, "limit", 50, "show only the latest ones; 0 shows all")
	command.Flags().BoolVar(&follow, "follow", false, "continue with new entries")
	command.Flags().BoolVar(&administration, "administration", false, "show changes of who may do what")
	command.Flags().BoolVar(&asJSON, "json", false, "print a JSON array; with --follow one object per line")
	return command
}
