package callgraph

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	postern "github.com/posternsql/postern/sql"
)

// The view checks in SQL, for each reader, what mentionsGate checks in Go, and so has the same list.
func TestViewLooksForTheSameNames(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(postern.Files, "functions/doctor/current_gate_reading.sql")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, name := range gateMentions {
		names = append(names, regexp.QuoteMeta(name))
	}
	if want := "lower(f.prosrc) ~ '" + strings.Join(names, "|") + "'"; !strings.Contains(string(text), want) {
		t.Errorf("current_gate_reading.sql does not contain %s", want)
	}
}
