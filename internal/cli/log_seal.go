package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/elsewhere"
	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/seal"
)

func newLogSealCommand(app *application) *cobra.Command {
	var (
		key, directory string
		also           []string
		metrics        string
		database       string
		timeline       int64
		every          time.Duration
		asJSON         bool
	)
	command := &cobra.Command{
		Use:   "seal",
		Short: "Make the log provable up to now",
		Long: `Adds all committed entries of the log to its Merkle tree, signs the tree's head, and writes the head into a
directory outside of the database, then into the database too. What is under a signed head cannot be changed or
removed unseen, by nobody: see "log verify".

Before it signs, it proves that the tree continues the newest head in the directory; where it does not, it changes
nothing and ends with exit code 3. So keep the directory where the database's administrators cannot write.

An empty directory takes the key that signs first. Where the database has a head already, an empty directory is
refused: see "log restart".

A log is sealed in one place: a copy of the database would sign another history. On a new timeline --confirm-timeline N, or
POSTERN_CONFIRM_TIMELINE=N, says that it is production's, as for "event run". Where this database took the place of the one
that was sealed, say --confirm-database once, with what the error shows.

--every seals again and again until it is stopped, best as a service; a stop lets the seal at work end. Several may run:
one of them works. It needs the role postern_sealer.

--metrics serves /metrics for Prometheus, and /healthz, which answers 503 where sealing has failed for 10 seconds, or
the database has not answered for a minute, and else 200. It has no password: keep it on 127.0.0.1 or inside.`,
		Example: `  $0 log seal --key postern-log.key --heads /srv/postern-heads
  $0 log seal --every 1s --key postern-log.key --heads /srv/postern-heads --also /mnt/auditor/heads \
      --metrics 127.0.0.1:9188
  POSTERN_LOG_KEY=postern-log.key POSTERN_LOG_HEADS=/srv/postern-heads $0 log seal`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if command.Flags().Changed("every") && every < 10*time.Millisecond {
				return usageError("--every must be 10ms or more, not %s", every)
			}
			if metrics != "" && every == 0 {
				return usageError("--metrics is for a service: it needs --every")
			}
			sealer, err := newSealer(command, key, directory, database, timeline)
			if err != nil {
				return err
			}
			for _, one := range also {
				heads, err := openHeads(one)
				if err != nil {
					return err
				}
				sealer.Also = append(sealer.Also, heads)
			}
			if every > 0 {
				return app.runSealer(command.Context(), sealer, every, asJSON, metrics)
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
				return app.sealOnce(command.Context(), connection, sealer, asJSON, true, nil)
			})
		},
	}
	addSealer(command, &key, &directory, &database, &timeline)
	command.Flags().StringArrayVar(&also, "also", nil, "a further directory for the heads; may be repeated")
	command.Flags().DurationVar(&every, "every", 0, "seal again after this time, such as 1s, until stopped")
	command.Flags().StringVar(&metrics, "metrics", "", "with --every: address to serve metrics and health on, such as 127.0.0.1:9188")
	addJSON(command, &asJSON)
	return command
}

// addSealer adds the flags that newSealer reads.
func addSealer(command *cobra.Command, key, directory, database *string, timeline *int64) {
	command.Flags().StringVar(key, "key", "", "file of the private key (default $"+seal.KeyVariable+")")
	addHeads(command, directory)
	addConfirmTimeline(command, timeline)
	command.Flags().StringVar(database, "confirm-database", "", "where this database took the place of the one that was sealed: this one, as the error shows it")
}

// newSealer makes a sealer from the flags of addSealer.
func newSealer(command *cobra.Command, key, directory, database string, timeline int64) (*seal.Sealer, error) {
	path := cmp.Or(key, os.Getenv(seal.KeyVariable))
	if path == "" {
		return nil, usageError("--key is missing: the file of the private key (or set %s)", seal.KeyVariable)
	}
	confirmed, err := confirmedTimeline(command, timeline)
	if err != nil {
		return nil, err
	}
	sealer := &seal.Sealer{Timeline: confirmed}
	if command.Flags().Changed("confirm-database") {
		sealer.Database = &database
	}
	if sealer.Key, err = seal.ReadKey(path); err != nil {
		return nil, err
	}
	sealer.Heads, err = openHeads(directory)
	return sealer, err
}

