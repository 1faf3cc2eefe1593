package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/service"
)

func newEventRunCommand(app *application) *cobra.Command {
	var (
		once          bool
		options       event.Options
		smtp, metrics string
		timeline      int64
	)
	command := &cobra.Command{
		Use:   "run",
		Short: "Deliver events",
		Long: `Delivers events until it is stopped (Ctrl-C or SIGTERM), and then finishes what it has begun. --once
delivers what is due and ends. Several may run, also on several machines: they share the work. If one is killed,
nothing is lost; what it had not recorded as delivered is delivered again, with the same delivery_id.

What cannot be delivered is retried after 5 seconds, and then after longer and longer pauses, up to an hour. After
event_attempts attempts it is a dead letter. A slow receiver, or one that is down, does not delay the others.

--smtp is the server for mails:
smtp://[user:password@]host[:port][?from=ADDRESS&starttls=required|opportunistic|none], or smtps:// for TLS from the
start. STARTTLS is required; on this machine it is used if offered. Put a password into POSTERN_SMTP, where no process
list shows it. Without a server, mails wait.

--confirm-timeline N, or POSTERN_CONFIRM_TIMELINE=N, says that timeline N is production's. After a failover this
command ends until somebody confirms the timeline, because a recovered copy of the server looks the same from inside.
See docs/events.md, Copies and failover.

--metrics serves /metrics for Prometheus, /healthz and /readyz, as for "run". /healthz answers 503 if an action's
deliveries could not be claimed for 10 seconds, or if the database has not answered for a minute. It has no password:
keep it on 127.0.0.1 or in an internal network.

"run" delivers events, seals the log and does upkeep in one process.

Run it as a login that is a member of postern_event_worker and of nothing else.`,
		Example: `  $0 event run --workers 4 --metrics 127.0.0.1:9187
  $0 event run --once
  $0 event run --confirm-timeline 5
  POSTERN_SMTP='smtp://postern:secret@mail.example.com?from=postern@example.com' $0 event run`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			if options.Workers < 1 || options.Workers > 100 {
				return usageError("--workers must be from 1 to 100, not %d", options.Workers)
			}
			origin := "--smtp"
			if smtp == "" {
				origin, smtp = smtpVariable, os.Getenv(smtpVariable)
			}
			var err error
			if options.SMTP, err = app.smtpServer(origin, smtp); err != nil {
				return err
			}
			confirmed, err := confirmedTimeline(command, timeline)
			if err != nil {
				return err
			}
			options.Timeline = confirmed
			options.Logger = app.logger()
			return app.runEvents(ctx, options, once, metrics)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&once, "once", false, "deliver what is due, and end")
	flags.IntVar(&options.Workers, "workers", 2, "simultaneous deliveries of each action")
	flags.StringVar(&smtp, "smtp", "", "SMTP server for mails, as a URL (default: POSTERN_SMTP)")
	addConfirmTimeline(command, &timeline)
	flags.StringVar(&metrics, "metrics", "", "address to serve metrics and health on, such as 127.0.0.1:9187")
	command.MarkFlagsMutuallyExclusive("once", "metrics")
	return command
}

// smtpVariable names the environment variable with the server for mails.
const smtpVariable = "POSTERN_SMTP"

// smtpServer reads the URL of a server for mails, which came from origin; nil if there is none.
func (a *application) smtpServer(origin, url string) (*event.SMTP, error) {
	if url == "" {
		return nil, nil
	}
	if origin == "--smtp" && hasPassword(url) {
		fmt.Fprintln(a.err, "Warning: the password in --smtp can be read in the process list; use "+smtpVariable+".")
	}
	server, err := event.ParseSMTP(url)
	if err != nil {
		return nil, usageError("%s: %w", origin, err)
	}
	return server, nil
}

// eventConnections is how many connections delivering with so many workers takes, with those for metrics and upkeep.
func eventConnections(workers int) int { return 2*workers + 3 }

func (a *application) runEvents(ctx context.Context, options event.Options, once bool, metrics string) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	pool, err := connecting.Pool(ctx, config, eventConnections(options.Workers))
	if err != nil {
		return err
	}
	defer pool.Close()
	if once {
		worker := event.New(pool, options)
		err := worker.RunOnce(ctx)
		summary := worker.Summary()
		if err == nil || summary != (event.Summary{}) {
			a.printf("delivered %d, skipped %d, to be tried again %d, dead %d\n", summary.Delivered, summary.Skipped, summary.Failed, summary.Dead)
		}
		return interrupted(ctx, explain(err, config.User))
	}
	return a.serve(ctx, pool, &service.Service{
		Parts:  []service.Part{a.delivering(pool, options), supporting(a.maintaining(pool))},
		Logger: a.logger(),
	}, metrics)
}
