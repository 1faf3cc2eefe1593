package deploy_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const actionFolder = root + "/deploy/action"

// action is the GitHub Action.
type action struct {
	Inputs map[string]struct {
		Default  string `yaml:"default"`
		Required bool   `yaml:"required"`
	} `yaml:"inputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []struct {
			Name  string            `yaml:"name"`
			Shell string            `yaml:"shell"`
			Run   string            `yaml:"run"`
			Env   map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

var expression = regexp.MustCompile(`^\$\{\{ inputs\.([a-z0-9-]+) \}\}$`)

// run does what a runner does: it runs the steps with these inputs. It returns what they print, and the summary.
func (a *action) run(t *testing.T, releases string, inputs map[string]string) (said, summary string, err error) {
	t.Helper()
	folder := t.TempDir()
	path, page := filepath.Join(folder, "path"), filepath.Join(folder, "summary")
	var out bytes.Buffer
	for _, step := range a.Runs.Steps {
		command := exec.CommandContext(t.Context(), step.Shell, "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		added, _ := os.ReadFile(path)
		command.Env = append(os.Environ(), "PATH="+strings.Join(append(strings.Fields(string(added)), os.Getenv("PATH")), ":"),
			"GITHUB_ACTION_PATH="+absolute(t, actionFolder), "GITHUB_PATH="+path, "GITHUB_STEP_SUMMARY="+page, "RUNNER_TEMP="+folder, "POSTERN_RELEASES="+releases)
		for name, value := range step.Env {
			input := expression.FindStringSubmatch(value)
			if input == nil {
				t.Fatalf("%s is %q, not an input", name, value)
			}
			declared, ok := a.Inputs[input[1]]
			if !ok {
				t.Fatalf("%s is input %q, which is not declared", name, input[1])
			}
			given, ok := inputs[input[1]]
			if !ok {
				given = declared.Default
			}
			command.Env = append(command.Env, name+"="+given)
		}
		command.Stdout, command.Stderr = &out, &out
		if err = command.Run(); err != nil {
			break
		}
	}
	written, _ := os.ReadFile(page)
	return out.String(), string(written), err
}

// release makes what the action downloads of a release.
func release(t *testing.T) (releases, digest string) {
	t.Helper()
	releases = t.TempDir()
	name := fmt.Sprintf("postern-%s-%s-%s", install.Version, runtime.GOOS, runtime.GOARCH)
	version := filepath.Join(releases, "v"+install.Version)
	if err := os.Mkdir(version, 0o755); err != nil {
		t.Fatal(err)
	}
	tool(t, root, "go", "build", "-o", filepath.Join(version, name, "postern"), "./cmd/installer")
	tool(t, version, "tar", "-czf", name+".tar.gz", name)
	digest = fmt.Sprintf("%x", sha256.Sum256(read(t, filepath.Join(version, name+".tar.gz"))))
	if err := os.WriteFile(filepath.Join(version, "SHA256SUMS"), fmt.Appendf(nil, "%s  %s.tar.gz\n", digest, name), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + releases, digest
}

func TestActionPlansVerifiesAndRunsDoctor(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI needs curl")
		}
		t.Skip("not tested without curl")
	}
	var a action
	if err := yaml.Load(read(t, actionFolder+"/action.yml"), &a); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("the action is %+v", a)
	}
	// Between releases, the action takes one that there is.
	if version := a.Inputs["version"].Default; version != install.Version {
		if _, err := os.Stat(filepath.Join(root, "tests", "upgrade", version)); err != nil {
			t.Errorf("the action takes version %s: %v", version, err)
		}
	}
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q has an input in the text of its script, where it could be anything", step.Name)
		}
	}
	releases, digest := release(t)
	database := testdb.New(t)
	file := filepath.Join(t.TempDir(), "office.yaml")
	if err := os.WriteFile(file, []byte("gates:\n  OFFICE_PAY: {description: Pay, message: Paid, active: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inputs := func(more ...string) map[string]string {
		all := map[string]string{"version": install.Version, "database-url": database.URL, "accept": testdb.AcceptServer(t)}
		for index := 0; index < len(more); index += 2 {
			all[more[index]] = more[index+1]
		}
		return all
	}
	for _, test := range []struct {
		what    string
		inputs  map[string]string
		before  string
		fails   bool
		said    string
		summary string
	}{
		{what: "nothing to do", inputs: inputs(), said: "\nNothing found.", summary: "    No difference: "},
		{what: "a plan", inputs: inputs("files", file+"\n", "sha256", digest), said: "+ gate OFFICE_PAY", summary: "    + gate OFFICE_PAY"},
		{what: "a plan that must be empty", inputs: inputs("files", file, "fail-on", "differences changes"), fails: true, said: "There are changes: "},
		{what: "a wrong word", inputs: inputs("fail-on", "everything"), fails: true, said: "not everything"},
		{what: "another archive", inputs: inputs("sha256", strings.Repeat("0", 64)), fails: true, said: "nothing is installed"},
		{what: "no release", inputs: inputs("version", "0.0.0"), fails: true, said: "curl"},
		{what: "no database", inputs: inputs("database-url", "postgres://127.0.0.1:1/none"), fails: true, said: "refused"},
		{what: "a difference", before: "create function postern.extra() returns integer language sql return 1", inputs: inputs(), fails: true, said: "There are differences: ",
			summary: "    extra: "},
	} {
		if test.before != "" {
			testsql.Run(t, database.Pool, test.before)
		}
		said, summary, err := a.run(t, releases, test.inputs)
		if (err != nil) != test.fails || !strings.Contains(said, test.said) || !strings.Contains(summary, test.summary) {
			t.Errorf("%s: %v\n%s\nsummary:\n%s", test.what, err, said, summary)
		}
		if t.Failed() {
			break
		}
		for line := range strings.Lines(summary) {
			if line != "\n" && !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "### ") {
				t.Errorf("%s: the summary has the line %q, which is Markdown", test.what, line)
			}
		}
	}
}
