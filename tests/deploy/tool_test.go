//go:build deploy

package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unit writes the unit into a folder, with a change, and with a program that exists.
func unit(t *testing.T, change func(string) string) string {
	t.Helper()
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	text := change(strings.Replace(string(read(t, root+"/deploy/postern.service")), "/usr/local/bin/postern", program, 1))
	file := filepath.Join(t.TempDir(), "postern.service")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUnitIsUnderstoodAndHardened(t *testing.T) {
	same := func(text string) string { return text }
	if out := tool(t, "", "systemd-analyze", "verify", "--man=no", unit(t, same)); out != "" {
		t.Errorf("systemd says: %s", out)
	}
	misspelt := unit(t, func(text string) string { return strings.Replace(text, "ProtectSystem=", "ProtectsSystem=", 1) })
	if out, _ := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", misspelt).CombinedOutput(); !strings.Contains(string(out), "ProtectsSystem") {
		t.Errorf("a misspelt setting is not noticed: %s", out)
	}
	// The exposure, in tenths. An ordinary service has 96.
	tool(t, "", "systemd-analyze", "security", "--offline=true", "--threshold=15", unit(t, same))
}

func TestAlertsWork(t *testing.T) {
	folder := absolute(t, root+"/deploy/prometheus")
	tool(t, folder, "promtool", "check", "config", "prometheus.yaml")
	tool(t, folder, "promtool", "check", "rules", "postern.rules.yaml")
	tool(t, "", "promtool", "test", "rules", absolute(t, "testdata/rules.yaml"))
	tested := string(read(t, "testdata/rules.yaml"))
	for _, one := range alerts(t) {
		if !strings.Contains(tested, "alertname: "+one.Alert+"\n") {
			t.Errorf("alert %s is not tested", one.Alert)
		}
	}
}

// The expressions of the dashboard are checked as rules.
func TestDashboardHasValidExpressions(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for _, expressions := range dashboard(t) {
		for _, expression := range expressions {
			fmt.Fprintf(&rules, "      - record: panel:expression%d\n        expr: '%s'\n", rules.Len(), strings.ReplaceAll(expression, "'", "''"))
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "", "promtool", "check", "rules", file)
}

func TestComposeFileIsValid(t *testing.T) {
	out := tool(t, absolute(t, root+"/deploy"), "docker-compose", "--file", "compose.yaml", "config")
	if !strings.Contains(out, "service_completed_successfully") {
		t.Errorf("docker-compose reads: %s", out)
	}
}
