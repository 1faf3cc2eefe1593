package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/printable"
)

func newVerifyCommand(app *application) *cobra.Command {
	var (
		asJSON      bool
		accept      []string
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "verify",
		Short: "Find what has been changed in an installation",
		Long: `Compares everything in Postern's schemas, and Postern's roles, with what this binary installs: tables,
columns, constraints, indexes, views, functions with their settings, triggers, policies, owners, grants, comments. It
prints a diff for every object that was changed, is missing, or does not belong there, and names every such grant. It
does not compare rows in tables.

It reads only catalogs and writes nothing, so any login and any standby will do. "install --repair" repairs what it
finds in functions and views, and says so. A person has to judge what is extra, or changed in tables and roles.

A grant that somebody added on purpose can be accepted like a finding of doctor's. --accept names a file with
accepted_findings, of which verify reads those called extra_grant. POSTERN_ACCEPT names one more. An accepted grant is
dimmed and does not count. After its last day it counts again.

Exit code 3: something differs.`,
		Example: `  $0 verify
  $0 verify --accept accepted.yaml
  $0 verify --json | jq -r '.differences[] | [.change, .kind, .name] | @tsv'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			accepted, err := readAccepted(accept, app.in, isExtraGrant)
			if err != nil {
				return err
			}
			config, err := app.config()
			if err != nil {
				return err
			}
			bar := app.spinner("Comparing")
			found, err := install.Verify(command.Context(), config, install.VerifyOptions{LockTimeout: lockTimeout, Logger: app.logger()})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			differences := install.Judge(found, accepted)
			app.warnOfUnused(accepted)
			if asJSON {
				if err := app.printJSON(map[string]any{"differences": differences}); err != nil {
					return err
				}
			} else {
				app.printDifferences(differences)
			}
			if slices.ContainsFunc(differences, install.Judged.Counts) {
				return errDifference
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addAccept(command, &accept)
	addLockTimeout(command, &lockTimeout)
	return command
}

func isExtraGrant(name string) bool { return name == acceptance.ExtraGrant }

// printDifferences writes for a person. Differences that do not count come first, so that those that count stay in
// sight.
func (a *application) printDifferences(differences []install.Judged) {
	count, ofAccepted := 0, 0
	for _, difference := range differences {
		title := difference.Title()
		if difference.Accepted {
			ofAccepted++
			a.printf("%s\n", a.coloured(text.Faint, accepted+" "+title))
			a.printJudgement("  ", difference.Judgement)
			continue
		}
		count++
		a.printf("%s\n", title)
		a.printJudgement("  ", difference.Judgement)
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
	summary := plural(int64(count), "difference") + "."
	if count == 0 {
		summary = fmt.Sprintf("No difference: what is installed is what Postern %s installs.", install.Version)
	}
	a.printf("%s%s\n", summary, areAccepted(ofAccepted, "grant"))
}
