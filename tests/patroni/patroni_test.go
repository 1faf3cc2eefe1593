//go:build patroni

// Package patroni_test runs the configuration in deploy/patroni: two nodes, each with a "postern run" of its own, through
// a switchover and the loss of the leader. It needs the Debian packages patroni, etcd-server and postgresql-15.
package patroni_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testbuffer"
	. "github.com/posternsql/postern/internal/testsql"
)

const (
	deploy = "../../deploy/patroni/"
	entry  = "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters) values ('passed', 'APP_PAY', 'ANN', 'paid', '{}')"
)

// cluster are two nodes, and what they share.
type cluster struct {
	folder, password string
	account          *syscall.Credential // nil if this is not root
	nodes            []*node
	key, heads       string
}

// node is a server under Patroni, and the service beside it.
type node struct {
	*cluster
	name, folder   string
	port, restPort string
	patroni        *exec.Cmd
	said           testbuffer.Buffer
	address        string // of /healthz
	service        testbuffer.Buffer
	stopService    func()
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// await waits until a condition holds.
func (c *cluster) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, n := range c.nodes {
				t.Logf("%s\n%s\n%s", n.name, n.said.String(), n.service.String())
			}
			t.Fatalf("still not: %s", what)
		}
	}
}

// start runs a program as the account of PostgreSQL.
func (c *cluster) start(t *testing.T, said io.Writer, environment []string, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir, command.Stdout, command.Stderr = c.folder, said, said
	command.Env = append(os.Environ(), environment...)
	command.WaitDelay = 10 * time.Second
	leash.Tie(command)
	command.SysProcAttr.Credential = c.account
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}

// write writes a file that the account of PostgreSQL owns.
func (c *cluster) write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	c.own(t, path)
}

