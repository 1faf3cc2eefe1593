package cli

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newActionCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "action",
		Short: "Projection actions, and the gates that they reference",
		Long: `Users of an application start actions. Each action runs business code, which may reach gates that are
older than the action. The registration of an action names the gates that it references. The action then asks once,
before its business code runs, and its approval opens all of them. A gate that it does not reference is refused with
the error PS105, Unhandled Security Checkpoint.

register and remove need the role postern_admin; list also works with postern_auditor.`,
		Example: `  $0 action list
  $0 action register PayInvoice --checkpoint SINWOF_PAY --legacy-checkpoint SINWOF_APPROVE`,
	}
	command.AddCommand(
		newActionListCommand(app),
		newActionRegisterCommand(app),
		newActionRemoveCommand(app),
		newActionGatesCommand(app),
	)
	return command
}

func newActionListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the actions",
		Long:  `Lists the actions, each with the gate that stops the action itself and the gates that it references.`,
		Example: `  $0 action list
  $0 action list --json | jq -r '.[] | select(.checkpoint == null) | .action'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var actions []query.Action
			err := app.query(command.Context(), func(queries *statements) (err error) {
				actions, err = queries.ListActions(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(actions)
			}
			if len(actions) == 0 {
				app.warn("There are no actions. Next: $0 action register ACTION\n")
			}
			rows := make([][]string, len(actions))
			for index, action := range actions {
				rows[index] = []string{
					action.Action, valueOrDash(action.Checkpoint), orDash(strings.Join(action.LegacyCheckpoints, ", ")), stamp(action.RegisteredAt),
				}
			}
			app.printTable([]string{"action", "checkpoint", "legacy_checkpoints", "registered_at"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newActionRegisterCommand(app *application) *cobra.Command {
	var (
		checkpoint        string
		legacyCheckpoints []string
	)
	command := &cobra.Command{
		Use:   "register ACTION",
		Short: "Register an action, or replace what was registered",
		Long: `Registers an action, and replaces what was registered under its name. Gates that are not named again
are no longer referenced.

--checkpoint is the gate that stops the action itself. --legacy-checkpoint names a gate that its business code
reaches. All of them must be registered.`,
		Example: `  $0 action register PayInvoice --checkpoint SINWOF_PAY
  $0 action register PayInvoice --legacy-checkpoint SINWOF_APPROVE --legacy-checkpoint SINWOF_RELEASE`,
		Args: arguments("ACTION"),
		RunE: func(command *cobra.Command, given []string) error {
			var own *string
			if command.Flags().Changed("checkpoint") {
				own = &checkpoint
			}
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RegisterAction(command.Context(), given[0], own, legacyCheckpoints)
			})
			if err != nil {
				return err
			}
			app.printf("Action %s registered; its checkpoint: %s; it references: %s.\n",
				given[0], cmp.Or(checkpoint, "none"), cmp.Or(strings.Join(legacyCheckpoints, ", "), "none"))
			return nil
		},
	}
	command.Flags().StringVar(&checkpoint, "checkpoint", "", "the gate that stops the action itself")
	command.Flags().StringArrayVar(&legacyCheckpoints, "legacy-checkpoint", nil, "a gate that its business code reaches (once for each)")
	return command
}

func newActionRemoveCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:     "remove ACTION",
		Short:   "Remove an action",
		Long:    `Removes an action: it can no longer be begun. Its gates and its entries in the log stay.`,
		Example: `  $0 action remove PayInvoice`,
		Args:    arguments("ACTION"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RemoveAction(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Action %s is removed: it can no longer be begun.\n", given[0])
			return nil
		},
	}
}
