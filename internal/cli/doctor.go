package cli

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/configuration"
	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/printable"
)

func newDoctorCommand(app *application) *cobra.Command {
	var (
		asJSON bool
		failOn string
		accept []string
	)
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is left unprotected",
		Long: `Finds what is left unprotected: tables and partitions without a policy, policies that were changed,
views and functions that read with their owner's rights, roles that row security does not stop, settings that write
PINs to the server log, and more. Each finding has a level, the object, the reason why it matters, and the fix: SQL to
paste, or what to do in words. docs/doctor has a page for each code.

PostgreSQL's own parser finds calls of gates in the text of functions. The result is stored in the database, and
nothing else is written there. So the view postern.doctor, for those who have only psql, shows the same until
functions change, and then says so. doctor needs the role postern_admin, or postern_auditor, with which nothing is
stored. To find out whether Postern itself was changed, run verify.

--accept names a file with findings that somebody has accepted: which ones, about what, why and until when.
POSTERN_ACCEPT names one more. It is a configuration file, of which doctor reads only accepted_findings. An accepted
finding is dimmed and does not count. After its last day it counts again. Entries that match no finding are named on
standard error.

Exit code 3: a finding of the level of --fail-on, or above, counts.`,
		Example: `  $0 doctor
  $0 doctor --fail-on error
  $0 doctor --accept accepted.yaml
  $0 doctor --json | jq -r '.findings[] | select(.level == "error") | .fix'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if failOn != doctor.Warn && failOn != doctor.Error {
				return usageError("fail-on must be warn or error, not %q", failOn)
			}
			accepted, err := readAccepted(accept, app.in, func(name string) bool { return !isExtraGrant(name) })
			if err != nil {
				return err
			}
			var report *doctor.Report
			defer collectForSearch()()
			bar := app.spinner("Examining")
			err = app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) (err error) {
				report, err = doctor.Find(command.Context(), connection)
				return err
			})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if report.NotKept != nil {
				app.warn("The calls of gates that were found are not stored in the database: %v. The view postern.doctor may show less.\n", report.NotKept)
			}
			findings := doctor.Judge(report.Findings, accepted)
			app.warnOfUnused(accepted)
			if asJSON {
				if err := app.printJSON(map[string]any{"findings": findings}); err != nil {
					return err
				}
			} else {
				app.printFindings(findings)
			}
			if doctor.Reach(findings, failOn) {
				return errDifference
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	addAccept(command, &accept)
	command.Flags().StringVar(&failOn, "fail-on", doctor.Warn, "lowest level of a finding for exit code 3: warn, error")
	return command
}

// acceptVariable names the environment variable with one more file of accepted findings.
const acceptVariable = "POSTERN_ACCEPT"

func addAccept(command *cobra.Command, files *[]string) {
	command.Flags().StringArrayVar(files, "accept", nil, "file with accepted findings; - is standard input (once for each)")
}

// readAccepted reads the files before the command asks the database anything, because a mistake in a file is bad usage.
// It keeps only the entries whose names the command can find.
func readAccepted(files []string, in io.Reader, finds func(name string) bool) (*acceptance.List, error) {
	if file := os.Getenv(acceptVariable); file != "" {
		files = append(files, file)
	}
	desired, err := configuration.Read(files, in)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	entries := slices.DeleteFunc(slices.Clone(desired.Accepted()), func(entry acceptance.Entry) bool { return !finds(entry.Name) })
	return acceptance.NewList(entries, time.Now()), nil
}

func (a *application) warnOfUnused(accepted *acceptance.List) {
	for _, entry := range accepted.Unused() {
		a.warn("%s: the accepted %s of %s is no longer found: remove the entry.\n", entry.Place, entry.Name, entry.Object)
	}
}

// printFindings writes for a person. On a terminal it begins with an overview. Findings are grouped by code, and those
// that do not count come first, so that those that count stay in sight.
func (a *application) printFindings(findings []doctor.Judged) {
	if len(findings) == 0 {
		a.printf("Nothing found.\n")
		return
	}
	groups := slices.Collect(grouped(findings))
	if terminal(a.out) {
		rows := make([][]string, len(groups))
		for index, group := range groups {
			level := group[0].Level
			if group[0].Accepted {
				level = accepted
			}
			rows[index] = []string{level, group[0].Code, strconv.Itoa(len(group)), group[0].Title}
		}
		a.printTable([]string{"level", "code", "findings", "title"}, rows)
	}
	counts := map[string]int{}
	for _, group := range groups {
		if group[0].Accepted {
			counts[accepted] += len(group)
		} else {
			counts[group[0].Level] += len(group)
		}
		a.printGroup(group)
	}
	summary := "Nothing found."
	if counts[doctor.Error]+counts[doctor.Warn] > 0 {
		summary = fmt.Sprintf("%s, %s.", plural(int64(counts[doctor.Error]), "error"), plural(int64(counts[doctor.Warn]), "warning"))
	}
	a.printf("%s%s\n", summary, areAccepted(counts[accepted], "finding"))
}

func areAccepted(count int, noun string) string {
	switch count {
	case 0:
		return ""
	case 1:
		return " 1 " + noun + " is accepted."
	}
	return fmt.Sprintf(" %d %ss are accepted.", count, noun)
}

// accepted is the label of a finding that does not count.
const accepted = "accepted"

func (a *application) printGroup(group []doctor.Judged) {
	level := a.paint(group[0].Level)
	show := func(line string) verbatim { return verbatim(printable.Text(line)) }
	if group[0].Accepted {
		show = func(line string) verbatim { return a.coloured(text.Faint, line) }
		level = show(accepted + " " + group[0].Level)
	}
	a.printf("%s %s\n", level, show(group[0].Code+": "+group[0].Title))
	for _, finding := range group {
		a.printf("%s\n", show("  "+finding.Object))
		a.printf("%s\n", show("    "+finding.Detail))
		a.printJudgement("    ", finding.Judgement)
		a.printf("%s\n", show("    fix: "+finding.Fix))
	}
}

// printJudgement says why a finding does not count, or why its acceptance no longer holds.
func (a *application) printJudgement(indent string, judgement acceptance.Judgement) {
	switch {
	case judgement.Accepted:
		a.printf("%s\n", a.coloured(text.Faint, indent+"accepted until "+judgement.Until+": "+judgement.Reason))
	case judgement.Lapsed == acceptance.LapsedExpired:
		a.printf("%sits acceptance has expired; the last day was %s: %s\n", indent, judgement.Until, judgement.Reason)
	case judgement.Lapsed == acceptance.LapsedWorse:
		a.printf("%sits acceptance is for a warning, and this is an error: %s\n", indent, judgement.Reason)
	}
}

// grouped groups adjacent findings of the same code, level and title, in their given order.
func grouped(findings []doctor.Judged) iter.Seq[[]doctor.Judged] {
	return func(yield func([]doctor.Judged) bool) {
		for start := 0; start < len(findings); {
			first, end := findings[start], start+1
			for end < len(findings) && findings[end].Code == first.Code && findings[end].Level == first.Level && findings[end].Title == first.Title && findings[end].Accepted == first.Accepted {
				end++
			}
			if !yield(findings[start:end]) {
				return
			}
			start = end
		}
	}
}
