package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/configuration"
)

func newApplyCommand(app *application) *cobra.Command {
	var (
		files         []string
		planned       bool
		impact        bool
		prune, asJSON bool
		lockTimeout   time.Duration
	)
	command := &cobra.Command{
		Use:   "apply -f FILE…",
		Short: "Change the database to match configuration files",
		Long: `Reads configuration files, and changes the database to match them, in one transaction: gates, actions,
settings, users, companies with their users, classes, rules and ledgers, protected and guarded tables, events and
their receivers.
Running it again changes nothing. --plan shows the differences without changing anything, and ends with exit code 3 if
there are any. If something changes between a plan and an apply, apply plans again.

--impact shows what the differences mean, also without changing anything: which users would gain and lose companies,
internal ledgers and posting combinations, which gates and guards would ask less or more. It ends with exit code 3 if
anybody would gain. What cannot be judged, such as a changed condition of a guard, counts as a gain.

A file is YAML as described in docs/configuration.md, or contains projection snippets: action Name { checkpoint = "…";
legacycheckpoints = "…", "…"; }. Each object may be in only one file. -f - reads standard input.

A key that is absent changes nothing: a gate that was activated by hand stays active if the file has no "active" for
it. An object that is in no file stays as well. --prune removes what is not in the files' lists: users of a company,
users of a ledger, rules of a class, actions, protected tables, guards, event actions. Gates and users, which the
log names, are switched off instead. Companies, classes and ledgers always stay.

The secret of a new webhook is printed only once, with the change that creates it. Keep it out of the logs of a
pipeline.

Other sessions wait for a moment at most. If others use for long what has to change, apply tries again, for
--lock-timeout.

apply needs the role postern_admin, and to protect or guard a table also the rights of its owner: connect as the owner,
or as a member of the owner's role.`,
		Example: `  $0 apply -f postern.yaml --plan
  $0 apply -f postern.yaml --impact
  $0 apply -f gates.yaml -f companies.yaml -f Invoice.projection
  $0 apply -f postern.yaml --prune --plan --json | jq -r '.changes[] | [.operation, .kind, .name] | @tsv'`,
		RunE: func(command *cobra.Command, more []string) error {
			ctx := command.Context()
			desired, err := configuration.Read(append(files, more...), app.in)
			if err != nil {
				return err
			}
			if impact {
				return app.preview(ctx, desired, prune, asJSON)
			}
			var plan *configuration.Plan
			bar := app.spinner("Comparing")
			if planned {
				err = app.query(ctx, func(queries *statements) (err error) {
					plan, err = configuration.MakePlan(ctx, queries.Queries, desired, prune)
					return err
				})
			} else {
				err = app.change(ctx, "What the files change", lockTimeout, func(tx pgx.Tx, _ *statements) (err error) {
					plan, err = configuration.Apply(ctx, tx, desired, prune)
					return err
				})
			}
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if asJSON {
				err = app.printJSON(plan)
			} else {
				app.printPlan(plan, planned)
			}
			if err == nil && planned && len(plan.Changes) > 0 {
				err = errDifference
			}
			return err
		},
	}
	flags := command.Flags()
	flags.StringArrayVarP(&files, "file", "f", nil, "configuration file; - is standard input (once for each; required)")
	flags.BoolVar(&planned, "plan", false, "show what would change, and change nothing")
	flags.BoolVar(&impact, "impact", false, "show who would gain and who would lose what, and change nothing")
	flags.BoolVar(&prune, "prune", false, "remove what is not in the files' lists")
	addLockTimeout(command, &lockTimeout)
	addJSON(command, &asJSON)
	_ = command.MarkFlagRequired("file")
	command.MarkFlagsMutuallyExclusive("plan", "impact")
	return command
}

// verbs are the words for each kind of change, before and after it is made.
var verbs = []struct{ operation, sign, todo, done string }{
	{configuration.Create, "+", "to create", "created"},
	{configuration.Alter, "~", "to change", "changed"},
	{configuration.Remove, "-", "to remove", "removed"},
}

func (a *application) printPlan(plan *configuration.Plan, planned bool) {
	counts := map[string]int{}
	for _, change := range plan.Changes {
		counts[change.Operation]++
		a.printChange(change)
	}
	stay := "."
	if plan.Unlisted > 0 {
		stay = fmt.Sprintf("; %s not in the files' lists stay, unless --prune is given.", plural(int64(plan.Unlisted), "object"))
		if plan.Unlisted == 1 {
			stay = "; 1 object not in the files' lists stays, unless --prune is given."
		}
	}
	if len(plan.Changes) == 0 {
		a.printf("No changes%s\n", stay)
		return
	}
	parts := []string{}
	for _, verb := range verbs {
		if planned {
			parts = append(parts, fmt.Sprintf("%d %s", counts[verb.operation], verb.todo))
		} else {
			parts = append(parts, fmt.Sprintf("%d %s", counts[verb.operation], verb.done))
		}
	}
	a.printf("%s%s\n", strings.Join(parts, ", "), stay)
}

func (a *application) printChange(change configuration.Change) {
	sign, paint := "", text.FgYellow
	for _, verb := range verbs {
		if verb.operation == change.Operation {
			sign = verb.sign
		}
	}
	switch change.Operation {
	case configuration.Create:
		paint = text.FgGreen
	case configuration.Remove:
		paint = text.FgRed
	}
	a.printf("%s\n", a.coloured(paint, fmt.Sprintf("%s %s %s", sign, change.Kind, change.Name)))
	for _, field := range change.Fields {
		if change.Operation == configuration.Create {
			a.printf("    %s: %s\n", field.Name, fieldText(field.To))
		} else {
			a.printf("    %s: %s → %s\n", field.Name, fieldText(field.From), fieldText(field.To))
		}
	}
	if change.Secret != "" {
		a.printf("    Secret, shown only now: %s\n", change.Secret)
	}
}

func fieldText(value any) string {
	switch value := value.(type) {
	case nil:
		return "none"
	case string:
		if value == "" {
			return "none"
		}
		return `"` + value + `"`
	case []string:
		return "[" + strings.Join(value, ", ") + "]"
	case map[string]string:
		return "{" + namedTexts(value) + "}"
	}
	return fmt.Sprint(value)
}

// namedTexts shows texts with their names, in the order of these.
func namedTexts(texts map[string]string) string {
	parts := []string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parts = append(parts, name+": "+texts[name])
	}
	return strings.Join(parts, ", ")
}
