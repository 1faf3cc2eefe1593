// Package locking changes what others use, without having them wait behind it for longer than a moment.
//
// Who waits for a lock has everybody behind it wait as well: one session that is idle in its transaction would stop an
// application for as long as a change waits for it. So a change waits for a moment only, gives back all its locks, and tries
// again. That ends deadlocks too, before PostgreSQL looks for them: the change is what gives way.
package locking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Moment is how long one attempt waits for a lock, and so the longest that others wait behind it. It has to be shorter than
// PostgreSQL's deadlock_timeout (1 s unless set): a deadlock that the server finds first may end the other session.
const Moment = 200 * time.Millisecond

// The pauses between attempts, in which others go on: doubled from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// Retry calls attempt until it does not fail for a lock, or until limit has passed. Each attempt has to be a whole
// transaction that waits no longer than Moment for any lock. The last failure is returned as it is. busy, if not nil, is
// called after each attempt that failed for a lock, before the pause.
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

// Transaction commits what change does, or nothing. Each attempt is a new transaction, so change may run several times.
func Transaction(ctx context.Context, connection *pgx.Conn, limit time.Duration, busy func(err error), change func(tx pgx.Tx) error) error {
	return Retry(ctx, limit, busy, func() error {
		return pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d", Moment.Milliseconds())); err != nil {
				return err
			}
			return change(tx)
		})
	})
}

// IsBusy tells whether err is that of a lock that somebody else holds.
func IsBusy(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == "55P03" || server.Code == "40P01") // lock_not_available, deadlock_detected
}
