package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/callgraph"
)

// The codes of the checks that take a parser of PL/pgSQL. Their titles stand here, since each has but one.
const (
	gateNotRegistered = "gate_not_registered"
	gateNotCalled     = "gate_not_called"
	gateNotReferenced = "gate_not_referenced"
	gateUnreadable    = "gate_unreadable"
)

// Codes are those of the checks that the view does not have.
func Codes() []string {
	return []string{gateNotRegistered, gateNotCalled, gateNotReferenced, gateUnreadable}
}

// findGates holds the calls of gates, which are read from the functions' bodies, against what is registered.
func findGates(ctx context.Context, connection *pgx.Conn, queries *db.Queries) ([]db.Finding, error) {
	gates, err := queries.ListGates(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the gates: %w", err)
	}
	actions, err := queries.ListActions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the actions: %w", err)
	}
	graph, err := callgraph.Read(ctx, connection)
	if err != nil {
		return nil, fmt.Errorf("read which function calls which: %w", err)
	}
	callers := graph.Callers()

	registered, referable, called, told := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, gate := range gates {
		registered[gate.GateID], referable[gate.GateID] = true, !gate.BuiltIn
	}
	for _, action := range actions {
		called[valueOf(action.Checkpoint)] = true
		for _, gate := range action.LegacyCheckpoints {
			called[gate] = true
		}
	}
	var findings []db.Finding
	unknowable := false
	for _, caller := range callers {
		unknowable = unknowable || caller.Unknowable
		if caller.Unreadable != "" {
			findings = append(findings, finding(Warn, gateUnreadable, objectOf(caller), "What names gates cannot be read",
				caller.Unreadable+". Nobody can tell which gates it calls, so the other findings on gates leave it out.",
				"Correct it so that the server can run it, or make it less deep; drop it where nobody needs it."))
		}
		for _, gate := range caller.Gates {
			if gate.ID != "" && !registered[gate.ID] && !told[gate.ID] {
				told[gate.ID] = true
				findings = append(findings, finding(Error, gateNotRegistered, "gate "+gate.ID, "A gate is called that is not registered",
					fmt.Sprintf("%s calls it, line %d, and fails with PS106.", caller.Name, gate.Line),
					"Register it with the application: postern.register_gate(gate_id, description, message, parameters); or correct the id in the call."))
			}
			called[gate.ID] = true
		}
	}
	for _, gate := range gates {
		// A call with a computed id may be one of any gate, and so may one that can't be read.
		if !unknowable && !called[gate.GateID] && !gate.BuiltIn {
			findings = append(findings, finding(Warn, gateNotCalled, "gate "+gate.GateID, "A gate is registered and nothing calls it",
				"No function in this database calls it, and no action refers to it: it stops nobody.",
				"Call postern.checkpoint or security_sys.security_checkpoint with it where the business begins, or refer to it from an action."))
		}
	}
	for _, action := range actions {
		// One finding for all that begin it: a registration replaces the one before.
		var entries, missing []string
		for _, entry := range callers {
			if !slices.Contains(entry.Actions, action.Action) {
				continue
			}
			gates := slices.DeleteFunc(graph.Reach(entry).Gates, func(gate string) bool {
				return !referable[gate] || gate == valueOf(action.Checkpoint) || slices.Contains(action.LegacyCheckpoints, gate)
			})
			if len(gates) > 0 {
				entries, missing = append(entries, entry.Name), append(missing, gates...)
			}
		}
		if len(missing) > 0 {
			slices.Sort(missing)
			missing = slices.Compact(missing)
			findings = append(findings, finding(Warn, gateNotReferenced, "action "+action.Action, "An action reaches gates that it does not refer to",
				fmt.Sprintf("From %s, where it begins, it reaches %s: where one of them is active and the action's own checkpoint is not, it fails with PS105.",
					strings.Join(entries, " and "), strings.Join(missing, ", ")),
				ReferenceGates(action.Action, action.Checkpoint, slices.Concat(action.LegacyCheckpoints, missing))))
		}
	}
	return findings, nil
}

func finding(level, code, object, title, detail, fix string) db.Finding {
	return db.Finding{Level: level, Code: code, Object: object, Title: title, Detail: detail + " See docs/doctor/" + code + ".md.", Fix: fix}
}

// objectOf calls a node as the other checks do.
func objectOf(node *callgraph.Node) string {
	if strings.HasSuffix(node.Name, ")") {
		return "function " + node.Name
	}
	return node.Name
}

func valueOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
