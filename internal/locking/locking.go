// Package locking changes objects that others use, without making them wait for more than a moment.
//
// Everybody who needs the lock queues behind a session that waits for it. One session that is idle in its transaction
// would therefore stop an application for as long as a change waits. So a change waits only a moment, releases all its
// locks, and tries again. This also ends deadlocks before PostgreSQL looks for them, and always at the expense of the
// change.
package locking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/administrator"
)

// Moment is how long one attempt waits for a lock, and so the longest that others wait behind it. It must be shorter
// than PostgreSQL's deadlock_timeout (1 s by default). If the server finds a deadlock first, it may cancel the other
// session's transaction.
const Moment = 200 * time.Millisecond

// The pauses between attempts let others work. They double from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// Retry calls attempt until it succeeds, fails for a reason other than a lock, or limit has passed. Each attempt must
// be a whole transaction that waits no longer than Moment for any lock. Retry returns the last error unchanged. busy
// may be nil; it is called after each attempt that failed for a lock, before the pause.
func Retry(ctx context.Context, limit time.Duration, busy func(err error), attempt func() error) error {
	end := time.Now().Add(limit)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := attempt()
		if !IsBusy(err) || !time.Now().Add(pause).Before(end) {
			return err
		}
		if busy != nil {
			busy(err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Transaction commits all changes of change, or none. Each attempt is a new transaction, so change may run several
// times.
func Transaction(ctx context.Context, connection *pgx.Conn, limit time.Duration, busy func(err error), change func(tx pgx.Tx) error) error {
	return Retry(ctx, limit, busy, func() error {
		return administrator.Transaction(ctx, connection, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d", Moment.Milliseconds())); err != nil {
				return err
			}
			return change(tx)
		})
	})
}

// IsBusy reports whether err says that somebody else holds a lock.
func IsBusy(err error) bool {
	var server *pgconn.PgError
	// lock_not_available, deadlock_detected
	return errors.As(err, &server) && (server.Code == "55P03" || server.Code == "40P01")
}
