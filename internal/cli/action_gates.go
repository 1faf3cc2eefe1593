package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/gatesearch"
)

func newActionGatesCommand(app *application) *cobra.Command {
	var (
		entry              string
		asFix, all, asJSON bool
	)
	command := &cobra.Command{
		Use:   "gates ACTION",
		Short: "Find the gates that an action's business code reaches",
		Long: `Prints which functions call which, from the function that the action runs down to the gates, and how
the action handles each gate: own (its checkpoint), referenced, exclusive (asks for itself), NOT REFERENCED, or NOT
REGISTERED as a gate.

The search follows calls through functions and procedures in SQL and PL/pgSQL, and through triggers, views, rules,
policies, defaults, checks and foreign keys of the tables that they use. If several functions fit a call, it follows
all of them. A question mark marks what the catalogs cannot tell, such as a gate whose id is computed. An exclamation
mark marks a handler that swallows the error of a gate, so that nobody is asked, and a gate that is called behind a
write.

The command only reads the database. Any role that may read the actions can run it (postern_admin, postern_auditor).

--entry is schema.function(types), or schema.function if there is only one function of that name. --fix prints only
the statement that references all gates; gates that are already referenced stay. Running that statement needs
postern_admin.

Exit code 3: a gate is not referenced, not registered, swallowed or behind a write, or something cannot be known; with
--fix, only the latter.`,
		Example: `  $0 action gates PayInvoice --entry payment.pay
  $0 action gates PayInvoice --entry payment.pay --fix | psql`,
		Args: arguments("ACTION"),
		RunE: func(command *cobra.Command, given []string) error {
			var search *gatesearch.Search
			defer collectForSearch()()
			bar := app.spinner("Searching")
			err := app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) (err error) {
				search, err = gatesearch.Find(command.Context(), connection, given[0], entry)
				return err
			})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			switch {
			case asFix:
				app.printf("%s\n", search.Fix())
				for _, unknown := range search.Unknown {
					app.warn("Warning: %s: %s\n", unknown.In, unknown.What)
				}
				for _, gate := range search.Gates {
					if !gate.Registered {
						app.warn("Warning: gate %s is called and not registered: register it first.\n", gate.GateID)
					}
				}
				if len(search.Unknown) > 0 {
					return errDifference
				}
				return nil
			case asJSON:
				if err := app.printJSON(search); err != nil {
					return err
				}
			default:
				app.printSearch(search, all)
			}
			if search.Finds() {
				return errDifference
			}
			return nil
		},
	}
	command.Flags().StringVar(&entry, "entry", "", "the function that the action runs")
	command.Flags().BoolVar(&asFix, "fix", false, "print the statement that references all gates, and nothing else")
	command.Flags().BoolVar(&all, "all", false, "also print calls that lead to no gate")
	addJSON(command, &asJSON)
	_ = command.MarkFlagRequired("entry")
	command.MarkFlagsMutuallyExclusive("fix", "json", "all")
	return command
}

func (a *application) printSearch(search *gatesearch.Search, all bool) {
	printer := treePrinter{app: a, search: search, all: all, printed: map[*callgraph.Node]bool{}}
	printer.print(search.Node, 0)

	missing := search.Missing()
	a.printf("\n")
	if !search.Registered {
		a.printf("Action %s is not registered.\n", search.Action)
	}
	if len(missing)+len(search.Unknown) > 0 {
		a.printf("Gates that the action does not reference: %s. Places that can't be known: %d.\n",
			orDash(strings.Join(missing, ", ")), len(search.Unknown))
	} else {
		a.printf("The action references all gates that it reaches.\n")
	}
	if len(search.Swallowed) > 0 {
		a.printf("Places where a handler swallows the error of a gate: %d. See docs/doctor/gate_swallowed.md.\n", len(search.Swallowed))
	}
	if len(search.Late) > 0 {
		a.printf("Gates behind a write: %d. See docs/doctor/gate_late.md.\n", len(search.Late))
	}
	if len(missing) > 0 {
		a.printf("Fix: %s\n", search.Fix())
	}
}

// stateOf says what an action does about a gate, and whether the gate stops anybody.
func stateOf(gate gatesearch.Gate) string {
	if !gate.Registered {
		return gate.State
	}
	return gate.State + ", " + activity(gate.Active)
}

// treePrinter prints a tree of calls. It prints what is below a node only once, however often the node occurs.
type treePrinter struct {
	app     *application
	search  *gatesearch.Search
	all     bool
	printed map[*callgraph.Node]bool
}

func (p *treePrinter) print(node *callgraph.Node, depth int) {
	if p.printed[node] {
		p.line(depth, node.Name+" (see above)")
		return
	}
	p.printed[node] = true
	p.line(depth, node.Name)
	for _, gate := range node.Gates {
		if gate.ID == "" {
			continue // what is unknown about it is printed below
		}
		index := slices.IndexFunc(p.search.Gates, func(reached gatesearch.Gate) bool { return reached.GateID == gate.ID })
		where := ""
		if gate.Line > 0 {
			where = fmt.Sprintf("line %d, ", gate.Line)
		}
		p.line(depth+1, fmt.Sprintf("gate %s (%s%s)", gate.ID, where, stateOf(p.search.Gates[index])))
	}
	for _, late := range node.Late {
		p.line(depth+1, fmt.Sprintf("! gate %s is behind a write%s", late.ID, inLine(late.Write)))
	}
	for _, swallowed := range p.search.Swallowed {
		if swallowed.Function == node.Name {
			gates := cmp.Or(strings.Join(swallowed.Gates, ", "), "a gate")
			if swallowed.More > 0 {
				gates += fmt.Sprintf(" and %d more", swallowed.More)
			}
			if swallowed.Guard {
				p.line(depth+1, fmt.Sprintf("! line %d writes what %s guards; the handler of the block in line %d swallows the error, and the write is undone", swallowed.Line, gates, swallowed.Block))
				continue
			}
			p.line(depth+1, fmt.Sprintf("! line %d leads to %s, whose error the handler of the block in line %d swallows", swallowed.Line, gates, swallowed.Block))
		}
	}
	for _, what := range node.Unknown {
		p.line(depth+1, "? "+what)
	}
	for _, called := range node.Calls {
		if p.all || p.search.Reached.Leads(called) {
			p.print(called, depth+1)
		}
	}
}

// inLine says where something is; empty if there are no lines.
func inLine(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf(" in line %d", number)
}

func (p *treePrinter) line(depth int, content string) {
	p.app.printf("%s%s\n", strings.Repeat("  ", depth), content)
}
