package cli

import (
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/printable"
)

func newVerifyCommand(app *application) *cobra.Command {
	var (
		asJSON      bool
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "verify",
		Short: "Find what has been changed in an installation",
		Long: `Compares everything in Postern's schemas, and Postern's roles, with what this binary installs: tables,
columns, constraints, indexes, views, functions with their settings, triggers, policies, owners, grants,
comments. Prints a diff for every object that was changed, is missing, or does not belong there, and names
every grant that does. Rows in tables are not compared.

It reads catalogs and writes nothing, so any login will do, and a standby. What it finds in functions and
views, "install --repair" puts right; what is extra, or changed in tables, roles and grants, a person has to
judge.

Exit code 3 where something differs.`,
		Example: `  installer verify
  installer verify --json | jq -r '.[] | [.change, .kind, .name] | @tsv'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := app.config()
			if err != nil {
				return err
			}
			bar := app.spinner("Comparing")
			differences, err := install.Verify(command.Context(), config, install.VerifyOptions{LockTimeout: lockTimeout, Logger: app.logger()})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if asJSON {
				if differences == nil {
					differences = []install.Difference{}
				}
				if err := app.printJSON(differences); err != nil {
					return err
				}
			} else {
				app.printDifferences(differences)
			}
			if len(differences) > 0 {
				return errDifference
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addLockTimeout(command, &lockTimeout)
	return command
}

func (a *application) printDifferences(differences []install.Difference) {
	if len(differences) == 0 {
		a.printf("No difference: what is installed is what Postern %s installs.\n", install.Version)
		return
	}
	for _, difference := range differences {
		a.printf("%s: %s %s\n", difference.Change, difference.Kind, difference.Name)
		for line := range strings.Lines(difference.Diff) {
			shown := verbatim(printable.Text(strings.TrimSuffix(line, "\n")))
			switch {
			case strings.HasPrefix(line, "-"):
				shown = a.coloured(text.FgRed, string(shown))
			case strings.HasPrefix(line, "+"):
				shown = a.coloured(text.FgGreen, string(shown))
			}
			a.printf("  %s\n", shown)
		}
	}
	noun := "differences"
	if len(differences) == 1 {
		noun = "difference"
	}
	a.printf("%d %s.\n", len(differences), noun)
}
