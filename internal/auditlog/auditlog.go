// Package auditlog reads the log of checkpoints. It reads in pages, so that its memory does not grow with the log, and
// it reads one state of the log.
package auditlog

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// Outcomes are the possible outcomes of an entry.
var Outcomes = []string{"passed", "denied", "cancelled"}

// Filter selects entries that match all its fields. A nil field matches everything.
type Filter struct {
	// Phrase matches part of the message or of the comment.
	Outcome, GateID, UserID, Phrase *string
	// Since is the first moment of a period, and Until the first moment after it.
	Since, Until *time.Time
}

const (
	// A page ends after this many entries or octets, whichever comes first.
	pageEntries = 1000
	pageOctets  = 2 << 20
	// Each query looks at a range of log_ids. While it finds little, the range grows up to this size. If a user is given,
	// an index finds the entries.
	maximumStretch     = 1 << 20
	maximumUserStretch = 1 << 24
)

// Reader reads one state of the log in pages.
type Reader struct {
	// Highest is the last log_id in the log.
	Highest int64
	// OnProgress receives the log_id up to which the log was read; it may be nil.
	OnProgress func(logID int64)

	queries *query.Queries
	filter  Filter
}

// Read begins a transaction that sees one state of the log, however long it runs.
func Read(ctx context.Context, connection *pgx.Conn, filter Filter, do func(*Reader) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		if err := queries.PreferIndexes(ctx); err != nil {
			return err
		}
		highest, err := queries.HighestLogID(ctx)
		if err != nil {
			return err
		}
		return do(&Reader{Highest: highest, queries: queries, filter: filter})
	})
}

// grown returns the length of the next range, after a range of this length in which little was found.
func (r *Reader) grown(stretch int64) int64 {
	if r.filter.UserID != nil {
		return min(32*min(stretch, maximumUserStretch), maximumUserStretch)
	}
	return min(4*min(stretch, maximumStretch), maximumStretch)
}

// Latest yields the latest matching entries, oldest first. A limit of 0 yields all.
func (r *Reader) Latest(ctx context.Context, limit int64, each func([]query.LogEntry) error) error {
	if limit == 0 {
		return r.All(ctx, each)
	}
	first := r.Highest + 1
	stretch := max(limit, pageEntries)
	for to := r.Highest; to > 0 && limit > 0; {
		after := max(0, to-stretch)
		found, err := r.queries.LatestLog(ctx, query.LatestLogParams{
			AfterLogID: after, ToLogID: to,
			Outcome: r.filter.Outcome, GateID: r.filter.GateID, UserID: r.filter.UserID, Phrase: r.filter.Phrase,
			Since: r.filter.Since, Until: r.filter.Until, Entries: limit,
		})
		if err != nil {
			return err
		}
		if found.Entries > 0 {
			first, limit = found.LogID, limit-found.Entries
		}
		to, stretch = after, r.grown(stretch)
	}
	return r.after(ctx, first-1, each)
}

// All yields the matching entries, oldest first.
func (r *Reader) All(ctx context.Context, each func([]query.LogEntry) error) error {
	return r.after(ctx, 0, each)
}

func (r *Reader) after(ctx context.Context, after int64, each func([]query.LogEntry) error) error {
	stretch := int64(pageEntries)
	for after < r.Highest {
		to := min(after+stretch, r.Highest)
		page, err := r.queries.ListLog(ctx, query.ListLogParams{
			AfterLogID: after, ToLogID: to,
			Outcome: r.filter.Outcome, GateID: r.filter.GateID, UserID: r.filter.UserID, Phrase: r.filter.Phrase,
			Since: r.filter.Since, Until: r.filter.Until,
			PageSize: pageEntries, PageOctets: pageOctets,
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			after, stretch = to, r.grown(stretch)
		} else {
			if err := each(page); err != nil {
				return err
			}
			// Read as many log_ids as would fill a page if matching entries stay as dense as here.
			last := page[len(page)-1].LogID
			after, stretch = last, min((last-after)*pageEntries/int64(len(page)), r.grown(max(stretch, pageEntries)))
		}
		if r.OnProgress != nil {
			r.OnProgress(after)
		}
	}
	return nil
}

// followInterval is how often to look for new entries.
const followInterval = 500 * time.Millisecond

// Follow yields the latest entries, and then each new entry once. It returns nil when the context ends.
func Follow(ctx context.Context, connection *pgx.Conn, filter Filter, limit int64, each func([]query.LogEntry) error) error {
	var (
		seen          string // the snapshot up to which entries were yielded
		restoredLogID int64
	)
	err := Read(ctx, connection, filter, func(log *Reader) error {
		now, err := log.queries.FollowSnapshot(ctx)
		if err != nil {
			return err
		}
		if now.IsStandby {
			return errors.New("following the log needs the primary: a standby does not know which transactions are in progress, so entries could be missed")
		}
		if restoredLogID, err = log.queries.RestoredLogID(ctx); err != nil {
			return err
		}
		seen = now.Snapshot
		return log.Latest(ctx, limit, each)
	})
	for err == nil {
		select {
		case <-ctx.Done():
		case <-time.After(followInterval):
			err = Read(ctx, connection, filter, func(log *Reader) (err error) {
				seen, err = log.committedAfter(ctx, seen, restoredLogID, each)
				return err
			})
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return err
}

// committedAfter yields what was committed after a snapshot, and returns the snapshot that it read.
func (r *Reader) committedAfter(ctx context.Context, seen string, restoredLogID int64, each func([]query.LogEntry) error) (string, error) {
	now, err := r.queries.FollowSnapshot(ctx)
	if err != nil || now.Snapshot == seen {
		return seen, err
	}
	parameters := query.FollowLogParams{
		FromSnapshot: seen, ToSnapshot: now.Snapshot, RestoredLogID: restoredLogID,
		Outcome: r.filter.Outcome, GateID: r.filter.GateID, UserID: r.filter.UserID, Phrase: r.filter.Phrase,
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

// followEntries is small because these pages are not limited by octets.
const followEntries = 100
