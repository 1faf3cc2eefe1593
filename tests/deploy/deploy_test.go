// Package deploy_test checks the files in deploy/ against the program that they are for.
package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v4"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	root = "../.."
	page = root + "/docs/operations.md"
)

// alert is one alert rule.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Load(read(t, root+"/deploy/prometheus/postern.rules.yaml"), &rules); err != nil {
		t.Fatal(err)
	}
	for _, group := range rules.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 5 {
		t.Fatalf("there are only %d alerts", len(all))
	}
	return all
}

// dashboard are the expressions of the dashboard, by the titles of their panels.
func dashboard(t *testing.T) map[string][]string {
	t.Helper()
	var read struct {
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			Type    string `json:"type"`
			GridPos *struct{ X, Y, W, H int }
			Targets []struct {
				RefID string `json:"refId"`
				Expr  string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		SchemaVersion int    `json:"schemaVersion"`
		UID           string `json:"uid"`
	}
	source, err := os.ReadFile(root + "/deploy/grafana/postern.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(source, &read); err != nil {
		t.Fatal(err)
	}
	if read.SchemaVersion == 0 || read.UID == "" {
		t.Error("the dashboard has no schemaVersion or no uid")
	}
	expressions, seen := map[string][]string{}, map[int]bool{}
	for _, panel := range read.Panels {
		if seen[panel.ID] || panel.Type == "" || panel.Title == "" || panel.GridPos == nil || len(panel.Targets) == 0 {
			t.Errorf("panel %d (%q) is incomplete, or its id is not its own", panel.ID, panel.Title)
		}
		seen[panel.ID] = true
		for _, target := range panel.Targets {
			expressions[panel.Title] = append(expressions[panel.Title], target.Expr)
		}
	}
	return expressions
}

// tool runs a program, which must succeed and complain of nothing.
func tool(t *testing.T, folder, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

var metricName = regexp.MustCompile(`\bpostern_[a-z_]+`)

// Alerts, dashboard and page name the metrics that the service has, and the page names each of them.
func TestMetricsAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	exported := exportedMetrics(t)
	named := map[string]string{}
	for _, one := range alerts(t) {
		for _, name := range metricName.FindAllString(one.Expr, -1) {
			named[name] = "alert " + one.Alert
		}
	}
	for title, expressions := range dashboard(t) {
		for _, expression := range expressions {
			names := metricName.FindAllString(expression, -1)
			if len(names) == 0 {
				t.Errorf("panel %q shows no metric of Postern: %s", title, expression)
			}
			for _, name := range names {
				named[strings.TrimSuffix(name, "_bucket")] = "panel " + title
			}
		}
	}
	text := string(read(t, page))
	for _, name := range metricName.FindAllString(text, -1) {
		named[name] = page
	}
	for _, role := range []string{"postern_service", "postern_sealer", "postern_event_worker", "postern_admin", "postern_app", "postern_internal"} {
		delete(named, role)
	}
	for name, by := range named {
		if !exported[name] {
			t.Errorf("%s names %s, which the service does not have", by, name)
		}
	}
	for name := range exported {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s does not explain %s", page, name)
		}
	}
}

// exportedMetrics are those of a service whose parts have all done something.
func exportedMetrics(t *testing.T) map[string]bool {
	t.Helper()
	database := testdb.New(t)
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", key, "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	testsql.Run(t, database.Pool, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', 'http://127.0.0.1:1', allow_internal => true)")
	testsql.Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'APP_PAY', 'ALICE', 'paid', '{}')")
	config, err := pgx.ParseConfig(database.Login(t, "postern_sealer", "postern_event_worker").URL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	address := listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	var said bytes.Buffer
	go func() {
		ended <- cli.RunOn(ctx, config, []string{"run", "--metrics", address, "--key", key, "--heads", filepath.Join(folder, "heads")}, strings.NewReader(""), io.Discard, &said)
	}()
	defer func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d\n%s", code, said.String())
		}
	}()
	wanted := []string{"postern_event_delivery_seconds", "postern_event_errors_total", "postern_seal_last_success_timestamp_seconds", "postern_upkeep_waiting", "postern_upkeep_errors_total"}
	found := map[string]bool{}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/metrics")
		if err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			for line := range strings.Lines(string(body)) {
				if words := strings.Fields(line); len(words) > 3 && words[0] == "#" && words[1] == "TYPE" {
					found[words[2]] = true
				}
			}
		}
		missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return found[name] })
		if len(missing) == 0 {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("the service has only %v", slices.Sorted(maps.Keys(found)))
		}
	}
}

// Each alert says where to read what to do.
func TestAlertsLeadToARunbook(t *testing.T) {
	t.Parallel()
	headings := map[string]bool{}
	for line := range strings.Lines(string(read(t, page))) {
		if title, isHeading := strings.CutPrefix(strings.TrimSpace(line), "## "); isHeading {
			headings[strings.ToLower(strings.ReplaceAll(title, " ", "-"))] = true
		}
	}
	for _, one := range alerts(t) {
		file, heading, _ := strings.Cut(one.Annotations["runbook"], "#")
		if file != "docs/operations.md" || !headings[heading] {
			t.Errorf("alert %s leads to %q, which is no heading of the page", one.Alert, one.Annotations["runbook"])
		}
		if one.Annotations["summary"] == "" || one.Annotations["description"] == "" {
			t.Errorf("alert %s does not say what is wrong", one.Alert)
		}
	}
}

// The program accepts each setting of the configuration that is shipped. It fails only because there is no key.
func TestShippedConfigurationIsAccepted(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "key")
	var said bytes.Buffer
	code := cli.Main(t.Context(), []string{"run", "--config", root + "/deploy/postern.yaml", "--key", missing}, strings.NewReader(""), io.Discard, &said)
	if code != 1 || !strings.Contains(said.String(), missing+": no such file") {
		t.Errorf("exit code %d: %s", code, said.String())
	}
}
