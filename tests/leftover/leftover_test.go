//go:build linux

// Package leftover tests that a test and the demo leave nothing behind, however they end.
package leftover

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/demo"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testdb"
)

const (
	// endVariable makes this test end badly in a child process; its value says how.
	endVariable = "POSTERN_LEFTOVER_END"
	// inVariable says whether that happens in a test with a database or in the demo.
	inVariable = "POSTERN_LEFTOVER_IN"
	// markVariable is in the environment of every process that the child starts.
	markVariable = "POSTERN_LEFTOVER_MARK"
	// ready is what the child prints before it ends.
	ready = "ready to end"
)

func TestAbortedTestLeavesNothingBehind(t *testing.T) {
	if end := os.Getenv(endVariable); end != "" {
		endBadly(t, os.Getenv(inVariable), end)
		return
	}
	if os.Getenv("POSTERN_TEST_SERVER") == "docker" || os.Getenv("POSTERN_TEST_DATABASE_URL") != "" {
		// Containers are tested in internal/server, and an existing server stays.
		t.Setenv("POSTERN_TEST_SERVER", "binaries")
		t.Setenv("POSTERN_TEST_DATABASE_URL", "")
		t.Setenv(testdb.VersionVariable, "") // it would be the other server's
	}
	for _, in := range []string{"database", "demo"} {
		for end, says := range map[string]string{
			"failure": "--- FAIL: TestAbortedTestLeavesNothingBehind",
			"panic":   "panic: as was said",
			"timeout": "panic: test timed out",
			"exit":    "",
			"killed":  "",
		} {
			t.Run(in+"/"+end, func(t *testing.T) {
				t.Parallel()
				folder, last, err := leash.Folder("postern-leftover-")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { last.Undo() })
				if err := os.Chmod(folder, 0o777); err != nil { // the server's user creates a folder in it
					t.Fatal(err)
				}
				limit := 20 * time.Minute
				if end == "timeout" {
					limit = 5 * time.Second
				}
				output, err := endChild(t, folder, in, end, limit)
				// On a busy machine, its time may be up before it has made anything.
				for end == "timeout" && !strings.Contains(output, ready) && limit < 10*time.Minute {
					limit *= 2
					output, err = endChild(t, folder, in, end, limit)
				}
				if err == nil || !strings.Contains(output, says) {
					t.Fatalf("it ended with %v:\n%s", err, output)
				}
				if !strings.Contains(output, ready) {
					t.Fatalf("it ended before there was anything to leave:\n%s", output)
				}
				eventually(t, func() string { return strings.Join(processesOf(folder), "\n") })
				eventually(t, func() string {
					entries, err := os.ReadDir(folder)
					if err != nil {
						return err.Error()
					}
					names := ""
					for _, entry := range entries {
						names += entry.Name() + "\n"
					}
					return names
				})
			})
		}
	}
}

// endChild runs this test as a child that ends badly, with folder for its files; limit is its time.
func endChild(t *testing.T, folder, in, end string, limit time.Duration) (output string, err error) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAbortedTestLeavesNothingBehind$", "-test.v", "-test.timeout="+limit.String())
	child.Env = append(os.Environ(), "POSTERN_TEST_LEASHED=", "TMPDIR="+folder, endVariable+"="+end, inVariable+"="+in, markVariable+"="+folder)
	leash.Tie(child)
	said, err := child.CombinedOutput()
	return string(said), err
}

// endBadly starts a server and processes and makes folders, and then ends.
func endBadly(t *testing.T, in, end string) {
	finish := func() {
		fmt.Println(ready)
		switch end {
		case "failure":
			t.FailNow()
		case "panic":
			panic("as was said")
		case "timeout":
			select {}
		case "exit":
			os.Exit(1)
		case "killed":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	if in == "demo" {
		err := demo.Run(t.Context(), demo.Options{Out: &reader{until: "Mallory finds", then: finish}, Installer: cli.RunOn, Keep: true})
		t.Fatalf("the demo has come to its end: %v", err)
	}
	database := testdb.New(t)
	if _, err := database.Login(t).Pool.Exec(t.Context(), "select 1"); err != nil {
		t.Fatal(err)
	}
	sleeper := exec.Command("sleep", "600")
	leash.Tie(sleeper)
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sleeper.Process.Kill(); sleeper.Wait() })
	if err := os.WriteFile(filepath.Join(t.TempDir(), "key"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	finish()
}

// reader reads the demo's output, and ends the demo at a certain word.
type reader struct {
	text  strings.Builder
	until string
	then  func()
}

func (r *reader) Write(text []byte) (int, error) {
	r.text.Write(text)
	if strings.Contains(r.text.String(), r.until) {
		r.then()
	}
	return len(text), nil
}

var _ io.Writer = (*reader)(nil)

// processesOf lists the processes with the mark in their environment, or with the folder in their command line.
func processesOf(folder string) []string {
	found := []string{}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		command, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(process, "environ"))
		if strings.Contains(string(command), folder) || strings.Contains(string(environment), markVariable+"="+folder) {
			found = append(found, filepath.Base(process)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// eventually waits until nothing is left.
func eventually(t *testing.T, left func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		what := left()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("this is left:\n%s", what)
		}
	}
}
