package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/bench"
	"github.com/posternsql/postern/internal/cli"
)

// TestMain also runs as the installer, because each measured command runs in its own process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// The numbers of a busy machine mean nothing. The test checks only that every measurement runs.
func TestEachBarIsMeasuredAndPrinted(t *testing.T) {
	t.Parallel()
	var out, errors bytes.Buffer
	code := cli.Main(t.Context(), []string{"bench", "--quick"}, strings.NewReader(""), &out, &errors)
	if code != 0 && code != 3 {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	lines := strings.Split(out.String(), "\n")
	for _, name := range bench.Names() {
		found := false
		for _, line := range lines {
			cells := strings.Split(line, "\t")
			if cells[0] != name {
				continue
			}
			found = true
			judged := strings.ContainsAny(cells[3], "≤≥") && (cells[4] == "ok" || cells[4] == "not ok")
			reported := cells[3] == "-" && cells[4] == "reported"
			if len(cells) != 7 || cells[1] == "" || !judged && !reported {
				t.Errorf("no measured value, bar and verdict in %q", line)
			}
		}
		if !found {
			t.Errorf("%s is not printed:\n%s", name, out.String())
		}
	}
	if (code == 3) != strings.Contains(out.String(), "not ok") {
		t.Errorf("exit code %d for\n%s", code, out.String())
	}
}

func TestMeasurementsCanBeChosen(t *testing.T) {
	t.Parallel()
	var out, errors bytes.Buffer
	code := cli.Main(t.Context(), []string{"bench", "--quick", "--json", "--only", "install-again,session"}, strings.NewReader(""), &out, &errors)
	if code != 0 && code != 3 {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	var report bench.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != 2 || report.Results[0].Name != "session" || report.Results[1].Name != "install-again" {
		t.Errorf("measured %v, want session and install-again", report.Results)
	}
	if report.Machine.Version == "" || report.Machine.Settings["fsync"] == "" {
		t.Errorf("nothing is said about the machine: %v", report.Machine)
	}

	out.Reset()
	if code := cli.Main(t.Context(), []string{"bench", "--only", "sessions"}, strings.NewReader(""), &out, &errors); code != 2 {
		t.Errorf("exit code %d for a measurement that does not exist, want 2", code)
	}
}
