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
}

type gate struct {
	ID   string `json:"id"`
	Line int    `json:"line"`
}

// readCallers returns the argument of postern.gate_findings. That takes a parser of PL/pgSQL, so the database cannot do
// it.
func readCallers(ctx context.Context, connection *pgx.Conn, graph *callgraph.Graph) (json.RawMessage, error) {
	callers, begins := []*caller{}, []*caller{}
	entries := []*callgraph.Node{}
	for _, node := range graph.Callers() {
		c := &caller{Name: node.Name, Gates: []gate{}, Actions: append([]string{}, node.Actions...), Reached: []string{}, Unknowable: node.Unknowable, Unreadable: node.Unreadable}
		for _, called := range node.Gates {
			if called.ID != "" {
				c.Gates = append(c.Gates, gate{ID: called.ID, Line: called.Line})
			}
		}
		callers = append(callers, c)
		if len(node.Actions) > 0 {
			begins, entries = append(begins, c), append(entries, node)
		}
	}
	for index, gates := range graph.ReachGates(entries) {
		begins[index].Reached = gates
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
