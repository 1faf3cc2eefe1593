package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
)

func newRenderCommand(app *application) *cobra.Command {
	var format, folder string
	var former []string
	command := &cobra.Command{
		Use:   "render",
		Short: "Print installation and upgrade as SQL, for psql or as an extension",
		Long: `Prints one script that installs or upgrades Postern with psql alone, in one transaction. It does the
same as install and has the same result, so scripts and installers of all versions may alternate. The script does
nothing if exactly this version is installed, and stops if a newer version or build is. Printing it needs no
database.

--format extension writes the control file and the scripts of an extension into --folder instead. Copy them into the
folder "extension" below what "pg_config --sharedir" prints; then CREATE EXTENSION postern CASCADE does what install
does. docs/install.md says what is different.`,
		Example: `  $0 render > postern.sql
  psql -v ON_ERROR_STOP=1 -f postern.sql erp
  $0 render --format extension --folder . --upgrade-from 0.1.0`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			switch {
			case format == "psql" && folder == "" && len(former) == 0:
				return install.RenderPsql(command.Context(), install.Options{}, app.out)
			case format == "extension" && folder != "":
				return install.RenderExtension(command.Context(), install.Options{}, folder, former)
			case format == "psql" || format == "extension":
				return usageError("--folder and --upgrade-from are for --format extension, which needs --folder")
			default:
				return usageError("--format must be psql or extension, not %q", format)
			}
		},
	}
	command.Flags().StringVar(&format, "format", "psql", "psql or extension")
	command.Flags().StringVar(&folder, "folder", "", "where the files of the extension go, over those of the same names")
	command.Flags().StringArrayVar(&former, "upgrade-from", nil, "a version that the extension can be updated from; give it once for each")
	return command
}
