// Package upkeep calls postern.maintain for programs that run all the time, so that nobody needs a nightly job.
package upkeep

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/query"
)

// interval is how often Run looks whether something has to be done.
const interval = time.Minute

// Run does all upkeep each minute until the context ends, and sooner after it has failed, because health stays bad until
// it succeeds. It needs a connection of the pool from time to time. watched may be nil.
func Run(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger, watched *monitor.Work) {
	troubled := backoff.NewExponentialBackOff()
	troubled.MaxInterval = interval
	for {
		pause := interval
		if err := Once(ctx, pool, logger, watched); err != nil && ctx.Err() == nil {
			pause = troubled.NextBackOff()
			logger.Error("upkeep cannot be done", "error", monitor.Explain(err))
			watched.Failed(err, "")
			// A connection to a server that has become a standby stays; a new one may lead to the primary.
			if server := (*pgconn.PgError)(nil); errors.As(err, &server) && server.Code == "25006" { // read_only_sql_transaction
				pool.Reset()
			}
		} else {
			troubled.Reset()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Once does all upkeep that is due now, in many small transactions. It leaves what becomes due in the meantime to the
// next call. Otherwise it would never end under a load that keeps creating posting combinations. watched may be nil.
func Once(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger, watched *monitor.Work) error {
	due := map[string]int64{}
	for first := true; ; first = false {
		began := time.Now()
		duties, err := query.New(pool).Maintain(ctx)
		if err != nil {
			return err
		}
		watched.Succeeded("")
		again := false
		for _, duty := range duties {
			if first {
				due[duty.Duty] = duty.Done + duty.Remaining
			}
			due[duty.Duty] -= duty.Done
			again = again || duty.Done > 0 && duty.Remaining > 0 && due[duty.Duty] > 0
			if duty.Note != "" {
				// Not a failure: somebody holds a lock, for as long as a backup may take, and a restart would not help.
				logger.Info("upkeep is postponed", "duty", duty.Duty, "reason", duty.Note)
				continue
			}
			watched.Succeeded(duty.Duty)
		}
		if !again {
			return nil
		}
		// Pauses for as long as it worked, so that others get half of the time.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
}
