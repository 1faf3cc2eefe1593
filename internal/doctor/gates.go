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
)

// Codes are those of the checks that the view does not have.
func Codes() []string { return []string{gateNotRegistered, gateNotCalled, gateNotReferenced} }

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

	registered, called, told := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, gate := range gates {
		registered[gate.GateID] = true
	}
	for _, action := range actions {
		called[valueOf(action.Checkpoint)] = true
		for _, gate := range action.LegacyCheckpoints {
			called[gate] = true
		}
	}
	var findings []db.Finding
	computed := false
	for _, caller := range callers {
		for _, gate := range caller.Gates {
			computed = computed || gate.ID == ""
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
		// A call with a computed id may be one of any gate.
		if !computed && !called[gate.GateID] && !gate.BuiltIn {
			findings = append(findings, finding(Warn, gateNotCalled, "gate "+gate.GateID, "A gate is registered and nothing calls it",
				"No function in this database calls it, and no action refers to it: it stops nobody.",
				"Call postern.checkpoint or security_sys.security_checkpoint with it where the business begins, or refer to it from an action."))
		}
	}
	for _, action := range actions {
		referenced := append([]string{valueOf(action.Checkpoint)}, action.LegacyCheckpoints...)
		for _, entry := range callers {
			if !slices.Contains(entry.Actions, action.Action) {
				continue
			}
			missing := slices.DeleteFunc(graph.Reach(entry).Gates, func(gate string) bool {
				return gate == "" || !registered[gate] || slices.Contains(referenced, gate)
			})
			if len(missing) > 0 {
				findings = append(findings, finding(Warn, gateNotReferenced, "action "+action.Action, "An action reaches gates that it does not refer to",
					fmt.Sprintf("%s begins it and reaches %s: where one of them is active and the action's own checkpoint is not, it fails with PS105.", entry.Name, strings.Join(missing, ", ")),
					fmt.Sprintf("installer action gates %s --entry %s --fix prints the statement that refers to all of them.", shell(action.Action), shell(entry.Name))))
			}
		}
	}
	return findings, nil
}

func finding(level, code, object, title, detail, fix string) db.Finding {
	return db.Finding{Level: level, Code: code, Object: object, Title: title, Detail: detail + " See docs/doctor/" + code + ".md.", Fix: fix}
}

// shell writes a name so that the shell reads it back, whatever is in it.
func shell(name string) string {
	if strings.IndexFunc(name, func(c rune) bool {
		return c != '_' && !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9')
	}) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

func valueOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
