package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/configuration"
)

func newExportCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the database's configuration as a file for apply",
		Long: `Writes the configuration of the database as YAML that "$0 apply" reads: settings, gates, actions,
users, companies with their users, classes, rules and ledgers, protected and guarded tables, events and their receivers. The order
is always the same, so that a version control system shows what has changed. PINs, keys and the secrets of webhooks
are not in it.

Apply it to a database that has a fresh installation of Postern and the application's tables, to get the same
configuration there.

export needs the role postern_admin.`,
		Example: `  $0 export > postern.yaml
  $0 export | diff -u postern.yaml -`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.query(command.Context(), func(queries *statements) error {
				return configuration.Export(command.Context(), queries.Queries, app.out)
			})
		},
	}
}
