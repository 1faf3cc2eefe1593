package seal

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/elsewhere"
	"github.com/posternsql/postern/internal/monitor"
)

const (
	// busyWait is how long one seal waits for another that is running.
	busyWait = time.Minute
	// busyPause is how long to wait between two attempts.
	busyPause = 100 * time.Millisecond
	// longestPause bounds the pause of a service after errors, so that it recovers soon after the cause is gone.
	longestPause = 10 * time.Second
)

// SealAfterOthers is Seal, but waits for another process that is sealing, up to a minute.
func (s *Sealer) SealAfterOthers(ctx context.Context, connection *pgx.Conn) (entries int64, err error) {
	started := time.Now()
	for {
		entries, err = s.Seal(ctx, connection)
		if !errors.Is(err, ErrBusy) || time.Since(started) >= busyWait {
			return entries, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// Service seals again and again.
type Service struct {
	// Every is the pause between two seals.
	Every time.Duration
	// Connect calls do with a connection, and closes it afterwards.
	Connect func(ctx context.Context, do func(*pgx.Conn) error) error
	// Seal seals once. An error other than ErrBusy ends the connection.
	Seal func(ctx context.Context, connection *pgx.Conn) error
	// Final tells of more errors after which trying again does not help; nil knows none.
	Final func(error) bool
	// Watched may be nil.
	Watched *monitor.Work
	Logger  *slog.Logger
}

// Run seals until the context ends. It reconnects after a broken connection. It ends if the log was tampered with, or
// if this is not the place that was sealed before.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.Every)
	defer ticker.Stop()
	for pause := s.Every; ctx.Err() == nil; pause = min(2*pause, max(s.Every, longestPause)) {
		err := s.Connect(context.WithoutCancel(ctx), func(connection *pgx.Conn) error {
			for {
				// Stopping the service must not interrupt a seal.
				err := s.Seal(context.WithoutCancel(ctx), connection)
				switch {
				case err == nil:
					s.Watched.Succeeded()
				case errors.Is(err, ErrBusy):
					s.Watched.Alive()
				default:
					return err
				}
				pause = s.Every
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
				}
			}
		})
		if finding := (*TamperedError)(nil); err == nil || errors.As(err, &finding) || elsewhere.Is(err) || s.Final != nil && s.Final(err) {
			return err
		}
		s.Watched.Failed(err)
		s.Logger.Warn("could not seal; trying again", "in", pause, "error", monitor.Explain(err))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}
