package client

import (
	"context"
	"errors"
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

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// poolerScript runs a pooler as long as the other end of its standard input is open. So the pooler ends with the test,
// however the test ends.
const poolerScript = `"$@" & cat >/dev/null; kill -KILL $!; wait`

// poolerConfiguration gives each database and role one server connection. All clients share it, one transaction after
// the other.
const poolerConfiguration = `
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

// pooler is a PgBouncer of this test.
type pooler struct {
	// url connects the application through the pooler.
	url string
	// keepsStatements says whether statements may be prepared.
	keepsStatements bool
}

// poolers lists what the test runs on: PgBouncer without prepared statements, as before 1.21, and with them if this
// version has them.
func poolers(t *testing.T) map[string]string {
	t.Helper()
	output, err := exec.Command(poolerProgram(t), "--version").Output()
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
		return map[string]string{"without prepared statements": ""}
	}
	return map[string]string{
		"without prepared statements": "max_prepared_statements = 0",
		"with prepared statements":    "max_prepared_statements = 100",
	}
}

func poolerProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	t.Skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
	return ""
}

// startPooler puts a PgBouncer between the application and its database.
func startPooler(t *testing.T, o *office, setting string) *pooler {
	t.Helper()
	folder := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	server := o.Config(t)
	files := map[string]string{
		"users":         fmt.Sprintf("%q %q\n", o.application.Name, o.application.Password),
		"pgbouncer.ini": fmt.Sprintf(poolerConfiguration, server.Host, server.Port, port, filepath.Join(folder, "users"), setting),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arguments := []string{"-c", poolerScript, "pooler", poolerProgram(t), filepath.Join(folder, "pgbouncer.ini")}
	if os.Geteuid() == 0 {
		// PgBouncer refuses to run as root, but reads its files first.
		arguments = append(arguments, "--user=nobody")
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
	p := &pooler{keepsStatements: strings.HasSuffix(setting, " 100")}
	p.url = strings.Replace(o.application.URL, fmt.Sprintf("%s:%d", server.Host, server.Port), fmt.Sprintf("127.0.0.1:%d", port), 1)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		connection, err := pgx.Connect(t.Context(), p.url)
		if err == nil {
			connection.Close(t.Context())
			return p
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// client connects to the pooler.
func (p *pooler) client(t *testing.T, mode pgx.QueryExecMode, tracer pgx.QueryTracer) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(p.url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = mode
	config.Tracer = tracer
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

// Two applications take turns on one connection of a pooler in transaction mode. The second one's turn comes while the
// first one's user types.
func TestTransactionModePooler(t *testing.T) {
	for name, setting := range poolers(t) {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			p := startPooler(t, o, setting)
			if err := db.New(o.Pool).CreateUser(t.Context(), "BOB", "Bob", nil); err != nil {
				t.Fatal(err)
			}
			bob := postern.TokenSession(o.signer, "BOB")
			backend := p.requireShared(t)
			modes := []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeCacheDescribe}
			if p.keepsStatements {
				modes = append(modes, pgx.QueryExecModeCacheStatement)
			}
			if err := p.prepare(t); (err == nil) != p.keepsStatements {
				t.Fatalf("naive: two clients prepared one statement: %v", err)
			}
			for number, mode := range modes {
				t.Run(mode.String(), func(t *testing.T) {
					seen := &watcher{t: t, administrator: o.Pool, backend: backend}
					first, second := p.client(t, mode, seen), p.client(t, mode, nil)
					turns := 0
					others := func(ctx context.Context) {
						turns++
						var setting string
						var same uint32
						err := second.QueryRow(ctx, "select coalesce(current_setting('postern.session', true), ''), pg_backend_pid() where $1", true).Scan(&setting, &same)
						if err != nil || setting != "" || same != backend {
							t.Errorf("backend %d: the next client has the session %q: %v", same, setting, err)
						}
						_, err = db.New(second).CurrentUserid(ctx)
						testdb.RequireCode(t, err, "PS401")
						var required *postern.CheckpointRequired
						err = postern.Do(ctx, second, bob, nil, func(tx pgx.Tx) error { return approve(ctx, tx) })
						if !errors.As(err, &required) || required.Username != "BOB" {
							t.Errorf("the next client reached the gate: %v", err)
						}
					}
					responses := answers(typo, pin)
					err := o.approve(t.Context(), first, func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
						others(ctx)
						return responses(ctx, required)
					})
					others(t.Context())
					if err != nil || turns != 3 {
						t.Errorf("%d turns, want 3; error: %v", turns, err)
					}
					o.want(t, number+1, strings.TrimSpace(strings.Repeat("denied passed ", number+1)))
					all := strings.Join(seen.statements, "\n")
					if !strings.Contains(all, "postern.authenticate($1, $2, $3::varchar, $4") || strings.Contains(all, pin) {
						t.Errorf("the server has seen the statements:\n%s", all)
					}
				})
			}
		})
	}
}

// requireShared shows that the next client finds what a session keeps for longer than a transaction. That is the naive
// way to assert a user. It returns the backend that all clients share.
func (p *pooler) requireShared(t *testing.T) uint32 {
	t.Helper()
	backends, left := [2]uint32{}, ""
	for turn, statement := range []string{
		"select pg_backend_pid(), set_config('naive.userid', 'ALICE', false)",
		"select pg_backend_pid(), current_setting('naive.userid', true)",
	} {
		connection := p.client(t, pgx.QueryExecModeExec, nil)
		if err := connection.QueryRow(t.Context(), statement).Scan(&backends[turn], &left); err != nil {
			t.Fatal(err)
		}
	}
	if backends[0] != backends[1] || left != "ALICE" {
		t.Fatalf("naive: the second client is told %q, by backend %d instead of %d", left, backends[1], backends[0])
	}
	return backends[0]
}

// prepare makes two clients prepare the same statement, as pgx does by default.
func (p *pooler) prepare(t *testing.T) error {
	t.Helper()
	var got int
	return errors.Join(
		p.client(t, pgx.QueryExecModeCacheStatement, nil).QueryRow(t.Context(), "select $1::integer", 1).Scan(&got),
		p.client(t, pgx.QueryExecModeCacheStatement, nil).QueryRow(t.Context(), "select $1::integer", 1).Scan(&got))
}
