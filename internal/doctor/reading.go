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
	Behind    behind            `json:"behind"`
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

// behind is what is on the ways to what Writes says, as in callgraph.Writer.
type behind struct {
	Gates    []string `json:"gates"`
	Actions  []string `json:"actions"`
	Definers []string `json:"definers"`
}

func newCaller(name string) *caller {
	return &caller{Name: name, Gates: []gate{}, Actions: []string{}, Reached: []string{}, Late: []late{}, Swallowed: []swallowed{}, Writes: []callgraph.Write{}, Behind: behind{[]string{}, []string{}, []string{}}}
}

// readCallers returns the argument of postern.gate_findings. That takes a parser of PL/pgSQL, so the database cannot do
// it.
func readCallers(ctx context.Context, connection *pgx.Conn, graph *callgraph.Graph) (json.RawMessage, error) {
	callers, begins := []*caller{}, []*caller{}
	entries := []*callgraph.Node{}
	named := map[string]*caller{}
	name := func(name string) *caller {
		if named[name] == nil {
			named[name] = newCaller(name)
			callers = append(callers, named[name])
		}
		return named[name]
	}
	nodes := graph.Callers()
	for _, node := range nodes {
		c := name(node.Name)
		c.Actions, c.Unknowable, c.Unreadable = append(c.Actions, node.Actions...), node.Unknowable, node.Unreadable
		for _, called := range node.Gates {
			if called.ID != "" {
				c.Gates = append(c.Gates, gate{ID: called.ID, Line: called.Line})
			}
		}
		for _, called := range node.Late {
			c.Late = append(c.Late, late{gate{ID: called.ID, Line: called.Line}, called.Write})
		}
		if len(node.Actions) > 0 {
			begins, entries = append(begins, c), append(entries, node)
		}
	}
	for index, gates := range graph.ReachGates(entries) {
		begins[index].Reached = gates
	}
	for _, writer := range graph.Writers(nodes) {
		c := name(writer.Node.Name)
		c.Writes, c.Behind = writer.Writes, behind{writer.Gates, writer.Actions, writer.Definers}
	}
	if len(callers) > 0 || graph.Guarded() {
		for _, place := range graph.Swallowed() {
			c := name(place.Function)
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
