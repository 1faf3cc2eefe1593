package cli

import (
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/service"
)

// runVariables name the environment variables of flags whose variable is not POSTERN_ and the name of the flag.
var runVariables = map[string]string{"key": seal.KeyVariable, "heads": seal.HeadsVariable}

func newRunCommand(app *application) *cobra.Command {
	var (
		seals, delivers, maintains               bool
		key, directory, database                 string
		also                                     []string
		timeline                                 int64
		every                                    time.Duration
		workers                                  int
		smtp, metrics, logFormat, configuredFile string
	)
	command := &cobra.Command{
		Use:   "run",
		Short: "Seal the log, deliver events and do upkeep, as one service",
		Long: `Does all that Postern has to do in the background, until it is stopped by Ctrl-C or SIGTERM: it seals the
log as "log seal --every" does, delivers events as "event run" does, and calls postern.maintain each minute. When it is
stopped, it finishes the current seal and the current deliveries. --seal=false, --events=false and --upkeep=false switch
a part off.

Several may run, also on several machines: see docs/operations.md. Sealers need the same directory of heads.

Each flag can also come from the environment or from a file. A flag beats its variable, and that beats the file. The
variable of --workers is POSTERN_WORKERS, and so on; that of --key is POSTERN_LOG_KEY, and that of --heads is
POSTERN_LOG_HEADS. The file is YAML, and its keys are the flags: "workers: 4". It may have the database as
"database-url", which DATABASE_URL overrides. A file with a password must be readable by its owner only.

At its start it waits until the database can be reached and has the version of Postern that this program needs. A part
that must not go on stops, because the log was tampered with or because this may be a copy of the database. The other
parts go on, and /healthz says so.

--metrics serves three pages. They have no password: keep them on 127.0.0.1 or in an internal network.

  /metrics   for Prometheus
  /healthz   200; or 503 with the reason, if a part has stopped, fails, or is not heard of
  /readyz    200; or 503 with the reason, if the database cannot be reached or written, or has
             another version of Postern

Run it as a login that is a member of postern_sealer and postern_event_worker, and of nothing else. A part that is
switched off needs no role.`,
		Example: `  $0 run --config /etc/postern/postern.yaml
  $0 run --key postern-log.key --heads /srv/postern-heads --metrics 127.0.0.1:9187
  POSTERN_SMTP='smtp://postern:secret@mail.example.com?from=postern@example.com' $0 run --seal=false`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			origins, err := app.configure(command, configuredFile, runVariables)
			if err != nil {
				return err
			}
			switch {
			case logFormat != "text" && logFormat != "json":
				return usageError("--log-format must be text or json, not %q", logFormat)
			case !seals && !delivers && !maintains:
				return usageError("all parts are switched off")
			case every < 10*time.Millisecond:
				return usageError("--every must be 10ms or more, not %s", every)
			case workers < 1 || workers > 100:
				return usageError("--workers must be from 1 to 100, not %d", workers)
			}
			app.information, app.jsonLogs = true, logFormat == "json"
			config, err := app.config()
			if err != nil {
				return err
			}
			ctx := command.Context()
			connections := 3 // for metrics, health and upkeep
			if delivers {
				connections = eventConnections(workers) + 1
			}
			pool, err := connecting.Pool(ctx, config, connections)
			if err != nil {
				return err
			}
			defer pool.Close()
			running := &service.Service{Waits: true, Logger: app.logger(), Collectors: []prometheus.Collector{service.NewOutcomes(pool)}}
			if seals {
				sealer, err := newSealer(command, key, directory, database, timeline)
				if err != nil {
					return err
				}
				if err := addAlso(sealer, also); err != nil {
					return err
				}
				running.Parts = append(running.Parts, app.sealing(pool, sealer, every, func(entries int64) error {
					app.logger().Debug("sealed", "entries", entries)
					return nil
				}))
			}
			if delivers {
				options := event.Options{Workers: workers, Logger: app.logger()}
				if options.Timeline, err = confirmedTimeline(command, timeline); err != nil {
					return err
				}
				if options.SMTP, err = app.smtpServer(origins["smtp"], smtp); err != nil {
					return err
				}
				running.Parts = append(running.Parts, app.delivering(pool, options))
			}
			if maintains {
				upkeep := app.maintaining(pool)
				upkeep.Supports = len(running.Parts) > 0
				running.Parts = append(running.Parts, upkeep)
			}
			return app.serve(ctx, pool, running, metrics)
		},
	}
	flags := command.Flags()
	flags.StringVar(&configuredFile, "config", os.Getenv("POSTERN_CONFIG"), "file with values for these flags (default $POSTERN_CONFIG)")
	flags.BoolVar(&seals, "seal", true, "seal the log")
	flags.BoolVar(&delivers, "events", true, "deliver events")
	flags.BoolVar(&maintains, "upkeep", true, "do upkeep each minute")
	addSealer(command, &key, &directory, &database, &timeline)
	flags.StringArrayVar(&also, "also", nil, "another directory for the heads; may be repeated")
	flags.DurationVar(&every, "every", time.Second, "seal again after this time")
	flags.IntVar(&workers, "workers", 2, "simultaneous deliveries of each action")
	flags.StringVar(&smtp, "smtp", "", "SMTP server for mails, as a URL: see \"event run\"")
	flags.StringVar(&metrics, "metrics", "", "address to serve metrics and health on, such as 127.0.0.1:9187")
	flags.StringVar(&logFormat, "log-format", "text", "format of the log on standard error: text or json")
	return command
}