const (
	// busyWait is how long one seal waits for another that is running.
	busyWait = time.Minute
	// busyPause is how long to wait between two attempts.
	busyPause = 100 * time.Millisecond
	// longestPause bounds the pause of a service after errors, so that it recovers soon after the cause is gone.
	longestPause = 10 * time.Second
)

// sealOnce seals and reports it. Without always, it reports only if there was something to seal.
func (a *application) sealOnce(ctx context.Context, connection *pgx.Conn, sealer *seal.Sealer, asJSON, always bool, watched *monitor.Work) error {
	var bar *progressbar.ProgressBar
	started := time.Now()
	sealer.OnProgress = func(entries int64) {
		watched.Alive()
		if bar == nil && time.Since(started) > progressDelay {
			bar = a.progress(-1, "Sealing")
		}
		if bar != nil {
			_ = bar.Set64(entries)
		}
	}
	entries, err := sealer.Seal(ctx, connection)
	for always && errors.Is(err, seal.ErrBusy) && time.Since(started) < busyWait {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyPause):
		}
		entries, err = sealer.Seal(ctx, connection)
	}
	if bar != nil {
		_ = bar.Finish()
	}
	if err != nil || entries == 0 && !always {
		return tampered(err)
	}
	size := int64(0)
	if sealer.Heads.Latest != nil {
		size = sealer.Heads.Latest.Size
	}
	if asJSON {
		a.printf("{\"entries\":%d,\"leaves\":%d}\n", entries, size)
		return a.out.failure
	}
	line := fmt.Sprintf("%s sealed; the signed head covers %d.", plural(entries, "entry"), size)
	if !always {
		line = stamp(time.Now()) + "  " + line
	}
	a.printf("%s\n", line)
	return a.out.failure
}

// runSealer seals until the context ends. It also serves metrics if an address is given.
func (a *application) runSealer(ctx context.Context, sealer *seal.Sealer, every time.Duration, asJSON bool, metrics string) error {
	if metrics == "" {
		return a.sealEvery(ctx, sealer, every, asJSON, nil)
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	// The metrics need a connection of their own, because the sealer's is busy while it seals.
	pool, err := newPool(ctx, config, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	watched := seal.NewMetrics(pool, every)
	return serveAlong(ctx, metrics, watched, func(ctx context.Context) error {
		return a.sealEvery(ctx, sealer, every, asJSON, watched)
	})
}

// sealEvery seals until the context ends. It reconnects after a broken connection. It ends if the log was tampered with, or
// if this is not the place that was sealed before.
func (a *application) sealEvery(ctx context.Context, sealer *seal.Sealer, every time.Duration, asJSON bool, watched *monitor.Work) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for pause := every; ctx.Err() == nil; pause = min(2*pause, max(every, longestPause)) {
		err := a.withDatabase(context.WithoutCancel(ctx), func(connection *pgx.Conn, _ *statements) error {
			for {
				// Stopping the service must not interrupt a seal.
				err := a.sealOnce(context.WithoutCancel(ctx), connection, sealer, asJSON, false, watched)
				switch {
				case err == nil:
					watched.Succeeded()
				case errors.Is(err, seal.ErrBusy):
					watched.Alive()
				default:
					return err
				}
				pause = every
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
				}
			}
		})
		if finding := (*seal.TamperedError)(nil); err == nil || errors.As(err, &finding) || elsewhere.Is(err) || a.out.failure != nil {
			return err
		}
		watched.Failed(err)
		a.logger().Warn("could not seal; trying again", "in", pause, "error", monitor.Explain(err))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}
