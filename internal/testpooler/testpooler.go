// Package testpooler runs a PgBouncer in transaction mode between a test and its database.
package testpooler

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ProgramVariable names the PgBouncer to use. By default it is the installed one.
const ProgramVariable = "POSTERN_PGBOUNCER"

// script runs a pooler as long as the other end of its standard input is open. So the pooler ends with the test, however
// the test ends.
const script = `"$@" & cat >/dev/null; kill -KILL $!; wait`

// configuration gives each database and role one server connection, unless more settings follow. All clients share it, one
// transaction after the other.
const configuration = `
[databases]
* = host=%s port=%d

[pgbouncer]
pool_mode = transaction
default_pool_size = 1
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
%s
`

// Mode is a way to run PgBouncer.
type Mode struct {
	Name string
	// Settings are lines of its configuration.
	Settings string
	// KeepsStatements says whether clients may prepare statements and use them in later transactions.
	KeepsStatements bool
}

// Modes lists what the test runs on: PgBouncer without prepared statements, as before 1.21, and with them if this version
// has them. Without PgBouncer it skips the test, and in CI it fails.
func Modes(t testing.TB) []Mode {
	t.Helper()
	output, err := exec.Command(program(t), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^PgBouncer (\d+)\.(\d+)`).FindStringSubmatch(string(output))
	if found == nil {
		t.Fatalf("pgbouncer --version printed %q", output)
	}
	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	if major == 1 && minor < 21 {
		return []Mode{{Name: "without prepared statements"}}
	}
	return []Mode{
		{"without prepared statements", "max_prepared_statements = 0", false},
		{"with prepared statements", "max_prepared_statements = 100", true},
	}
}

func program(t testing.TB) string {
	t.Helper()
	names := []string{"pgbouncer", "/usr/sbin/pgbouncer"}
	if name := os.Getenv(ProgramVariable); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI needs Debian's package pgbouncer")
	}
	t.Skip("not tested, because there is no PgBouncer (Debian's package pgbouncer)")
	return ""
}

// Start puts a PgBouncer between the login of a connection string, with its password, and the database. It returns the
// connection string through the pooler. The pooler ends with the test.
func Start(t testing.TB, url, settings string) string {
	t.Helper()
	server, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"users":         fmt.Sprintf("%q %q\n", server.User, server.Password),
		"pgbouncer.ini": fmt.Sprintf(configuration, server.Host, server.Port, port, filepath.Join(folder, "users"), settings),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arguments := []string{"-c", script, "pooler", program(t), filepath.Join(folder, "pgbouncer.ini")}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--user=nobody") // PgBouncer refuses to run as root, but reads its files first
	}
	command := exec.Command("/bin/sh", arguments...)
	var log strings.Builder
	command.Stdout, command.Stderr = &log, &log
	running, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		running.Close()
		if err := command.Wait(); err != nil || t.Failed() {
			t.Logf("pgbouncer: %v\n%s", err, &log)
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return strings.Replace(url, fmt.Sprintf("%s:%d", server.Host, server.Port), address, 1)
		}
		if time.Now().After(deadline) {
			t.Fatalf("pgbouncer does not listen: %v", err)
		}
	}
}
