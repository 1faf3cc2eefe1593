package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	var out, complaints bytes.Buffer
	code := cli.Main(t.Context(), []string{"bench", "--quick"}, strings.NewReader(""), &out, &complaints)
	if code != 0 && code != 3 {
		t.Fatalf("bench ended with exit code %d: %s", code, complaints.String())
	}
	lines := strings.Split(out.String(), "\n")
	for _, name := range (bench.Options{}).Names() {
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
	var out, complaints bytes.Buffer
	code := cli.Main(t.Context(), []string{"bench", "--quick", "--json", "--only", "install-again,session"}, strings.NewReader(""), &out, &complaints)
	if code != 0 && code != 3 {
		t.Fatalf("bench ended with exit code %d: %s", code, complaints.String())
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
	if code := cli.Main(t.Context(), []string{"bench", "--only", "sessions"}, strings.NewReader(""), &out, &complaints); code != 2 {
		t.Errorf("exit code %d for a measurement that does not exist, want 2", code)
	}
}

func TestAStoppedRunKeepsWhatItHasMeasured(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	report, err := bench.Run(ctx, bench.Options{
		Quick: true,
		Only:  []string{"session", "install-again"},
		OnProgress: func(activity string, _, _ int) {
			if activity == "install-again" {
				stop()
			}
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a stopped run returned %v", err)
	}
	if report == nil || len(report.Results) != 1 || report.Results[0].Name != "session" {
		t.Errorf("a stopped run returned %v, want session", report)
	}
}

// Each design returns the rows that it should return, or the run fails. The test says nothing about speed.
func TestPeersAreMeasuredAndCompared(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "peers.json")
	var out, complaints bytes.Buffer
	if code := cli.Main(t.Context(), []string{"bench", "--peers", "--quick", "--json"}, strings.NewReader(""), &out, &complaints); code != 0 {
		t.Fatalf("bench --peers ended with exit code %d: %s", code, complaints.String())
	}
	report, err := bench.ReadReport(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range (bench.Options{Peers: true}).Names() {
		measured := slices.ContainsFunc(report.Results, func(r bench.Result) bool { return r.Name == name })
		leftOut := slices.ContainsFunc(report.LeftOut, func(reason string) bool { return strings.HasPrefix(reason, name+": ") })
		if measured == leftOut || leftOut && name != "peer-log-pgaudit" {
			t.Errorf("%s: measured is %t, left out is %t", name, measured, leftOut)
		}
	}

	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := cli.Main(t.Context(), []string{"bench", "--compare", file, file}, strings.NewReader(""), &out, &complaints); code != 0 || !strings.Contains(out.String(), "\tsame\n") {
		t.Errorf("exit code %d of a comparison with itself:\n%s%s", code, out.String(), complaints.String())
	}
	for _, arguments := range [][]string{
		{"bench", "--peers", "--only", "session"},
		{"bench", "--only", "peer-row-ledger"},
		{"bench", "--compare", "--peers", file, file},
	} {
		if code := cli.Main(t.Context(), arguments, strings.NewReader(""), &out, &complaints); code != 2 {
			t.Errorf("%q ended with exit code %d, want 2", arguments, code)
		}
	}
}

func TestGrowthIsMeasuredAndCompared(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "growth.json")
	var out, complaints bytes.Buffer
	if code := cli.Main(t.Context(), []string{"bench", "--growth", "--quick", "--json"}, strings.NewReader(""), &out, &complaints); code != 0 {
		t.Fatalf("bench --growth ended with exit code %d: %s", code, complaints.String())
	}
	report, err := bench.ReadReport(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	measured := []string{}
	for _, result := range report.Results {
		measured = append(measured, result.Name)
		if result.Measured.Median <= 0 {
			t.Errorf("%s has the median %v, want more than 0", result.Name, result.Measured)
		}
	}
	names := bench.Options{Growth: true, Quick: true}.Names()
	if len(names) != 4*2*3 || !slices.Equal(measured, names) {
		t.Errorf("the measurements are %q, want %q", measured, names)
	}

	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := cli.Main(t.Context(), []string{"bench", "--compare", file, file}, strings.NewReader(""), &out, &complaints); code != 0 || !strings.Contains(out.String(), "\tsame\n") {
		t.Errorf("exit code %d of a comparison with itself:\n%s%s", code, out.String(), complaints.String())
	}
}

func TestGrowthEndsWhereTheCallerSays(t *testing.T) {
	t.Parallel()
	for upTo, largest := range map[int]string{0: "growth-log-10000000-memory", 100_000: "growth-log-100000-memory", 5000: "growth-log-10000-memory"} {
		names := bench.Options{Growth: true, UpTo: upTo}.Names()
		if got := names[len(names)-1]; got != largest {
			t.Errorf("up to %d, the last one is %s, want %s", upTo, got, largest)
		}
	}
	if got := len((bench.Options{Growth: true}).Names()); got != (5+5+6+4)*3 {
		t.Errorf("there are %d measurements", got)
	}
	for _, arguments := range [][]string{
		{"bench", "--up-to", "100"},
		{"bench", "--growth", "--up-to", "-1"},
		{"bench", "--growth", "--peers"},
		{"bench", "--growth", "--only", "session"},
	} {
		var out, complaints bytes.Buffer
		if code := cli.Main(t.Context(), arguments, strings.NewReader(""), &out, &complaints); code != 2 {
			t.Errorf("%q ended with exit code %d, want 2", arguments, code)
		}
	}
}
