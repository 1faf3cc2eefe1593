package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newLogCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "log",
		Short: "The log of checkpoints: who approved what, and when",
		Long: `The log has an entry for each checkpoint that was passed, denied (a wrong user name or PIN) or cancelled (the user
refused). It only grows; sealed, it can also prove that.

These commands need the role postern_auditor; "seal" and "export --proofs -o" postern_sealer, "drop" postern_admin.`,
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
		newLogVerifyCommand(app),
		newLogProveCommand(app),
		newLogCheckProofCommand(app),
		newLogDropCommand(app),
	)
	return command
}

// aboutFilters is what list and export have to say about choosing entries.
const aboutFilters = `Only entries that fit all filters are shown. Times are a date (2026-03-31), a date with a time of day in this
machine's time zone ("2026-03-31 14:30"), RFC 3339 (2026-03-31T14:30:00Z), or how long ago (90m, 24h, 7d).`

var outcomes = []string{"passed", "denied", "cancelled"}

// logFilter is what --user, --gate and so on choose; nil lets everything through.
type logFilter struct {
	outcome, gateID, userID, phrase *string
	since, until                    *time.Time
}

// filterFlags holds the flags until they are checked.
type filterFlags struct{ outcome, gate, user, since, until, text string }

func (f *filterFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.user, "user", "", "entries of this user's sessions, or with this user's name and PIN")
	command.Flags().StringVar(&f.gate, "gate", "", "entries of this gate")
	command.Flags().StringVar(&f.outcome, "outcome", "", strings.Join(outcomes, ", "))
	command.Flags().StringVar(&f.since, "since", "", "entries from this time on")
	command.Flags().StringVar(&f.until, "until", "", "entries before this time")
	command.Flags().StringVar(&f.text, "text", "", "entries with this in message or comment, in upper or lower case")
}

func (f *filterFlags) filter(now time.Time) (logFilter, error) {
	filter := logFilter{outcome: given(f.outcome), gateID: given(f.gate), userID: given(f.user), phrase: given(f.text)}
	if f.outcome != "" && !slices.Contains(outcomes, f.outcome) {
		return filter, usageError("--outcome must be one of %s, not %q", strings.Join(outcomes, ", "), f.outcome)
	}
	for _, flag := range []struct {
		name, text string
		moment     **time.Time
	}{{"since", f.since, &filter.since}, {"until", f.until, &filter.until}} {
		if flag.text == "" {
			continue
		}
		moment, err := parseMoment(flag.text, now)
		if err != nil {
			return filter, usageError("--%s: %w", flag.name, err)
		}
		*flag.moment = &moment
	}
	if filter.since != nil && filter.until != nil && !filter.since.Before(*filter.until) {
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

// parseMoment reads a point in time, or how long before now it was.
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
	return time.Time{}, fmt.Errorf(`%q is no time: expected a date such as 2026-03-31, "2026-03-31 14:30", 2026-03-31T14:30:00Z, or how long ago: 90m, 24h, 7d`, text)
}

const (
	// A page of the log ends with as many entries or octets, whichever comes first.
	pageEntries = 1000
	pageOctets  = 2 << 20
	// A stretch of log_ids that is looked at grows where nothing is found, up to this.
	maximumStretch = 1 << 20
)

// logReader reads one state of the log in pages.
type logReader struct {
	queries *statements
	filter  logFilter
	highest int64       // log_id
	reached func(int64) // told up to which log_id was read; may be nil
}

// withLog begins a transaction that sees one state of the log, however long it reads.
func withLog(ctx context.Context, connection *pgx.Conn, queries *statements, filter logFilter, do func(*logReader) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := queries.WithTx(tx)
		if err := queries.PreferIndexes(ctx); err != nil {
			return err
		}
		highest, err := queries.HighestLogID(ctx)
		if err != nil {
			return err
		}
		return do(&logReader{queries: queries, filter: filter, highest: highest})
	})
}

// latest gives the latest entries that fit, oldest first; a limit of 0 gives all.
func (r *logReader) latest(ctx context.Context, limit int64, each func([]query.LogEntry) error) error {
	if limit == 0 {
		return r.all(ctx, each)
	}
	first := r.highest + 1
	stretch := max(limit, pageEntries)
	for to := r.highest; to > 0 && limit > 0; {
		after := max(0, to-stretch)
		found, err := r.queries.LatestLog(ctx, query.LatestLogParams{
			AfterLogID: after, ToLogID: to,
			Outcome: r.filter.outcome, GateID: r.filter.gateID, UserID: r.filter.userID, Phrase: r.filter.phrase,
			Since: r.filter.since, Until: r.filter.until, Entries: limit,
		})
		if err != nil {
			return err
		}
		if found.Entries > 0 {
			first, limit = found.LogID, limit-found.Entries
		}
		to, stretch = after, min(4*stretch, maximumStretch)
	}
	return r.after(ctx, first-1, each)
}

// all gives the entries that fit, oldest first.
func (r *logReader) all(ctx context.Context, each func([]query.LogEntry) error) error {
	return r.after(ctx, 0, each)
}

