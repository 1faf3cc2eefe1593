package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/query"
)

func newEventActionCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "action",
		Short: "Receivers of events, and how they are notified",
		Long:  `An event action notifies one receiver of one event. These commands need the role postern_admin.`,
		Example: `  $0 event action add approvals --event SECURITY_CHECKPOINT_SUCCESS --webhook https://hooks.example.com/approvals
  $0 event action list
  $0 event action remove approvals`,
	}
	command.AddCommand(newEventActionAddCommand(app), newEventActionListCommand(app), newEventActionEnableCommand(app),
		newEventActionRotateSecretCommand(app), newEventActionRemoveCommand(app))
	return command
}

func newEventActionAddCommand(app *application) *cobra.Command {
	var (
		parameters                       query.AddEventActionParams
		webhook, mail, function, channel string
		condition, templateFile          string
	)
	command := &cobra.Command{
		Use:   "add NAME",
		Short: "Notify a receiver of an event",
		Long: `Adds a receiver that is notified of an event, from what commits after this on.

--webhook posts JSON to a URL, signed according to the Standard Webhooks specification. The secret for checking the
signature is printed only once, here. Internal addresses are refused, even if a host name resolves to one, unless
--allow-internal is given; http needs it too. Redirects are not followed.

--mail sends a mail; "$0 event run" needs an SMTP server for that.

--function calls an SQL function (event jsonb) returns void. It must be SECURITY DEFINER with its search_path set, and
its owner must have granted it to postern_event_function. Events may call only functions with that grant.

--notify sends a NOTIFY with the event's name and ids only, because everybody may listen.

A condition and a template can use the parameters event, event_time, userid, user_description, authenticated_by,
gate_id, message, comment, log_id and delivery_id. --when is an expression with ==, !=, <, >, and, or, not, in,
contains, startsWith, endsWith, matches, lower, upper, trim and len. A template has {{.message}} and the like, {{if}}
and {{else}}; for JSON write {{json .message}}. If the first line of a mail begins with Subject:, it is the subject.`,
		Example: `  $0 event action add approvals --event SECURITY_CHECKPOINT_SUCCESS --webhook https://hooks.example.com/approvals
  $0 event action add guesses --event SECURITY_CHECKPOINT_LOCKED --mail security@example.com --template locked.txt
  $0 event action add payments --event SECURITY_CHECKPOINT_SUCCESS --function app.on_approval \
      --when 'gate_id == "PAYMENT_RELEASE" and userid != "BATCH"'
  $0 event action add wake --event SECURITY_CHECKPOINT_SUCCESS --notify approvals`,
		Args: arguments("NAME"),
		RunE: func(command *cobra.Command, arguments []string) error {
			ctx := command.Context()
			parameters.Name = arguments[0]
			for kind, target := range map[string]string{"webhook": webhook, "mail": mail, "function": function, "notify": channel} {
				if command.Flags().Changed(kind) {
					parameters.Kind, parameters.Target = kind, target
				}
			}
			if err := checkEventAction(parameters); err != nil {
				return err
			}
			if command.Flags().Changed("when") {
				if _, err := event.CompileCondition(condition); err != nil {
					return usageError("--when: %w", err)
				}
				parameters.Condition = &condition
			}
			if templateFile != "" {
				content, err := app.readFile(templateFile)
				if err != nil {
					return err
				}
				text := string(content)
				if _, err := event.ParseTemplate(text); err != nil {
					return usageError("--template: %w", err)
				}
				parameters.Template = &text
			}
			var secret string
			err := app.query(ctx, func(queries *statements) (err error) {
				secret, err = queries.AddEventAction(ctx, parameters)
				return err
			})
			if err != nil {
				return err
			}
			app.printf("Event action %s added: %s by %s.\n", parameters.Name, parameters.Event, parameters.Kind)
			if secret != "" {
				app.printf("Secret, shown only now: %s\n", secret)
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&parameters.Event, "event", "", `the event, see "$0 event list"`)
	flags.StringVar(&webhook, "webhook", "", "URL to post to")
	flags.StringVar(&mail, "mail", "", "mail address to send to")
	flags.StringVar(&function, "function", "", "SQL function to call: schema.name")
	flags.StringVar(&channel, "notify", "", "channel to notify")
	flags.StringVar(&condition, "when", "", "notify only if this expression is true")
	flags.StringVar(&templateFile, "template", "", "file with the mail's text or the webhook's body (- is standard input)")
	flags.BoolVar(&parameters.AllowInternal, "allow-internal", false, "let the webhook go to an internal address, and use http")
	_ = command.MarkFlagRequired("event")
	command.MarkFlagsOneRequired("webhook", "mail", "function", "notify")
	command.MarkFlagsMutuallyExclusive("webhook", "mail", "function", "notify")
	for _, kind := range []string{"mail", "function", "notify"} {
		command.MarkFlagsMutuallyExclusive("allow-internal", kind)
	}
	command.MarkFlagsMutuallyExclusive("template", "function")
	command.MarkFlagsMutuallyExclusive("template", "notify")
	return command
}

func checkEventAction(parameters query.AddEventActionParams) error {
	switch parameters.Kind {
	case "webhook":
		if err := event.CheckWebhook(parameters.Target, parameters.AllowInternal); err != nil {
			return usageError("--webhook: %w", err)
		}
	case "mail":
		if err := event.CheckMailAddress(parameters.Target); err != nil {
			return usageError("--mail: %w", err)
		}
	}
	return nil
}

func newEventActionListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the event actions",
		Long:  `Lists the event actions, and how much each has to deliver. The secrets of webhooks are not shown.`,
		Example: `  $0 event action list
  $0 event action list --json | jq -r '.[] | select(.kind == "webhook") | .target'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var actions []query.EventAction
			err := app.query(command.Context(), func(queries *statements) (err error) {
				actions, err = queries.ListEventActions(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(actions)
			}
			if len(actions) == 0 {
				app.warn("There are no event actions. Next: $0 event action add NAME\n")
			}
			rows := make([][]string, len(actions))
			for index, action := range actions {
				options := []string{}
				if action.Template != nil {
					options = append(options, "template")
				}
				if action.AllowInternal {
					options = append(options, "internal")
				}
				rows[index] = []string{
					action.Name, action.Event, action.Kind, action.Target, valueOrDash(action.Condition), orDash(strings.Join(options, ", ")),
					fmt.Sprint(action.Pending), fmt.Sprint(action.Dead), eventActionState(action),
				}
			}
			app.printTable([]string{"name", "event", "kind", "target", "when", "options", "pending", "dead", "state"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func eventActionState(action query.EventAction) string {
	if action.DisabledAt == nil {
		return "enabled"
	}
	return fmt.Sprintf("disabled since %s: %s", stamp(*action.DisabledAt), valueOrDash(action.DisabledReason))
}

func newEventActionEnableCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "enable NAME",
		Short: "Deliver again to a receiver that was gone",
		Long: `Enables an action that was disabled because its receiver answered that it is gone (status 410). It
delivers everything that has waited and happened since. A new target enables an action too.`,
		Example: `  $0 event action enable approvals`,
		Args:    arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.EnableEventAction(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Event action %s is enabled.\n", given[0])
			return nil
		},
	}
}

func newEventActionRotateSecretCommand(app *application) *cobra.Command {
	var overlap time.Duration
	command := &cobra.Command{
		Use:   "rotate-secret NAME",
		Short: "Give a webhook a new secret",
		Long: `Gives a webhook a new secret, and prints it once. During the overlap, each delivery has a signature
with the new secret and one with each earlier secret, as Standard Webhooks allows. Give the new secret to the receiver
in that time. What waits is delivered. If somebody else knows the old secret, end it at once: --overlap 0s.`,
		Example: `  $0 event action rotate-secret approvals
  $0 event action rotate-secret approvals --overlap 1h`,
		Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			if overlap < 0 || overlap > 30*24*time.Hour {
				return usageError("--overlap must be from 0s to 720h, not %s", overlap)
			}
			var secret string
			err := app.query(command.Context(), func(queries *statements) (err error) {
				secret, err = queries.RotateWebhookSecret(command.Context(), given[0], int32(overlap.Seconds()))
				return err
			})
			if err != nil {
				return err
			}
			app.printf("Event action %s is signed with a new secret", given[0])
			if overlap > 0 {
				app.printf(", and with those before for %s", overlap)
			}
			app.printf(".\nSecret, shown only now: %s\n", secret)
			return nil
		},
	}
	command.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long earlier secrets also sign")
	return command
}

func newEventActionRemoveCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Stop notifying a receiver",
		Long:    `Removes an event action, its undelivered events, its dead letters and its secret.`,
		Example: `  $0 event action remove approvals`,
		Args:    arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RemoveEventAction(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Event action %s is removed.\n", given[0])
			return nil
		},
	}
}
