package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/bench"
)

func newBenchCommand(app *application) *cobra.Command {
	var asJSON, compare bool
	var options bench.Options
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure what Postern costs, against plain PostgreSQL",
		Long: `Measures what Postern costs on a throw-away PostgreSQL server that flushes each commit to disk, and
says whether each bar is met. Postern and plain PostgreSQL take turns in short rounds, each of which gives a ratio or
a difference. The result is the median of the rounds; p10 and p90 show how far the rounds differ. Run it on an idle
machine: it takes about a quarter of an hour.

The server is found as for demo. On an existing server, bench creates databases and a role, and drops them at the end;
Postern's own roles stay.

The measurements: ` + strings.Join(bench.Options{}.Names(), ", ") + `.

With --peers, compares Postern with other designs, on the same tables and rows: policies that compare with
current_setting, with EXISTS, with IN, or by a function; and for the log an audit trigger and pgaudit. pgaudit
is left out if the server does not have it. The measurements: ` + strings.Join(bench.Options{Peers: true}.Names(), ", ") + `.

With --growth, measures how the costs of reading and of writing, and the memory of a session, grow with the
numbers of companies, of posting combinations, of users and of log entries. --up-to N leaves out sizes above N.
All sizes need some 20 GB of disk and more than an hour.

--compare measures nothing. It compares two files of --json. A measurement became better or worse only if its two
ranges from p10 to p90 do not overlap.

Exit code 3: a bar is missed, or with --compare something became worse.`,
		Example: `  $0 bench
  $0 bench --only session,transaction
  $0 bench --json > benchmarks.json
  $0 bench --peers --json > peers.json
  $0 bench --growth --up-to 100000
  $0 bench --compare before.json after.json`,
		Args: func(command *cobra.Command, arguments []string) error {
			if !compare {
				return cobra.NoArgs(command, arguments)
			}
			if len(arguments) != 2 {
				return usageError("--compare takes two files, which --json has written: before and after")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, arguments []string, _ string) ([]string, cobra.ShellCompDirective) {
			if compare && len(arguments) < 2 {
				return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			if compare {
				return app.compareBench(arguments[0], arguments[1], asJSON)
			}
			for _, name := range options.Only {
				if !slices.Contains(options.Names(), name) {
					return usageError("--only: there is no measurement %q; there are %s", name, strings.Join(options.Names(), ", "))
				}
			}
			if options.UpTo < 0 || options.UpTo > 0 && !options.Growth {
				return usageError("--up-to takes a number above 0, and needs --growth")
			}
			options.Logger = app.logger()
			var bar *progressbar.ProgressBar
			options.OnProgress = func(activity string, done, total int) {
				if bar == nil {
					bar = app.progress(int64(total), activity)
				}
				bar.Describe(activity)
				_ = bar.Set(done)
			}
			report, err := bench.Run(command.Context(), options)
			if bar != nil {
				_ = bar.Finish()
			}
			if report == nil || err != nil && len(report.Results) == 0 {
				return err
			}
			var printed error
			if asJSON {
				printed = app.printJSON(report)
			} else {
				app.printBench(report)
			}
			if err = errors.Join(err, printed); err == nil && !report.Met() {
				err = errDifference
			}
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	command.Flags().BoolVar(&compare, "compare", false, "compare two files of --json instead of measuring")
	command.Flags().BoolVar(&options.Quick, "quick", false, "run few, short rounds, which show that everything works, but say nothing about speed")
	command.Flags().StringSliceVar(&options.Only, "only", nil, "take only these measurements")
	command.Flags().BoolVar(&options.Peers, "peers", false, "compare with other designs instead")
	command.Flags().BoolVar(&options.Growth, "growth", false, "measure how costs grow instead")
	command.Flags().IntVar(&options.UpTo, "up-to", 0, "with --growth, the largest size; 0 for all")
	command.MarkFlagsMutuallyExclusive("compare", "quick")
	command.MarkFlagsMutuallyExclusive("compare", "peers", "growth")
	command.MarkFlagsMutuallyExclusive("compare", "only")
	return command
}

func (a *application) printBench(report *bench.Report) {
	machine := report.Machine
	a.printf("%s, %d cores, %s; PostgreSQL %s", machine.Processor, machine.Cores, machine.System, machine.Version)
	for _, name := range bench.SettingNames() {
		a.printf(", %s=%s", name, machine.Settings[name])
	}
	a.printf("\n%s\n\n", machine.Server)
	rows := [][]string{}
	for _, result := range report.Results {
		rows = append(rows, benchRow(result))
	}
	a.printTable([]string{"measurement", "measured", "p10 to p90", "bar", "", "what it is", "against"}, rows)
	for _, reason := range report.LeftOut {
		a.printf("\nLeft out: %s.\n", reason)
	}
	if report.Quick {
		a.printf("\nThese were few, short rounds. They say nothing about speed.\n")
	}
}

func benchRow(result bench.Result) []string {
	sign, verdict, bound := "×", "not ok", "≤"
	against := ""
	cost := func(spread bench.Spread) string { return fmt.Sprintf("%.3g %s", spread.Median, result.Unit) }
	if strings.HasSuffix(result.Unit, "/s") {
		cost = func(spread bench.Spread) string { return fmt.Sprintf("%.0f %s", spread.Median, result.Unit) }
	}
	what := result.Subject
	if result.BaselineCost == nil || result.Difference {
		sign = result.Unit
	}
	if result.BaselineCost != nil {
		what += ": " + cost(result.SubjectCost)
		against = result.Baseline + ": " + cost(*result.BaselineCost)
	}
	if result.Met {
		verdict = "ok"
	}
	if result.AtLeast {
		bound = "≥"
	}
	bar := fmt.Sprintf("%s %g %s", bound, result.Bar, sign)
	if result.Bar == 0 {
		bar, verdict = "-", "reported"
	}
	return []string{
		result.Name,
		fmt.Sprintf("%.2f %s", result.Measured.Median, sign),
		fmt.Sprintf("%.2f to %.2f", result.Measured.Low, result.Measured.High),
		bar, verdict, what, orDash(against),
	}
}

func (a *application) compareBench(before, after string, asJSON bool) error {
	reports := make([]*bench.Report, 2)
	for i, path := range []string{before, after} {
		content, err := a.readFile(path)
		if err != nil {
			return err
		}
		if reports[i], err = bench.ReadReport(content); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	comparison := bench.Compare(reports[0], reports[1])
	if asJSON {
		if err := a.printJSON(comparison); err != nil {
			return err
		}
	} else {
		rows := [][]string{}
		for _, change := range comparison.Changes {
			rows = append(rows, changeRow(change))
		}
		a.printTable([]string{"measurement", "before", "p10 to p90", "after", "p10 to p90", "change", ""}, rows)
		for _, warning := range comparison.Warnings {
			a.printf("\n%s\n", warning)
		}
	}
	if comparison.Worse() {
		return errDifference
	}
	return nil
}

func changeRow(change bench.Change) []string {
	row := []string{change.Name}
	for _, result := range []*bench.Result{change.Before, change.After} {
		if result == nil {
			row = append(row, "-", "-")
		} else {
			measured := benchRow(*result)
			row = append(row, measured[1], measured[2])
		}
	}
	moved := "-"
	if change.Verdict != bench.Missing && change.Verdict != bench.Different {
		moved = fmt.Sprintf("%+.0f %%", change.Percent)
	}
	return append(row, moved, string(change.Verdict))
}