func (r *logReader) after(ctx context.Context, after int64, each func([]query.LogEntry) error) error {
	stretch := int64(pageEntries)
	for after < r.highest {
		to := min(after+stretch, r.highest)
		page, err := r.queries.ListLog(ctx, query.ListLogParams{
			AfterLogID: after, ToLogID: to,
			Outcome: r.filter.outcome, GateID: r.filter.gateID, UserID: r.filter.userID, Phrase: r.filter.phrase,
			Since: r.filter.since, Until: r.filter.until,
			PageSize: pageEntries, PageOctets: pageOctets,
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			after, stretch = to, min(4*stretch, maximumStretch)
		} else {
			if err := each(page); err != nil {
				return err
			}
			after, stretch = page[len(page)-1].LogID, pageEntries
		}
		if r.reached != nil {
			r.reached(after)
		}
	}
	return nil
}

func newLogListCommand(app *application) *cobra.Command {
	var (
		flags          filterFlags
		limit          int64
		asJSON, follow bool
	)
	command := &cobra.Command{
		Use:   "list",
		Short: "Show the latest entries of the log",
		Long: `Shows the latest entries of the log, oldest first. userid names whose session it was; authenticated_by whose name
and PIN were given, where that was somebody else. On a terminal that is "BOB by CAROL", and a comment stands in
brackets behind the message.

` + aboutFilters + `

--follow then waits for new entries, until you press Ctrl-C. None is missed and none is shown twice, although
transactions commit in another order than they write; an entry appears when its transaction has committed.`,
		Example: `  $0 log list --since 24h --outcome denied
  $0 log list --user ALICE --gate SINWOF_APPROVE --limit 0
  $0 log list --follow --json | jq -r 'select(.outcome == "denied") | .userid'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 0 {
				return usageError("--limit must be 0 (no limit) or more, not %d", limit)
			}
			if follow && flags.until != "" {
				return usageError("--until ends what --follow never ends: leave one of them away")
			}
			filter, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			writer := app.entryTable()
			switch {
			case asJSON && follow:
				writer = newJSONLines(app.out)
			case asJSON:
				writer = newJSONArray(app.out)
			case follow && terminal(app.out):
				writer = &entryLines{app: app}
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, queries *statements) error {
				if follow {
					return followLog(command.Context(), connection, queries, filter, limit, writer)
				}
				var shown int64
				err := withLog(command.Context(), connection, queries, filter, func(log *logReader) error {
					return log.latest(command.Context(), limit, func(page []query.LogEntry) error {
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
					fmt.Fprintln(app.err, "No entry of the log fits.")
				}
				return writer.finish()
			})
		},
	}
	flags.add(command)
	command.Flags().Int64Var(&limit, "limit", 50, "show only the latest ones; 0 shows all")
	command.Flags().BoolVar(&follow, "follow", false, "go on with new entries")
	command.Flags().BoolVar(&asJSON, "json", false, "print a JSON array; with --follow one object a line")
	return command
}

// followInterval is how often the log is asked for new entries.
const followInterval = 500 * time.Millisecond

// followLog writes the latest entries, then each new one once, until the context ends.
func followLog(ctx context.Context, connection *pgx.Conn, queries *statements, filter logFilter, limit int64, writer entryWriter) error {
	var (
		seen          string // the snapshot up to which entries were written
		restoredLogID int64
	)
	err := withLog(ctx, connection, queries, filter, func(log *logReader) error {
		now, err := log.queries.FollowSnapshot(ctx)
		if err != nil {
			return err
		}
		if now.IsStandby {
			return errors.New("--follow needs the primary: a standby does not tell which transactions are in progress, so entries could be missed")
		}
		if restoredLogID, err = log.queries.RestoredLogID(ctx); err != nil {
			return err
		}
		seen = now.Snapshot
		return log.latest(ctx, limit, writer.write)
	})
	for err == nil {
		select {
		case <-ctx.Done():
		case <-time.After(followInterval):
			err = withLog(ctx, connection, queries, filter, func(log *logReader) error {
				seen, err = log.committedAfter(ctx, seen, restoredLogID, writer.write)
				return err
			})
		}
		if ctx.Err() != nil {
			return writer.finish() // Ctrl-C is how one ends it
		}
	}
	return err
}

// committedAfter gives what was committed after a snapshot, and the snapshot up to which it did.
func (r *logReader) committedAfter(ctx context.Context, seen string, restoredLogID int64, each func([]query.LogEntry) error) (string, error) {
	now, err := r.queries.FollowSnapshot(ctx)
	if err != nil || now.Snapshot == seen {
		return seen, err
	}
	parameters := query.FollowLogParams{
		FromSnapshot: seen, ToSnapshot: now.Snapshot, RestoredLogID: restoredLogID,
		Outcome: r.filter.outcome, GateID: r.filter.gateID, UserID: r.filter.userID, Phrase: r.filter.phrase,
		PageSize: followEntries,
	}
	for {
		page, err := r.queries.FollowLog(ctx, parameters)
		if err != nil || len(page) == 0 {
			return now.Snapshot, err
		}
		if err := each(page); err != nil {
			return seen, err
		}
		last := page[len(page)-1]
		parameters.AfterTransactionID, parameters.AfterLogID = last.TransactionID, last.LogID
	}
}

// followEntries is small, since these pages do not end by octets.
const followEntries = 100
