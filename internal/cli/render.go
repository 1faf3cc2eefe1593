package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
)

func newRenderCommand(app *application) *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "render",
		Short: "Print installation and upgrade as one SQL script for psql",
		Long: `Prints one script that installs Postern with psql alone, or upgrades it, in one transaction. It does what
install does and leaves the same, so that scripts and installers of all versions may take turns. The script does
nothing where this very version is installed, and stops where a newer version or build is. No database is
needed to print it.`,
		Example: `  $0 render > postern.sql
  psql -v ON_ERROR_STOP=1 -f postern.sql erp`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if format != "psql" {
				return usageError("--format must be psql, not %q", format)
			}
			return install.RenderPsql(command.Context(), install.Options{}, app.out)
		},
	}
	command.Flags().StringVar(&format, "format", "psql", "psql")
	return command
}
