package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
)

// poolerScript runs a pooler as long as the other end of its standard input is open. So the pooler ends with the test.
const poolerScript = `"$@" & cat >/dev/null; kill -KILL $!; wait`

const poolerConfiguration = `
[databases]
* = host=%s port=%d

[pgbouncer]
pool_mode = transaction
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
%s
`

// poolerURL is the database's URL through a PgBouncer.
func poolerURL(t *testing.T, database *testdb.Database, setting string) string {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/pgbouncer")
	if err != nil {
		t.Skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	server := database.Config(t)
	folder := t.TempDir()
	for name, content := range map[string]string{
		"users":         fmt.Sprintf("%q %q\n", server.User, server.Password),
		"pgbouncer.ini": fmt.Sprintf(poolerConfiguration, server.Host, server.Port, port, filepath.Join(folder, "users"), setting),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arguments := []string{"-c", poolerScript, "pooler", program, filepath.Join(folder, "pgbouncer.ini")}
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
		_ = command.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("pgbouncer does not listen: %v\n%s", err, log.String())
		}
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", server.User, address, database.Name)
}

// The error names a pooler that rejects the installer's settings, or silently drops them. The search_path would then be
// the database's, in which others may have put functions.
func TestPoolerIsNamed(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	for name, setting := range map[string]string{
		"refuses settings": "",
		"drops settings":   "ignore_startup_parameters = search_path,lock_timeout,check_function_bodies",
	} {
		url := poolerURL(t, database, setting)
		for _, arguments := range [][]string{{"status"}, {"install"}, {"verify"}, {"uninstall"}, {"gate", "list"}, {"event", "run", "--once"}} {
			var out, problems bytes.Buffer
			code := cli.Main(context.Background(), append(arguments, "--database-url", url), strings.NewReader(""), &out, &problems)
			if code != 1 || strings.Count(problems.String(), "HINT: ") != 1 ||
				!strings.Contains(problems.String(), "HINT: Connect to the server itself: this is a pooler, such as PgBouncer") {
				t.Errorf("%s: %q ended with %d and does not name the pooler:\n%s%s", name, arguments, code, out.String(), problems.String())
			}
		}
	}
}

// A server that accepts the connection but does not answer must not keep somebody waiting who pressed <TAB>.
func TestCompletionGivesUpOnASilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var out, problems bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- cli.Main(context.Background(), []string{"__complete", "gate", "enable", "--database-url", "postgres://dba@" + listener.Addr().String() + "/erp", ""},
			strings.NewReader(""), &out, &problems)
	}()
	select {
	case code := <-ended:
		if code != 0 || out.String() != ":4\n" || strings.Contains(problems.String(), "rror:") {
			t.Errorf("the completion ended with %d:\n%s%s", code, out.String(), problems.String())
		}
	case <-time.After(time.Minute):
		t.Error("completion still waits")
	}
}
