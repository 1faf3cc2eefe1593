package attack

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/testsql"
)

// An administrator pastes what doctor prints, which contains names of users, actions and functions. Naive: it prints
// each name as it is.
func TestNamesInFixesAreNoCommands(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	marker := filepath.Join(t.TempDir(), "ran")
	name := "X'; touch " + marker + "; echo '$(touch " + marker + ")`touch " + marker + "`"
	paste := func(line string) bool {
		command := exec.CommandContext(t.Context(), "sh", "-c", "postern() { :; }\n"+line)
		_ = command.Run() // the prose in it is not a command
		_, err := os.Stat(marker)
		return err == nil
	}
	if !paste("postern user reset-pin " + name) {
		t.Fatal("the naive line withstood")
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}

	testsql.Run(t, s.Pool, "select postern.create_user(left($1, 128), 'd')", name)
	testsql.Run(t, s.Pool, "select postern.register_action(left($1, 128))", name)
	testsql.Run(t, s.Pool, `create schema app; create function app."it's $(touch `+"`x`"+`)"() returns void language plpgsql as $body$ begin
  perform postern.begin_action(`+literal(name[:min(len(name), 128)])+`);
  perform postern.checkpoint('`+releaseGate+`');
end $body$`)
	report, err := doctor.Find(t.Context(), s.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, finding := range report.Findings {
		told[finding.Code] = true
		at := strings.Index(finding.Fix, "postern ")
		if at >= 0 && paste(finding.Fix[at:]) {
			t.Errorf("this runs what a name says: %s", finding.Fix)
		}
		if finding.Code == "gate_not_referenced" {
			testsql.Run(t, s.Pool, finding.Fix)
		}
		if finding.Code == "user_without_pin" && at >= 0 {
			t.Errorf("a name that the shell obeys stands in %s", finding.Fix)
		}
	}
	if !told["user_without_pin"] || !told["gate_not_referenced"] {
		t.Errorf("doctor did not find both faults: %v", told)
	}
	if !testsql.Value[bool](t, s.Pool, "select legacy_checkpoints = array[$2] from postern.action where action = left($1, 128)", name, releaseGate) {
		t.Error("the statement of gate_not_referenced does not mend the action")
	}
}
