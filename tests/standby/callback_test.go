package standby_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/seal"
	. "github.com/posternsql/postern/internal/testsql"
)

// deployedCallback is the callback for Patroni, with paths of this test.
func deployedCallback(t *testing.T, environment string) string {
	t.Helper()
	script, err := os.ReadFile("../../deploy/patroni/confirm-timeline")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/var/lib/postgresql/postern-timeline.env"
	if !strings.Contains(string(script), path) {
		t.Fatalf("it does not write %s:\n%s", path, script)
	}
	return strings.ReplaceAll(string(script), path, environment)
}

// findPsql returns where psql is.
func findPsql(t *testing.T) string {
	t.Helper()
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin/psql")
	if err != nil {
		t.Fatal(err)
	}
	if path, err := exec.LookPath("psql"); err == nil {
		folders = append([]string{path}, folders...)
	}
	if len(folders) == 0 {
		t.Fatal("there is no psql")
	}
	return folders[0]
}

// Patroni calls a callback with action, role and cluster as soon as it has requested the promotion, which may still be
// running.
func TestPatroniCallbackConfirmsAPromotion(t *testing.T) {
	first, primary := newPrimary(t)
	receiver := newTold(t)
	Run(t, primary, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	folder := t.TempDir()
	key, heads := filepath.Join(folder, "key"), filepath.Join(folder, "heads")
	private, _, err := seal.CreateKey("test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(address string, want int, arguments ...string) {
		t.Helper()
		var out bytes.Buffer
		if code := cli.Main(t.Context(), append(arguments, "--database-url", address), nil, &out, &out); code != want {
			t.Fatalf("%s ended with %d, want %d:\n%s", arguments, code, want, out.String())
		}
	}
	sealing := []string{"log", "seal", "--key", key, "--heads", heads}
	Run(t, primary, passed, "APP_BEFORE")
	run(first.URL, 0, sealing...)
	run(first.URL, 0, "event", "run", "--once")
	second, standby := follow(t, first, primary)

	environment, restarted := filepath.Join(folder, "timeline.env"), filepath.Join(folder, "restarted")
	callback := filepath.Join(folder, "callback")
	programs := filepath.Join(folder, "bin")
	if err := os.Mkdir(programs, 0o755); err != nil {
		t.Fatal(err)
	}
	// This psql records that a call of it has ended.
	asked := filepath.Join(folder, "asked")
	psql := "#!/bin/sh\n'" + findPsql(t) + "' \"$@\"\ncode=$?\n: > '" + asked + "'\nexit $code\n"
	for path, content := range map[string]string{
		filepath.Join(programs, "psql"): psql,
		callback:                        deployedCallback(t, environment),
		filepath.Join(programs, "sudo"): "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '" + restarted + "'\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	address, err := url.Parse(second.URL)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgconn.ParseConfig(second.URL)
	if err != nil {
		t.Fatal(err)
	}
	call := func(ctx context.Context, action, role string) *exec.Cmd {
		command := exec.CommandContext(ctx, callback, action, role, "erp")
		command.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "PGHOST="+config.Host, "PGPORT="+address.Port(),
			"PGUSER="+config.User, "PGPASSWORD="+config.Password, "PGDATABASE=postgres")
		command.WaitDelay = time.Minute
		return command
	}

	// Other actions of Patroni confirm nothing.
	for _, other := range [][2]string{{"on_role_change", "replica"}, {"on_role_change", "demoted"}, {"on_start", "primary"}, {"on_start", "master"}, {"on_stop", "primary"}} {
		if out, err := call(t.Context(), other[0], other[1]).CombinedOutput(); err != nil {
			t.Fatalf("the callback fails for %s: %v: %s", other, err, out)
		}
	}
	if _, err := os.Stat(environment); err == nil {
		t.Fatal("it confirmed a timeline without a promotion")
	}

	// If it is called before the promotion has ended, it waits.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	early := call(t.Context(), "on_role_change", "primary")
	var complaints bytes.Buffer
	early.Stderr = &complaints
	if err := early.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(asked); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the callback does not connect")
		}
	}
	Run(t, standby, "select pg_promote()")
	if err := early.Wait(); err != nil {
		t.Fatal(err, complaints.String())
	}
	text, err := os.ReadFile(environment)
	if err != nil || string(text) != "POSTERN_CONFIRM_TIMELINE=2\n" {
		t.Fatalf("the callback wrote %q; error: %v", text, err)
	}
	if services, err := os.ReadFile(restarted); err != nil || !strings.Contains(string(services), "systemctl restart postern\n") {
		t.Errorf("the callback restarted %q; error: %v", services, err)
	}

	// Without what it wrote nothing continues, and with it everything does.
	Run(t, standby, passed, "APP_AFTER")
	run(second.URL, 1, "event", "run", "--once")
	run(second.URL, 1, sealing...)
	name, value, _ := strings.Cut(strings.TrimSpace(string(text)), "=")
	t.Setenv(name, value)
	run(second.URL, 0, "event", "run", "--once")
	run(second.URL, 0, sealing...)
	receiver.requireGates(t, "APP_AFTER", "APP_BEFORE")

	// Patroni before 4 says master.
	if err := os.Remove(environment); err != nil {
		t.Fatal(err)
	}
	if out, err := call(t.Context(), "on_role_change", "master").CombinedOutput(); err != nil {
		t.Fatalf("the callback fails for the role master: %v: %s", err, out)
	}
	if again, err := os.ReadFile(environment); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the second call wrote %q; error: %v", again, err)
	}
}
