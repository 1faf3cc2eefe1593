package attack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// The owner of one function must not hide from an administrator what other functions do, with a body that is too much
// for the parser or for a reader of the report.
func TestHostileFunctionHidesNoOtherFunction(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "create schema app; grant create, usage on schema app to public")
	owner := database.Login(t).Connect(t)
	records, uses := strings.Builder{}, strings.Builder{}
	for index := range 200 {
		fmt.Fprintf(&records, "v%d app.unknown; ", index)
		fmt.Fprintf(&uses, "v%d.x := 1; ", index)
	}
	testsql.Run(t, owner, "set check_function_bodies = off")
	for name, body := range map[string]string{
		"operators":  "begin perform postern.checkpoint('A'" + strings.Repeat(" || 'A'", 5000) + "); end",
		"calls":      "begin perform postern.checkpoint(" + strings.Repeat("app.f(", 2000) + strings.Repeat(")", 2000) + "); end",
		"blocks":     "begin perform postern.checkpoint('A'); " + strings.Repeat("begin ", 2000) + strings.Repeat("end; ", 2000) + "end",
		"statements": "begin execute 'select postern.checkpoint(''A'')" + strings.Repeat(" || 1", 5000) + "'; end",
		"texts":      "begin perform postern.checkpoint(''" + strings.Repeat(" || case when random() > 0.5 then 'A' else 'B' end", 60) + "); end",
		"records":    "declare " + records.String() + " begin perform postern.checkpoint('A'); " + uses.String() + " end",
		"not closed": "begin perform postern.checkpoint('A' /* ",
	} {
		testsql.Run(t, owner, fmt.Sprintf("create function app.%q() returns void language plpgsql as $hostile$%s$hostile$", name, body))
	}
	testsql.Run(t, owner, "create function app.plain() returns void language plpgsql as $$ begin perform postern.checkpoint('UNREGISTERED'); end $$")

	connection := database.Login(t, "postern_admin").Connect(t)
	began := time.Now()
	report, err := doctor.Find(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, finding := range report.Findings {
		told = told || finding.Code == "gate_not_registered" && finding.Object == "gate UNREGISTERED"
	}
	if !told {
		t.Errorf("doctor says nothing of the gate: %v", report.Findings)
	}
	graph, err := callgraph.Read(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"operators", "calls", "blocks", "statements", "texts", "not closed"} {
		entry, err := graph.Find(t.Context(), connection, fmt.Sprintf("app.%q()", name))
		if err != nil {
			t.Fatal(err)
		}
		reached := graph.Reach(entry)
		if !slices.ContainsFunc(reached.Nodes, func(node *callgraph.Node) bool { return len(node.Unknown) > 0 }) {
			t.Errorf("%s: all is known: %v", name, reached.Gates)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the report took %s", took)
	}
}
