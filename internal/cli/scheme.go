package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newSchemeCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "scheme",
		Short: "Ways to authenticate at a checkpoint",
		Long: `Schemes are ways to authenticate at a checkpoint. PIN is built in and stays enabled. TOTP, codes of
authenticator apps, is built in too, and disabled at first. Others are added in SQL, with
postern.register_scheme(scheme, verify_function).

enable and disable need the role postern_admin; list also works with postern_auditor.`,
		Example: `  $0 scheme list
  $0 scheme disable TOTP`,
	}
	command.AddCommand(
		newSchemeListCommand(app),
		newSchemeEnabledCommand(app, "enable", true),
		newSchemeEnabledCommand(app, "disable", false),
	)
	return command
}

func newSchemeListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the schemes",
		Long:  `Lists the schemes, with the functions that verify what a person typed.`,
		Example: `  $0 scheme list
  $0 scheme list --json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var schemes []query.Scheme
			err := app.query(command.Context(), func(queries *statements) (err error) {
				schemes, err = queries.ListSchemes(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(schemes)
			}
			rows := make([][]string, len(schemes))
			for index, scheme := range schemes {
				function := "built in"
				if scheme.VerifyFunction != nil {
					function = *scheme.VerifyFunction
				}
				rows[index] = []string{scheme.Scheme, enablement(scheme.Enabled), function}
			}
			app.printTable([]string{"scheme", "state", "verify_function"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func enablement(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

func newSchemeEnabledCommand(app *application, verb string, enabled bool) *cobra.Command {
	command := &cobra.Command{
		Use:     verb + " SCHEME",
		Short:   "Allow a scheme",
		Long:    `Allows a way to authenticate that was forbidden.`,
		Example: `  $0 scheme enable TOTP`,
		Args:    arguments("SCHEME"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetSchemeEnabled(command.Context(), given[0], enabled)
			})
			if err != nil {
				return err
			}
			app.printf("Scheme %s is %s.\n", given[0], enablement(enabled))
			return nil
		},
	}
	if !enabled {
		command.Short = "Forbid a scheme"
		command.Long = `Forbids a way to authenticate; approvals that were given with it stay valid. PIN cannot be forbidden.`
		command.Example = `  $0 scheme disable TOTP`
	}
	return command
}
