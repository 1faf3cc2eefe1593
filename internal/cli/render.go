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
		Long: `Prints one script that installs or upgrades Postern with psql alone, in one transaction. It does the
same as install and has the same result, so scripts and installers of all versions may alternate. The script does
nothing if exactly this version is installed, and stops if a newer version or build is. Printing it needs no
database.`,
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
