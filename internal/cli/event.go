package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newEventCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "event",
		Short: "Notify others of checkpoints: webhooks, mails, functions, notifications",
		Long: `Each checkpoint that was passed, was denied, or met a locked credential is an event, once its transaction has
committed. "$0 event action add" adds a receiver of an event. "$0 event run" delivers each event at least once.

These commands need the role postern_admin; run needs postern_event_worker; list and dead also work with
postern_auditor.`,
		Example: `  $0 event action add approvals --event SECURITY_CHECKPOINT_SUCCESS --webhook https://hooks.example.com/approvals
  $0 event run
  $0 event dead`,
	}
	command.AddCommand(
		newEventListCommand(app),
		newEventEnabledCommand(app, "enable", true),
		newEventEnabledCommand(app, "disable", false),
		newEventActionCommand(app),
		newEventRunCommand(app),
		newEventDeadCommand(app),
		newEventRetryCommand(app),
	)
	return command
}

func newEventListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the events, and how many deliveries wait",
		Long: `Lists the events. actions: how many event actions each has. pending: deliveries that wait, including
those that no worker has queued yet (of these, at most 10000 are counted). disabled: actions whose receiver answered
that it is gone (410), see "$0 event action enable". dead: deliveries that were given up, see "$0 event dead".`,
		Example: `  $0 event list
  $0 event list --json | jq -r '.[] | select(.dead > 0) | .event'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var events []query.Event
			err := app.query(command.Context(), func(queries *statements) (err error) {
				events, err = queries.ListEvents(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(events)
			}
			rows := make([][]string, len(events))
			for index, event := range events {
				rows[index] = []string{event.Event, enablement(event.Enabled), fmt.Sprint(event.Actions), fmt.Sprint(event.Pending), fmt.Sprint(event.Dead), fmt.Sprint(event.DisabledActions), event.Description}
			}
			app.printTable([]string{"event", "state", "actions", "pending", "dead", "disabled", "description"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newEventEnabledCommand(app *application, verb string, enabled bool) *cobra.Command {
	command := &cobra.Command{
		Use:     verb + " EVENT",
		Short:   "Enable the delivery of an event",
		Long:    `Enables an event that was disabled, from now on. What waits in the queue is delivered.`,
		Example: `  $0 event enable SECURITY_CHECKPOINT_DENIED`,
		Args:    arguments("EVENT"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetEventEnabled(command.Context(), given[0], enabled)
			})
			if err != nil {
				return err
			}
			app.printf("Event %s is %s.\n", given[0], enablement(enabled))
			return nil
		},
	}
	if !enabled {
		command.Short = "Disable the delivery of an event"
		command.Long = `Disables an event until it is enabled again. What is in the queue waits until then. What happens in the meantime is
never delivered, but it is in the log.`
		command.Example = `  $0 event disable SECURITY_CHECKPOINT_DENIED`
	}
	return command
}

func newEventDeadCommand(app *application) *cobra.Command {
	var (
		asJSON bool
		limit  int32
		name   string
	)
	command := &cobra.Command{
		Use:   "dead",
		Short: "List the dead letters",
		Long: `Lists deliveries that were given up, newest first: after event_attempts attempts (see "$0 setting
list"), or because another attempt would not help. They stay until "$0 event retry", or until their action is
removed.`,
		Example: `  $0 event dead
  $0 event dead --action approvals --json | jq -r '.[].last_error' | sort | uniq -c`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 1 {
				return usageError("--limit must be 1 or more, not %d", limit)
			}
			var letters []query.ListDeadEventsRow
			err := app.query(command.Context(), func(queries *statements) (err error) {
				letters, err = queries.ListDeadEvents(command.Context(), given(name), limit)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(letters)
			}
			if len(letters) == 0 {
				fmt.Fprintln(app.err, "There are no dead letters.")
			}
			rows := make([][]string, len(letters))
			for index, letter := range letters {
				rows[index] = []string{letter.Name, letter.Event, fmt.Sprint(letter.LogID), fmt.Sprint(letter.Attempts), stampOrDash(letter.FinishedAt), valueOrDash(letter.LastError)}
			}
			app.printTable([]string{"action", "event", "log_id", "attempts", "given_up_at", "last_error"}, rows)
			return nil
		},
	}
	command.Flags().StringVar(&name, "action", "", "those of this action")
	command.Flags().Int32Var(&limit, "limit", 100, "show only the latest ones")
	addJSON(command, &asJSON)
	return command
}

func newEventRetryCommand(app *application) *cobra.Command {
	var (
		name  string
		logID int64
	)
	command := &cobra.Command{
		Use:   "retry",
		Short: "Retry dead letters",
		Long: `Makes the next worker retry dead letters, with all their attempts, and retry now what waits for its
next attempt. The delivery_id stays the same, so a receiver knows what it has already got.`,
		Example: `  $0 event retry
  $0 event retry --action approvals --log-id 4711`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var only *int64
			if command.Flags().Changed("log-id") {
				only = &logID
			}
			var retried int64
			err := app.query(command.Context(), func(queries *statements) (err error) {
				retried, err = queries.RetryEventDeliveries(command.Context(), given(name), only)
				return err
			})
			if err != nil {
				return err
			}
			app.printf("%s will be tried again.\n", plural(retried, "delivery"))
			return nil
		},
	}
	command.Flags().StringVar(&name, "action", "", "those of this action")
	command.Flags().Int64Var(&logID, "log-id", 0, "those of this entry of the log")
	return command
}
