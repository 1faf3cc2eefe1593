package doctor

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/query"
)

// caller is an entry of the argument of postern.gate_findings.
type caller struct {
	Name       string   `json:"name"`
	Gates      []gate   `json:"gates"`
	Actions    []string `json:"actions"`
	Reached    []string `json:"reached"`
	Unknowable bool     `json:"unknowable"`
	Unreadable string   `json:"unreadable"`

	Late      []late            `json:"late"`
	Swallowed []swallowed       `json:"swallowed"`
	Writes    []callgraph.Write `json:"writes"`
}

type gate struct {
	ID   string `json:"id"`
	Line int    `json:"line"`
}

type late struct {
	gate
	Write int `json:"write"`
}

type swallowed struct {
	Line  int      `json:"line"`
	Block int      `json:"block"`
	Gates []string `json:"gates"`
	More  int      `json:"more"`
	Guard bool     `json:"guard"`
}

func newCaller(name string) *caller {
	return &caller{Name: name, Gates: []gate{}, Actions: []string{}, Reached: []string{}, Late: []late{}, Swallowed: []swallowed{}, Writes: []callgraph.Write{}}
}

// readCallers returns the argument of postern.gate_findings. That takes a parser of PL/pgSQL, so the database cannot do
// it.
func readCallers(ctx context.Context, connection *pgx.Conn, graph *callgraph.Graph) (json.RawMessage, error) {
	callers, begins := []*caller{}, []*caller{}
	entries := []*callgraph.Node{}
	named := map[string]*caller{}
	for _, node := range graph.Callers() {
		c := newCaller(node.Name)
		named[c.Name] = c
		c.Actions, c.Unknowable, c.Unreadable = append(c.Actions, node.Actions...), node.Unknowable, node.Unreadable
		for _, called := range node.Gates {
			if called.ID != "" {
				c.Gates = append(c.Gates, gate{ID: called.ID, Line: called.Line})
			}
		}
		for _, called := range node.Late {
			c.Late = append(c.Late, late{gate{ID: called.ID, Line: called.Line}, called.Write})
		}
		if len(c.Gates)+len(c.Actions) > 0 {
			c.Writes = graph.Writes(node)
		}
		callers = append(callers, c)
		if len(node.Actions) > 0 {
			begins, entries = append(begins, c), append(entries, node)
		}
	}
	for index, gates := range graph.ReachGates(entries) {
		begins[index].Reached = gates
	}
	if len(callers) > 0 || graph.Guarded() {
		for _, place := range graph.Swallowed() {
			if named[place.Function] == nil {
				named[place.Function] = newCaller(place.Function)
				callers = append(callers, named[place.Function])
			}
			c := named[place.Function]
			c.Swallowed = append(c.Swallowed, swallowed{Line: place.Line, Block: place.Block, Gates: place.Gates, More: place.More, Guard: place.Guard})
		}
	}
	return json.Marshal(callers)
}

// keep replaces the stored reading. reason says why that was impossible.
func keep(ctx context.Context, connection *pgx.Conn, fingerprint string, callers json.RawMessage) (reason, err error) {
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		queries := query.New(tx)
		if err := queries.LimitWait(ctx); err != nil {
			return err
		}
		return queries.KeepGateReading(ctx, fingerprint, callers)
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && reasons[server.Code] != "" {
		return errors.New(reasons[server.Code]), nil
	}
	return nil, err
}

// reasons are the errors that leave the database unchanged and mean that nothing else is wrong.
var reasons = map[string]string{
	"25006": "the server, or this session, only reads",                                         // read_only_sql_transaction
	"42501": "only members of postern_admin may keep it, by a login that this database allows", // insufficient_privilege
	"55P03": "another session has held what was kept there for 5 s",                            // lock_not_available
	"PS107": "it is larger than 8 MB",                                                          // message_invalid
}
