// Package gatesearch finds the gates that an action's business code reaches, and decides whether the action handles
// each of them.
package gatesearch

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/query"
)

// Search is the result of a search for one action.
type Search struct {
	Action     string `json:"action"`
	Registered bool   `json:"registered"`
	// Checkpoint and LegacyCheckpoints are those of the action's registration.
	Checkpoint        *string   `json:"checkpoint"`
	LegacyCheckpoints []string  `json:"legacy_checkpoints"`
	Entry             string    `json:"entry"`
	Gates             []Gate    `json:"gates"`
	Unknown           []Unknown `json:"unknown"`
	// Swallowed are the places where a handler keeps the error of a gate from the client.
	Swallowed []callgraph.Swallowed `json:"swallowed"`
	Late      []Late                `json:"late"`

	// Node is the function that the action runs, with the tree of its calls. Reached are the functions in that tree.
	Node    *callgraph.Node    `json:"-"`
	Reached *callgraph.Reached `json:"-"`
}

// Gate is a gate that the action reaches, and whether the action handles it.
type Gate struct {
	GateID     string `json:"gate_id"`
	Registered bool   `json:"registered"`
	Active     bool   `json:"active"`
	// Handled says that the action references the gate, or need not.
	Handled bool `json:"handled"`
	// State says the same in a word or two.
	State string `json:"-"`
}

// Unknown is something that the catalogs do not tell.
type Unknown struct {
	In   string `json:"in"`
	What string `json:"what"`
}

// Late is a call of a gate behind a write of the same function.
type Late struct {
	In     string `json:"in"`
	GateID string `json:"gate_id"`
	// Line is that of the call, and WriteLine that of the write; nil in SQL functions.
	Line      *int `json:"line"`
	WriteLine *int `json:"write_line"`
}

// Find searches from the function that an action runs. entry is schema.function(types), or schema.function if only one
// function has that name.
func Find(ctx context.Context, connection *pgx.Conn, action, entry string) (*Search, error) {
	search := &Search{Action: action, LegacyCheckpoints: []string{}, Gates: []Gate{}, Unknown: []Unknown{}, Late: []Late{}}
	queries := query.New(connection)
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
	if search.Node, err = graph.Find(ctx, connection, entry); err != nil {
		return nil, err
	}
	search.Entry = search.Node.Name
	search.Reached = graph.Reach(search.Node)
	search.Swallowed = search.Reached.Swallowed
	for _, id := range search.Reached.Gates {
		search.Gates = append(search.Gates, search.judge(id, gates))
	}
	for _, node := range search.Reached.Nodes {
		for _, what := range node.Unknown {
			search.Unknown = append(search.Unknown, Unknown{In: node.Name, What: what})
		}
		for _, late := range node.Late {
			search.Late = append(search.Late, Late{In: node.Name, GateID: late.ID, Line: known(late.Line), WriteLine: known(late.Write)})
		}
	}
	return search, nil
}

// known returns the number of a line; nil if there are no lines.
func known(line int) *int {
	if line == 0 {
		return nil
	}
	return &line
}

// judge decides how an action handles a gate.
func (s *Search) judge(id string, gates []query.Gate) Gate {
	reached := Gate{GateID: id}
	index := slices.IndexFunc(gates, func(gate query.Gate) bool { return gate.GateID == id })
	switch {
	case index < 0:
		reached.State = "NOT REGISTERED"
		return reached
	case gates[index].BuiltIn:
		reached.Handled, reached.State = true, "built in"
	case gates[index].Exclusive:
		reached.Handled, reached.State = true, "exclusive"
	case s.Checkpoint != nil && *s.Checkpoint == id:
		reached.Handled, reached.State = true, "own"
	case slices.Contains(s.LegacyCheckpoints, id):
		reached.Handled, reached.State = true, "referenced"
	default:
		reached.State = "NOT REFERENCED"
	}
	reached.Registered, reached.Active = true, gates[index].Active
	return reached
}

// Finds reports whether there is something to do.
func (s *Search) Finds() bool {
	return len(s.Unknown)+len(s.Swallowed)+len(s.Late) > 0 || slices.ContainsFunc(s.Gates, func(gate Gate) bool { return !gate.Handled })
}

// Missing lists the gates that the action must reference but does not.
func (s *Search) Missing() []string {
	missing := []string{}
	for _, gate := range s.Gates {
		if !gate.Handled {
			missing = append(missing, gate.GateID)
		}
	}
	return missing
}

// Fix returns the statement that makes the action reference all gates.
func (s *Search) Fix() string {
	return doctor.ReferenceGates(s.Action, s.Checkpoint, append(slices.Clone(s.LegacyCheckpoints), s.Missing()...))
}
