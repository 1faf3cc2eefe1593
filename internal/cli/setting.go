package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newSettingCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "setting",
		Short: "Settings of Postern in this database",
		Long: `Settings say how strict checkpoints are in this database. They apply from the next transaction on.

set needs the role postern_admin; list and history also work with postern_auditor.`,
		Example: `  $0 setting list
  $0 setting set comment_required true`,
	}
	command.AddCommand(newSettingListCommand(app), newSettingSetCommand(app), newSettingHistoryCommand(app))
	return command
}

func newSettingListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the settings, with their ranges",
		Long:  `Lists the settings, with their defaults and their allowed values.`,
		Example: `  $0 setting list
  $0 setting list --json | jq -r '.[] | select(.value != .default_value) | .name'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var settings []query.Setting
			err := app.query(command.Context(), func(queries *statements) (err error) {
				settings, err = queries.ListSettings(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(settings)
			}
			rows := make([][]string, len(settings))
			for index, setting := range settings {
				rows[index] = []string{setting.Name, setting.Value, setting.DefaultValue, allowed(setting), setting.Description}
			}
			app.printTable([]string{"name", "value", "default", "allowed", "description"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func allowed(setting query.Setting) string {
	if setting.Minimum != nil && setting.Maximum != nil {
		return fmt.Sprintf("%d to %d", *setting.Minimum, *setting.Maximum)
	}
	switch setting.Kind {
	case "kinds":
		return "none, all, or kinds of changes"
	case "text":
		return "text"
	default:
		return "true, false"
	}
}

func newSettingSetCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME VALUE",
		Short: "Change a setting",
		Long: `Changes a setting. Booleans accept true, on, yes, 1 and their opposites; numbers have a range, see "$0
setting list". administration_gate accepts none, all, or kinds of changes with commas between, see
docs/record.md.`,
		Example: `  $0 setting set comment_required true
  $0 setting set max_failures 3
  $0 setting set administration_gate gate,setting`,
		Args: arguments("NAME", "VALUE"),
		RunE: func(command *cobra.Command, given []string) error {
			return app.query(command.Context(), func(queries *statements) error {
				before, err := queries.ListSettings(command.Context())
				if err != nil {
					return err
				}
				if err := queries.SetSetting(command.Context(), given[0], given[1]); err != nil {
					return err
				}
				after, err := queries.ListSettings(command.Context())
				if err != nil {
					return err
				}
				app.printf("Setting %s is %s; it was %s.\n", given[0], settingValue(after, given[0]), settingValue(before, given[0]))
				if settingValue(after, "checkpoints_enabled") == "false" && given[0] == "checkpoints_enabled" {
					fmt.Fprintln(app.err, "Warning: no gate stops anybody now, except for a change of one's own PIN.")
				}
				return nil
			})
		},
	}
}

func settingValue(settings []query.Setting, name string) string {
	for _, setting := range settings {
		if setting.Name == name {
			return setting.Value
		}
	}
	return ""
}
