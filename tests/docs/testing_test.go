package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestPageOnTestsRuns runs the test of docs/testing.md in a test binary of its own, as a newcomer would.
func TestPageOnTestsRuns(t *testing.T) {
	t.Parallel()
	page := root + "/docs/testing.md"
	blocks := readBlocks(t, page)
	if len(blocks) != 1 || !strings.HasPrefix(blocks[0].code, "package billing_test") {
		t.Fatalf("the page has other blocks than one test: %v", blocks)
	}
	file := filepath.Join(t.TempDir(), "billing_test.go")
	if err := os.WriteFile(file, []byte(blocks[0].code), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go", "test", "-v", "-count", "1", file)
	run.Dir = root
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestApprovalNeedsAPIN") || !strings.Contains(string(out), "on PostgreSQL ") {
		t.Errorf("the test of the page fails: %v\n%s", err, out)
	}
}

// The workflow cannot run here, but it must be YAML, and its steps must be commands of this page's test.
func TestWorkflowOfThePageOnTestsIsComplete(t *testing.T) {
	source, err := os.ReadFile(root + "/docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Builder{}
	for line := range strings.Lines(string(source)) {
		if code, indented := strings.CutPrefix(line, "    "); indented {
			text.WriteString(code)
		}
	}
	workflow := struct {
		Jobs map[string]struct {
			Steps []struct {
				Run string            `yaml:"run"`
				Env map[string]string `yaml:"env"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}{}
	if err := yaml.Unmarshal([]byte(text.String()), &workflow); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	steps := workflow.Jobs["test"].Steps
	if len(steps) == 0 || steps[len(steps)-1].Run != "go test ./..." || steps[len(steps)-1].Env["POSTERN_TEST_SERVER"] != "binaries" {
		t.Errorf("the last step is not the tests: %+v", steps)
	}
}
