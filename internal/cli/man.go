package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/posternsql/postern/internal/install"
)

// newManCommand is for those who make packages, so it is not in the list of commands.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages into a folder",
		Long: `Writes a manual page for each command into a folder, which must exist. The packages of Postern have them
already. SOURCE_DATE_EPOCH is the date on the pages, in seconds since 1970; otherwise that is today.`,
		Example: `  mkdir -p ~/.local/share/man/man1
  $0 man ~/.local/share/man/man1`,
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(command *cobra.Command, arguments []string) error {
			if _, err := os.ReadDir(arguments[0]); err != nil {
				return fmt.Errorf("the folder of the manual pages: %w", err)
			}
			root := command.Root()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Postern " + install.Version, Manual: "Postern"}, arguments[0])
		},
	}
}