func (c *cluster) own(t *testing.T, path string) {
	t.Helper()
	if c.account != nil {
		if err := os.Chown(path, int(c.account.Uid), int(c.account.Gid)); err != nil {
			t.Fatal(err)
		}
	}
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	folder, removed, err := leash.Folder("postern-patroni-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = removed.Undo() })
	c := &cluster{folder: folder, password: rand.Text(), key: filepath.Join(folder, "log.key"), heads: filepath.Join(folder, "heads")}
	if os.Geteuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		c.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	c.own(t, folder)

	client, peer := "http://127.0.0.1:"+freePort(t), "http://127.0.0.1:"+freePort(t)
	var said testbuffer.Buffer
	etcd := c.start(t, &said, nil, "etcd", "--data-dir", filepath.Join(folder, "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	t.Cleanup(func() { _, _ = etcd.Process.Kill(), etcd.Wait() })
	c.await(t, "etcd answers", func() bool { status, _ := get(client + "/health"); return status == http.StatusOK })

	for _, name := range []string{"erp-1", "erp-2"} {
		n := &node{cluster: c, name: name, folder: filepath.Join(folder, name), port: freePort(t), restPort: freePort(t), address: "127.0.0.1:" + freePort(t)}
		if err := os.Mkdir(n.folder, 0o755); err != nil {
			t.Fatal(err)
		}
		c.own(t, n.folder)
		n.begin(t, client)
		c.nodes = append(c.nodes, n)
		c.await(t, name+" runs", func() bool {
			status, _ := get("http://127.0.0.1:" + n.restPort + "/health")
			return status == http.StatusOK
		})
	}
	return c
}

// begin starts Patroni with the files of deploy/patroni, in which paths differ, and times that would make the test slow.
func (n *node) begin(t *testing.T, etcd string) {
	t.Helper()
	replace := func(file string, pairs ...string) string {
		content, err := os.ReadFile(deploy + file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(string(content), pairs[i]) {
				t.Fatalf("%s does not have %s", file, pairs[i])
			}
		}
		return strings.NewReplacer(pairs...).Replace(string(content))
	}
	callback, configuration := filepath.Join(n.folder, "confirm-timeline"), filepath.Join(n.folder, "patroni.yml")
	n.write(t, callback, replace("confirm-timeline", "/var/lib/postgresql/", n.folder+"/"), 0o755)
	n.write(t, configuration, replace("patroni.yml", "ttl: 30", "ttl: 20", "loop_wait: 10", "loop_wait: 2", "retry_timeout: 10", "retry_timeout: 3",
		"/etc/patroni/confirm-timeline", callback, "/var/lib/postgresql/erp.pgpass", filepath.Join(n.folder, "pgpass")), 0o600)
	// This sudo asks the test to restart the service.
	n.write(t, filepath.Join(n.folder, "sudo"), "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'"+filepath.Join(n.folder, "restarts")+"'\n", 0o755)
	environment := []string{
		"PATRONI_NAME=" + n.name, "PATRONI_ETCD3_HOSTS=" + strings.TrimPrefix(etcd, "http://"),
		"PATRONI_RESTAPI_LISTEN=127.0.0.1:" + n.restPort, "PATRONI_RESTAPI_CONNECT_ADDRESS=127.0.0.1:" + n.restPort,
		"PATRONI_POSTGRESQL_LISTEN=127.0.0.1:" + n.port, "PATRONI_POSTGRESQL_CONNECT_ADDRESS=127.0.0.1:" + n.port,
		"PATRONI_POSTGRESQL_DATA_DIR=" + n.data(), "PATRONI_SUPERUSER_PASSWORD=" + n.password, "PATRONI_REPLICATION_PASSWORD=" + n.password,
		"PATH=" + n.folder + ":" + os.Getenv("PATH"), "PGHOST=127.0.0.1", "PGPORT=" + n.port, "PGUSER=postgres", "PGPASSWORD=" + n.password,
	}
	n.patroni = n.start(t, &n.said, environment, "/usr/bin/patroni", configuration)
	undo, err := leash.Command("kill -9 $(head -1 '" + n.data() + "/postmaster.pid')")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = n.patroni.Process.Signal(syscall.SIGTERM) // it stops PostgreSQL
		_ = n.patroni.Wait()
		_ = undo.Undo()
	})
}

func (n *node) data() string { return filepath.Join(n.folder, "data") }

func (n *node) url(userinfo string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/postgres", userinfo, n.port)
}

func get(address string) (status int, body string) {
	response, err := http.Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

// leads reports whether Patroni says that a node is the leader.
func (n *node) leads() bool {
	status, _ := get("http://127.0.0.1:" + n.restPort + "/leader")
	return status == http.StatusOK
}

// follows reports whether a node is the synchronous standby.
func (n *node) follows() bool {
	status, _ := get("http://127.0.0.1:" + n.restPort + "/sync")
	return status == http.StatusOK
}

// serve runs the service of a node, as its systemd unit does: again each time when the callback restarts it, with what
// the callback wrote.
func (n *node) serve(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	n.stopService = sync.OnceFunc(func() { stop(); <-ended })
	t.Cleanup(n.stopService)
	config, err := pgx.ParseConfig(n.url("postern_service:" + n.password))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		for restarts := -1; ctx.Err() == nil; {
			arguments := []string{"run", "--metrics", n.address, "--key", n.key, "--heads", n.heads, "--every", "100ms"}
			if text, err := os.ReadFile(filepath.Join(n.folder, "postern-timeline.env")); err == nil {
				_, number, _ := strings.Cut(strings.TrimSpace(string(text)), "=")
				arguments = append(arguments, "--confirm-timeline", number)
			}
			text, _ := os.ReadFile(filepath.Join(n.folder, "restarts"))
			restarts = strings.Count(string(text), "systemctl restart postern\n")
			running, end := context.WithCancel(ctx)
			go func() {
				for running.Err() == nil {
					if text, _ := os.ReadFile(filepath.Join(n.folder, "restarts")); strings.Count(string(text), "systemctl restart postern\n") > restarts {
						end()
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
			cli.RunOn(running, config, arguments, strings.NewReader(""), io.Discard, &n.service)
			<-running.Done()
			end()
		}
	}()
}

func (n *node) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), n.url("postgres:"+n.password))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

func TestServiceGoesOnAfterSwitchoverAndFailover(t *testing.T) {
	c := newCluster(t)
	first, second := c.nodes[0], c.nodes[1]
	c.await(t, "erp-1 leads, and erp-2 follows", func() bool { return first.leads() && second.follows() })

	var mutex sync.Mutex
	told := map[int64]int{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			return // another test on this machine still asks for what was at this port before
		}
		var event struct {
			Data struct {
				LogID int64 `json:"log_id"`
			} `json:"data"`
		}
		if err := json.NewDecoder(request.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		mutex.Lock()
		defer mutex.Unlock()
		told[event.Data.LogID]++
	}))
	t.Cleanup(receiver.Close)
	delivered := func() int { mutex.Lock(); defer mutex.Unlock(); return len(told) }

	leader := first.connect(t)
	if _, err := install.Install(t.Context(), leader.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	Run(t, leader, "create role postern_service login password '"+c.password+"' in role postern_sealer, postern_event_worker")
	Run(t, leader, "select postern.allow_login('postern_service'), postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", c.key, "--origin", "test.example/log"}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	for _, n := range c.nodes {
		n.serve(t)
	}
	// settled waits until all entries are sealed and delivered.
	settled := func(n *node, connection *pgx.Conn, entries int) {
		t.Helper()
		c.await(t, fmt.Sprintf("%d entries are delivered, and all are sealed", entries), func() bool {
			return delivered() == entries && Value[int64](t, connection, "select entries from postern.unsealed_entries()") == 0
		})
		c.await(t, "the service beside the leader is well", func() bool { status, _ := get("http://" + n.address + "/healthz"); return status == http.StatusOK })
		var said testbuffer.Buffer
		if code := cli.Main(t.Context(), []string{"log", "verify", "--heads", c.heads, "--database-url", n.url("postgres:" + c.password)}, nil, &said, &said); code != 0 {
			t.Fatalf("log verify ends with %d: %s", code, said.String())
		}
	}
	Run(t, leader, entry)
	settled(first, leader, 1)
	c.await(t, "the service beside the standby is not ready", func() bool {
		status, body := get("http://" + second.address + "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "written")
	})

	// A switchover. The callback confirms the timeline, and restarts the service.
	began := time.Now()
	Run(t, leader, entry)
	response, err := http.Post("http://127.0.0.1:"+first.restPort+"/switchover", "application/json", strings.NewReader(`{"leader": "erp-1", "candidate": "erp-2"}`))
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("no switchover: %s", said)
	}
	c.await(t, "erp-2 leads, and erp-1 follows", func() bool { return second.leads() && first.follows() })
	leader = second.connect(t)
	c.await(t, "erp-2 is promoted", func() bool { return !Value[bool](t, leader, "select pg_is_in_recovery()") })
	Run(t, leader, entry)
	settled(second, leader, 3)
	t.Logf("after the switchover, all is sealed and delivered again after %s", time.Since(began).Round(time.Second/10))

	// The machine of the leader is lost, and all that was committed is there.
	began = time.Now()
	Run(t, leader, entry)
	second.stopService()
	if err := second.patroni.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	pid, err := os.ReadFile(second.data() + "/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	number, _ := strconv.Atoi(strings.SplitN(string(pid), "\n", 2)[0])
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	leader = first.connect(t)
	c.await(t, "erp-1 leads, and is promoted", func() bool { return first.leads() && !Value[bool](t, leader, "select pg_is_in_recovery()") })
	Run(t, leader, entry)
	settled(first, leader, 5)
	t.Logf("after the loss of the leader, all is sealed and delivered again after %s", time.Since(began).Round(time.Second/10))
	if got := Value[int](t, leader, "select count(*) from postern.checkpoint_log"); got != 5 {
		t.Errorf("the log has %d entries, want 5", got)
	}
	// The control file has the new one only after a checkpoint.
	if got := Value[int](t, leader, "select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer"); got != 3 {
		t.Errorf("the timeline is %d, want 3", got)
	}
}
