package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"

	"github.com/posternsql/postern/internal/leash"
)

const (
	// childVariable makes this test binary start a server, print its address, and wait to be killed.
	childVariable = "POSTERN_SERVER_TEST_CHILD"
	// keepVariable makes such a child end at once and keep its server running.
	keepVariable = "POSTERN_SERVER_TEST_KEEP"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := child(); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func child() error {
	keep := os.Getenv(keepVariable) != ""
	server, err := Start(context.Background(), Options{Keep: keep})
	if err != nil {
		return err
	}
	fmt.Println(server.URL)
	if keep {
		if err := server.Keep(); err != nil {
			return err
		}
		fmt.Println(server.StopCommand)
		return nil
	}
	select {} // the test kills this process
}

func childCommand(environment ...string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	command.Env = append(append(os.Environ(), childVariable+"=1"), environment...)
	leash.Tie(command)
	return command
}

func start(t *testing.T, options Options) *Server {
	t.Helper()
	server, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// requireStarted never skips a test: a throw-away server is available even if an existing server was given.
func requireStarted(t *testing.T) {
	t.Helper()
	if os.Getenv(URLVariable) != "" {
		t.Setenv(URLVariable, "")
	}
	if os.Getenv(WayVariable) == "url" {
		t.Setenv(WayVariable, "")
	}
}

func query[T any](t *testing.T, address, sql string) T {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	var value T
	if err := connection.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func TestCrashedServerComesBack(t *testing.T) {
	requireStarted(t)
	t.Setenv(WayVariable, "binaries")
	server := start(t, Options{})
	began := query[time.Time](t, server.URL, "select pg_postmaster_start_time()")
	for range 2 {
		if err := server.Crash(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if again := query[time.Time](t, server.URL, "select pg_postmaster_start_time()"); !again.After(began) {
		t.Errorf("it runs since %s, and ran since %s", again, began)
	}
	log, err := server.Log(t.Context())
	if err != nil || strings.Count(log, "database system was not properly shut down") != 2 {
		t.Errorf("it did not recover twice: %v\n%s", err, log)
	}
}

func TestStartedServerIsReadyAndPrivate(t *testing.T) {
	requireStarted(t)
	server := start(t, Options{Settings: map[string]string{"application_name": "it's ready"}})
	if !strings.HasPrefix(server.Source, "PostgreSQL ") {
		t.Errorf("source %q names no version", server.Source)
	}
	for setting, want := range map[string]string{
		"application_name":          "it's ready",
		"fsync":                     "off",
		"max_prepared_transactions": "10",
		"server_encoding":           "UTF8",
		"is_superuser":              "on",
	} {
		if got := query[string](t, server.URL, "select current_setting('"+setting+"')"); got != want {
			t.Errorf("the setting %s is %q, want %q", setting, got, want)
		}
	}
	address, err := server.ConnectionString("template1", "postgres", "a guess")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), address); err == nil {
		t.Error("a wrong password was accepted")
	}
	address, err = server.ConnectionString("template1", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, address, "select current_database()"); got != "template1" {
		t.Errorf("connected to the database %q", got)
	}
	log, err := server.Log(t.Context())
	if err != nil || !strings.Contains(log, "password authentication failed") {
		t.Errorf("the failed login is not in the log: %v\n%s", err, log)
	}
}

func TestDurableServerSyncs(t *testing.T) {
	requireStarted(t)
	server := start(t, Options{Durable: true})
	if got := query[string](t, server.URL, "select current_setting('fsync')"); got != "on" {
		t.Errorf("fsync is %q, want on", got)
	}
}

func TestClientProgramHasTheServersVersion(t *testing.T) {
	requireStarted(t)
	server := start(t, Options{})
	var output, complaint strings.Builder
	err := server.Run(t.Context(), Program{
		Name:      "psql",
		Arguments: []string{"--no-psqlrc", "--tuples-only", "--no-align", "--file=-"},
		Database:  "template1",
		Stdin:     strings.NewReader("select current_database(), current_user;\n"),
		Stdout:    &output,
		Stderr:    &complaint,
	})
	if err != nil || strings.TrimSpace(output.String()) != "template1|postgres" {
		t.Errorf("psql printed %q, %q: %v", output.String(), complaint.String(), err)
	}
	if err := server.Run(t.Context(), Program{Name: "pg_dump", Stdout: &output}); err != nil {
		t.Error(err)
	}
	if err := server.Run(t.Context(), Program{Name: "psql", Arguments: []string{"--command=select nonsense"}}); err == nil {
		t.Error("a failed program is no error")
	}
}

func TestExistingServerIsUsedAsItIs(t *testing.T) {
	requireStarted(t)
	running := start(t, Options{})
	t.Setenv(WayVariable, "")
	t.Setenv(URLVariable, running.URL)
	existing := start(t, Options{})
	if existing.URL != running.URL || !strings.Contains(existing.Source, URLVariable) {
		t.Errorf("the server in use is %q", existing.Source)
	}
	if err := existing.Close(); err != nil {
		t.Fatal(err)
	}
	if got := query[int](t, running.URL, "select 1"); got != 1 {
		t.Error("closing stopped a server that was there before")
	}
	for name, options := range map[string]Options{
		"fsync":    {Durable: true},
		"work_mem": {Settings: map[string]string{"work_mem": "3MB"}},
	} {
		if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a server with another %s: %v", name, err)
		}
	}
}

func TestWaysAreTriedInOrder(t *testing.T) {
	names := []string{}
	for _, w := range waysInOrder() {
		names = append(names, w.name)
	}
	if got := strings.Join(names, " "); got != "url binaries docker embedded" {
		t.Errorf("the ways are %s", got)
	}

	var tried, log strings.Builder
	attempt := func(name string, chosen bool, result *Server, err error) way {
		return way{name, name, chosen, func(context.Context, Options) (*Server, error) {
			tried.WriteString(name + " ")
			return result, err
		}}
	}
	found, failure := &Server{Source: "PostgreSQL 17 in Docker"}, errors.New("none here")
	for _, test := range []struct {
		ways []way
		want string
	}{
		{[]way{attempt("1", false, nil, errNotConfigured), attempt("2", false, nil, failure), attempt("3", false, found, nil), attempt("4", false, nil, failure)}, "1 2 3 "},
		{[]way{attempt("1", false, nil, errNotConfigured), attempt("2", true, nil, failure), attempt("3", false, found, nil)}, "1 2 "},
	} {
		tried.Reset()
		log.Reset()
		server, err := firstOf(t.Context(), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, test.ways)
		if tried.String() != test.want {
			t.Errorf("tried %s, want %s", &tried, test.want)
		}
		if (server == found) == (err != nil) || (err == nil) != strings.Contains(log.String(), found.Source) {
			t.Errorf("got %v, %v, and it said %q", server, err, &log)
		}
	}
}

func TestEveryFailedWayIsExplained(t *testing.T) {
	empty := t.TempDir()
	tests := []struct {
		name        string
		environment map[string]string
		want        []string
	}{
		{"nothing here", map[string]string{WayVariable: "url", URLVariable: ""}, []string{URLVariable + ": not set", "apt-get install postgresql"}},
		{"unknown way", map[string]string{WayVariable: "cloud"}, []string{"cloud", "embedded"}},
		{"no URL", map[string]string{URLVariable: "host=localhost"}, []string{"not a URL"}},
		{"nobody answers", map[string]string{URLVariable: "postgres://u:secret@127.0.0.1:1/d"}, []string{"127.0.0.1", "connect"}},
		{"empty folder", map[string]string{BinariesVariable: empty}, []string{empty, "no such file"}},
		{"no engine", map[string]string{WayVariable: "docker", "DOCKER_HOST": "unix://" + empty + "/none"}, []string{"no Docker engine answers"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{WayVariable, URLVariable, BinariesVariable} {
				t.Setenv(name, "")
			}
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			_, err := Start(t.Context(), Options{})
			if err == nil {
				t.Fatal("a server was started, want an error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows the password", err)
			}
		})
	}
}

func TestBadSettingShowsTheServersOwnWords(t *testing.T) {
	requireStarted(t)
	_, err := Start(t.Context(), Options{Settings: map[string]string{"shared_buffers": "no number"}})
	if err == nil || !strings.Contains(err.Error(), "invalid value for parameter") {
		t.Errorf("got %v, want the server's own words", err)
	}
	if _, err := Start(t.Context(), Options{Settings: map[string]string{"port": "1\nfsync = off"}}); err == nil {
		t.Error("a setting of two lines was accepted")
	}
}

func TestThrowAwayServerIsGoneAfterTheProcess(t *testing.T) {
	requireStarted(t)
	tests := []struct {
		name   string
		signal syscall.Signal
		after  time.Duration // zero: once the server answers
	}{
		{"killed", syscall.SIGKILL, 0},
		{"Ctrl-C", syscall.SIGINT, 0},
		{"killed at once", syscall.SIGKILL, 20 * time.Millisecond},
		{"killed early", syscall.SIGKILL, 150 * time.Millisecond},
		{"killed in initdb", syscall.SIGKILL, 300 * time.Millisecond},
		{"killed after initdb", syscall.SIGKILL, 500 * time.Millisecond},
		{"killed later", syscall.SIGKILL, 900 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// Do not use t.TempDir(): the server's user cannot enter it if the test runs as root.
			folder, err := os.MkdirTemp("/tmp", "postern-test-")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(folder)
			if err := os.Chmod(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			process, address := endChild(t, folder, test.signal, test.after)
			if os.Getenv(WayVariable) == "docker" {
				time.Sleep(time.Second) // the engine still executes earlier requests
				eventually(t, "the container still runs", func() bool {
					return len(containersOf(t, process)) == 0
				})
			}
			eventually(t, "the server still runs", func() bool {
				return len(processesOf(folder)) == 0
			})
			eventually(t, "files are left", func() bool {
				entries, err := os.ReadDir(folder)
				return err == nil && len(entries) == 0
			})
			if address == "" {
				return
			}
			eventually(t, "the server still answers", func() bool { return !answers(t, address) })
		})
	}
}

// If a process is killed just before it reads its server's address, nobody reads the supervisor's standard output.
func TestServerIsGoneIfItsAddressWasNeverRead(t *testing.T) {
	folders := binaryFolders()
	if len(folders) == 0 {
		t.Skip("there are no binaries of PostgreSQL")
	}
	folder := newCache(t)
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	command := exec.Command("/bin/sh", "-c", superviseScript, "postern-supervise", folders[0], strconv.Itoa(port), "fsync = off", folder)
	command.Env = serverEnvironment(os.Environ())
	command.Dir = "/"
	command.Stdin = strings.NewReader("a password\n")
	command.Stdout = writer
	if err := isolate(command); err != nil {
		t.Fatal(err)
	}
	err = command.Run()
	writer.Close()
	if err != nil {
		t.Error(err)
	}
	if left := processesOf(folder); len(left) != 0 {
		t.Errorf("these processes still run: %v", left)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("files are left: %v, %v", entries, err)
	}
}

// endChild starts a server from another process, with folder for its files. It ends that process and its process group
// in the way of Ctrl-C, and returns the address of the server if it was reached.
func endChild(t *testing.T, folder string, signal syscall.Signal, after time.Duration) (process int, address string) {
	t.Helper()
	command := childCommand("TMPDIR=" + folder)
	command.SysProcAttr.Setpgid = true
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer syscall.Kill(-command.Process.Pid, signal)
	if after > 0 {
		time.Sleep(after)
		return command.Process.Pid, ""
	}
	if _, err := fmt.Fscanln(output, &address); err != nil {
		t.Fatal(err)
	}
	if got := query[int](t, address, "select 1"); got != 1 {
		t.Fatal("the server does not answer")
	}
	return command.Process.Pid, address
}

// containersOf lists the running containers that a process started.
func containersOf(t *testing.T, process int) []docker.APIContainers {
	t.Helper()
	pool, err := dockertest.NewPool("")
	if err != nil {
		t.Fatal(err)
	}
	containers, err := pool.Client.ListContainers(docker.ListContainersOptions{
		Filters: map[string][]string{"label": {fmt.Sprintf("%s=%d", processLabel, process)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return containers
}

// processesOf lists the processes whose command line names folder.
func processesOf(folder string) []string {
	found := []string{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), folder) {
			found = append(found, strings.ReplaceAll(string(content), "\x00", " "))
		}
	}
	return found
}

func eventually(t *testing.T, complaint string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}

func TestKeptServerOutlivesTheProcess(t *testing.T) {
	requireStarted(t)
	output, err := childCommand(keepVariable + "=1").Output()
	if err != nil {
		t.Fatalf("the child fails: %v: %s", err, output)
	}
	address, stop, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	undo, err := leash.Command(stop)
	if err != nil {
		t.Fatal(err)
	}
	defer undo.Undo()
	if got := query[int](t, address, "select 1"); got != 1 {
		t.Fatal("the server does not answer")
	}
	if output, err := exec.Command("/bin/sh", "-c", stop).CombinedOutput(); err != nil {
		t.Fatalf("%s fails: %v: %s", stop, err, output)
	}
	if err := undo.Keep(); err != nil { // there is nothing left to undo
		t.Error(err)
	}
	eventually(t, "the server still answers", func() bool { return !answers(t, address) })
}

func TestKeptServerCanBeClosed(t *testing.T) {
	requireStarted(t)
	server := start(t, Options{Keep: true})
	if err := server.Keep(); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if answers(t, server.URL) {
		t.Error("closed, and still there")
	}
}

func answers(t *testing.T, address string) bool {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err == nil {
		connection.Close(t.Context())
	}
	return err == nil
}
