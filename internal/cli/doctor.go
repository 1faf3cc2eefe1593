package cli

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/doctor"
)

func newDoctorCommand(app *application) *cobra.Command {
	var (
		asJSON bool
		failOn string
	)
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is left unprotected",
		Long: `Finds what is left unprotected: tables and partitions without a policy, policies that were changed, views and
functions that read for their owner, roles that row security does not stop, settings that write PINs to the
server log, and more. Each finding has its level, what it is about, why it matters, and the fix: SQL to paste, or what to
do in words. docs/doctor has a page for each code.

The calls of gates are found by PostgreSQL's own parser in the text of functions. What it has read of them is kept in
the database, and nothing else is written there: so the view postern.doctor, for who has psql alone, shows the same
until functions change, and then says so. It needs the role postern_admin, or postern_auditor, which keeps nothing.
Whether Postern itself was changed, verify tells.

Exit code 3 where there is a finding at or over the level of --fail-on.`,
		Example: `  installer doctor
  installer doctor --fail-on error
  installer doctor --json | jq -r '.[] | select(.level == "error") | .fix'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if failOn != doctor.Warn && failOn != doctor.Error {
				return usageError("fail-on must be warn or error, not %q", failOn)
			}
			var report *doctor.Report
			bar := app.spinner("Examining")
			err := app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *db.Queries) (err error) {
				report, err = doctor.Find(command.Context(), connection)
				return err
			})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if report.NotKept != nil {
				fmt.Fprintf(app.err, "What was read of the calls of gates is not kept in the database: %v. The view postern.doctor may say less.\n", report.NotKept)
			}
			if asJSON {
				if err := app.printJSON(report.Findings); err != nil {
					return err
				}
			} else {
				app.printFindings(report.Findings)
			}
			if doctor.Reach(report.Findings, failOn) {
				return errDifference
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	command.Flags().StringVar(&failOn, "fail-on", doctor.Warn, "level from which on a finding gives exit code 3: warn, error")
	return command
}

// printFindings writes for a person: on a terminal an overview first, then what was found, together by code.
func (a *application) printFindings(findings []db.Finding) {
	if len(findings) == 0 {
		a.printf("Nothing found.\n")
		return
	}
	groups := slices.Collect(grouped(findings))
	if terminal(a.out) {
		rows := make([][]string, len(groups))
		for index, group := range groups {
			rows[index] = []string{group[0].Level, group[0].Code, strconv.Itoa(len(group)), group[0].Title}
		}
		a.printTable([]string{"level", "code", "findings", "title"}, rows)
	}
	errors := 0
	for _, group := range groups {
		level := group[0].Level
		if level == doctor.Error {
			errors += len(group)
		}
		a.printf("%s %s: %s\n", a.paint(level), group[0].Code, printable(group[0].Title))
		for _, finding := range group {
			a.printf("  %s\n    %s\n    fix: %s\n", printable(finding.Object), printable(finding.Detail), printable(finding.Fix))
		}
	}
	a.printf("%s, %s.\n", plural(int64(errors), "error"), plural(int64(len(findings)-errors), "warning"))
}

// grouped gives the findings of one code and title together, as they stand.
func grouped(findings []db.Finding) iter.Seq[[]db.Finding] {
	return func(yield func([]db.Finding) bool) {
		for start := 0; start < len(findings); {
			end := start + 1
			for end < len(findings) && findings[end].Code == findings[start].Code && findings[end].Level == findings[start].Level && findings[end].Title == findings[start].Title {
				end++
			}
			if !yield(findings[start:end]) {
				return
			}
			start = end
		}
	}
}
