package cli

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/service"
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
		Short: "Sign the log up to now, so that changes can be detected",
		Long: `Adds all committed entries of the log to its Merkle tree, signs the tree's head, and writes the head
into a directory outside of the database, then into the database too. Nobody can change or remove entries under a
signed head unnoticed: see "log verify".

Before it signs, it proves that the tree continues the newest head in the directory. If not, it changes nothing and
ends with exit code 3. So keep the directory where the database's administrators cannot write.

An empty directory accepts the first key that signs. If the database already has a head, an empty directory is
refused: see "log restart".

A log is sealed in one place, because a copy of the database would sign another history. On a new timeline,
--confirm-timeline N, or POSTERN_CONFIRM_TIMELINE=N, says that it is production's, as for "event run". If this
database has replaced the one that was sealed, pass --confirm-database once, with the value that the error shows.

--every seals again and again until it is stopped, best as a service; when it is stopped, it finishes the current
seal. Several may run: only one of them works. Each minute it also calls postern.maintain, which does all upkeep. It
needs the role postern_sealer.

--metrics serves /metrics for Prometheus, /healthz and /readyz, as for "run". /healthz answers 503 if sealing has
failed for 10 seconds, or if the database has not answered for a minute; with a longer pause, for three pauses. It has
no password: keep it on 127.0.0.1 or in an internal network.

"run" seals the log, delivers events and does upkeep in one process.`,
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
			if err := addAlso(sealer, also); err != nil {
				return err
			}
			if every > 0 {
				return app.runSealer(command.Context(), sealer, every, asJSON, metrics)
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
				return app.sealOnce(command.Context(), connection, sealer, asJSON)
			})
		},
	}
	addSealer(command, &key, &directory, &database, &timeline)
	command.Flags().StringArrayVar(&also, "also", nil, "another directory for the heads; may be repeated")
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
	command.Flags().StringVar(database, "confirm-database", "", "if this database has replaced the one that was sealed: the value that the error shows")
}

// newSealer makes a sealer from the flags of addSealer. The sealer reads the directory of heads each time it seals. So if
// that fails, a service goes on trying, and its other parts with it.
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
	if directory, err = headsDirectory(directory); err != nil {
		return nil, err
	}
	sealer.Heads = &seal.Heads{Directory: directory}
	return sealer, nil
}

// addAlso adds more directories for the heads.
func addAlso(sealer *seal.Sealer, also []string) error {
	for _, one := range also {
		directory, err := headsDirectory(one)
		if err != nil {
			return err
		}
		sealer.Also = append(sealer.Also, &seal.Heads{Directory: directory})
	}
	return nil
}

// sealOnce seals after others, and reports it.
func (a *application) sealOnce(ctx context.Context, connection *pgx.Conn, sealer *seal.Sealer, asJSON bool) error {
	entries, err := a.sealWith(ctx, connection, sealer, nil, sealer.SealAfterOthers)
	if err != nil {
		return err
	}
	return a.reportSeal(sealer, entries, asJSON, "")
}

// sealWith shows the progress of a seal that takes long.
func (a *application) sealWith(ctx context.Context, connection *pgx.Conn, sealer *seal.Sealer, watched *monitor.Work, do func(context.Context, *pgx.Conn) (int64, error)) (entries int64, err error) {
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
	entries, err = do(ctx, connection)
	if bar != nil {
		_ = bar.Finish()
	}
	return entries, tampered(err)
}

// reportSeal prints what was sealed, behind the moment.
func (a *application) reportSeal(sealer *seal.Sealer, entries int64, asJSON bool, moment string) error {
	size := int64(0)
	if sealer.Heads.Latest != nil {
		size = sealer.Heads.Latest.Size
	}
	if asJSON {
		a.printf("{\"entries\":%d,\"tree_size\":%d}\n", entries, size)
		return a.out.failure
	}
	a.printf("%s%s sealed; the signed head covers %d.\n", moment, plural(entries, "entry"), size)
	return a.out.failure
}

// runSealer seals until the context ends, and does upkeep beside it. It also serves metrics if an address is given.
func (a *application) runSealer(ctx context.Context, sealer *seal.Sealer, every time.Duration, asJSON bool, metrics string) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	// Metrics, health and upkeep need connections of their own, because the sealer's is busy while it seals.
	pool, err := connecting.Pool(ctx, config, 3)
	if err != nil {
		return err
	}
	defer pool.Close()
	report := func(entries int64) error { return a.reportSeal(sealer, entries, asJSON, stamp(time.Now())+"  ") }
	return a.serve(ctx, pool, &service.Service{
		Parts:  []service.Part{a.sealing(pool, sealer, every, report), supporting(a.maintaining(pool))},
		Logger: a.logger(),
	}, metrics)
}
