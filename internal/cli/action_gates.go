package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/query"
)

func newActionGatesCommand(app *application) *cobra.Command {
	var (
		entry              string
		asFix, all, asJSON bool
	)
	command := &cobra.Command{
		Use:   "gates ACTION",
		Short: "Find the gates that an action's business code reaches",
		Long: `Prints which functions call which, from the function that the action runs down to the gates, and how the action
stands to each gate: own (its checkpoint), referenced, exclusive (asks for itself), NOT REFERENCED, or NOT REGISTERED as a gate. Calls are followed
through functions and procedures in SQL and PL/pgSQL, and through triggers, views, rules, policies, defaults, checks
and foreign keys of the tables that they touch. Where several functions fit a call, all are followed. A question mark
stands where something can't be known from the catalogs, such as a gate whose id is computed.

The database is only read; any role may do it that may read the actions (postern_admin, postern_auditor).

--entry is schema.function(types), or schema.function where there is one of that name. --fix prints nothing but the
statement that references all gates; what it references already stays. It needs postern_admin to run.

Exit code 3 where a gate is not referenced or not registered, or something can't be known; with --fix, only where
something can't be known.`,
		Example: `  $0 action gates PayInvoice --entry payment.pay
  $0 action gates PayInvoice --entry payment.pay --fix | psql`,
		Args: arguments("ACTION"),
		RunE: func(command *cobra.Command, given []string) error {
			var search *gateSearch
			defer collectForSearch()()
			bar := app.spinner("Searching")
			err := app.withDatabase(command.Context(), func(connection *pgx.Conn, queries *statements) (err error) {
				search, err = searchGates(command.Context(), connection, queries, given[0], entry)
				return err
			})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			switch {
			case asFix:
				app.printf("%s\n", search.fix())
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
			if search.finds() {
				return errDifference
			}
			return nil
		},
	}
	command.Flags().StringVar(&entry, "entry", "", "the function that the action runs")
	command.Flags().BoolVar(&asFix, "fix", false, "print the statement that references all gates, and nothing else")
	command.Flags().BoolVar(&all, "all", false, "print calls that lead to no gate, too")
	addJSON(command, &asJSON)
	_ = command.MarkFlagRequired("entry")
	command.MarkFlagsMutuallyExclusive("fix", "json", "all")
	return command
}

// gateSearch is what was found for one action.
type gateSearch struct {
	Action     string `json:"action"`
	Registered bool   `json:"registered"`
	// Checkpoint and LegacyCheckpoints are what the action is registered with.
	Checkpoint        *string       `json:"checkpoint"`
	LegacyCheckpoints []string      `json:"legacy_checkpoints"`
	Entry             string        `json:"entry"`
	Gates             []reachedGate `json:"gates"`
	Unknown           []unknown     `json:"unknown"`

	entry   *callgraph.Node
	reached *callgraph.Reached
}

// reachedGate is a gate and how the action stands to it.
type reachedGate struct {
	GateID     string `json:"gate_id"`
	Registered bool   `json:"registered"`
	Active     bool   `json:"active"`
	// Handled tells that the action need not reference it, or does.
	Handled bool `json:"handled"`
	state   string
}

// unknown is something that the catalogs don't tell.
type unknown struct {
	In   string `json:"in"`
	What string `json:"what"`
}

func searchGates(ctx context.Context, connection *pgx.Conn, queries *statements, action, entry string) (*gateSearch, error) {
	search := &gateSearch{Action: action, LegacyCheckpoints: []string{}, Gates: []reachedGate{}, Unknown: []unknown{}}
	actions, err := queries.ListActions(ctx)
	if err != nil {
		return nil, err
	}
	if index := slices.IndexFunc(actions, func(a query.Action) bool { return a.Action == action }); index >= 0 {
		search.Registered, search.Checkpoint, search.LegacyCheckpoints = true, actions[index].Checkpoint, actions[index].LegacyCheckpoints
	}
	gates, err := queries.ListGates(ctx)
	if err != nil {
		return nil, err
	}
	graph, err := callgraph.Read(ctx, connection)
	if err != nil {
		return nil, err
	}
	if search.entry, err = graph.Find(ctx, connection, entry); err != nil {
		return nil, err
	}
	search.Entry = search.entry.Name
	search.reached = graph.Reach(search.entry)
	for _, id := range search.reached.Gates {
		search.Gates = append(search.Gates, search.judge(id, gates))
	}
	for _, node := range search.reached.Nodes {
		for _, what := range node.Unknown {
			search.Unknown = append(search.Unknown, unknown{In: node.Name, What: what})
		}
	}
	return search, nil
}

// judge says how the action stands to a gate.
func (s *gateSearch) judge(id string, gates []query.Gate) reachedGate {
	reached := reachedGate{GateID: id}
	index := slices.IndexFunc(gates, func(gate query.Gate) bool { return gate.GateID == id })
	switch {
	case index < 0:
		reached.state = "NOT REGISTERED"
		return reached
	case gates[index].BuiltIn:
		reached.Handled, reached.state = true, "built in"
	case gates[index].Exclusive:
		reached.Handled, reached.state = true, "exclusive"
	case s.Checkpoint != nil && *s.Checkpoint == id:
		reached.Handled, reached.state = true, "own"
	case slices.Contains(s.LegacyCheckpoints, id):
		reached.Handled, reached.state = true, "referenced"
	default:
		reached.state = "NOT REFERENCED"
	}
	reached.Registered, reached.Active = true, gates[index].Active
	reached.state += ", " + activity(reached.Active)
	return reached
}

// finds tells whether there is something to do.
func (s *gateSearch) finds() bool {
	return len(s.Unknown) > 0 || slices.ContainsFunc(s.Gates, func(gate reachedGate) bool { return !gate.Handled })
}

// fix is the statement that references all gates.
func (s *gateSearch) fix() string {
	references := slices.Clone(s.LegacyCheckpoints)
	for _, gate := range s.Gates {
		if !gate.Handled {
			references = append(references, gate.GateID)
		}
	}
	return doctor.ReferenceGates(s.Action, s.Checkpoint, references)
}

func (a *application) printSearch(search *gateSearch, all bool) {
	printer := treePrinter{app: a, search: search, all: all, printed: map[*callgraph.Node]bool{}}
	printer.print(search.entry, 0)

	var missing []string
	for _, gate := range search.Gates {
		if !gate.Handled {
			missing = append(missing, gate.GateID)
		}
	}
	a.printf("\n")
	if !search.Registered {
		a.printf("Action %s is not registered.\n", search.Action)
	}
	if search.finds() {
		a.printf("Gates that the action does not reference: %s. Places that can't be known: %d.\n",
			orDash(strings.Join(missing, ", ")), len(search.Unknown))
	} else {
		a.printf("The action references all gates that it reaches.\n")
	}
	if len(missing) > 0 {
		a.printf("Fix: %s\n", search.fix())
	}
}

// treePrinter prints calls, each node with what is below it once.
type treePrinter struct {
	app     *application
	search  *gateSearch
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
			continue // what is unknown about it comes below
		}
		index := slices.IndexFunc(p.search.Gates, func(reached reachedGate) bool { return reached.GateID == gate.ID })
		where := ""
		if gate.Line > 0 {
			where = fmt.Sprintf("line %d, ", gate.Line)
		}
		p.line(depth+1, fmt.Sprintf("gate %s (%s%s)", gate.ID, where, p.search.Gates[index].state))
	}
	for _, what := range node.Unknown {
		p.line(depth+1, "? "+what)
	}
	for _, called := range node.Calls {
		if p.all || p.search.reached.Leads(called) {
			p.print(called, depth+1)
		}
	}
}

func (p *treePrinter) line(depth int, content string) {
	p.app.printf("%s%s\n", strings.Repeat("  ", depth), content)
}
