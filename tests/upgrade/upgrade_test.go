//go:build upgrade

// Package upgrade_test takes a filled database through pg_upgrade. It needs two major versions of PostgreSQL on one
// machine, and a user other than root: .ci/upgrade runs it in a container that has them.
package upgrade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	. "github.com/posternsql/postern/internal/testsql"
)

// These environment variables name the folders of the programs of both versions.
const (
	fromVariable = "POSTERN_UPGRADE_FROM"
	toVariable   = "POSTERN_UPGRADE_TO"
)

// cluster is a server that can be reached only through its Unix socket.
type cluster struct{ programs, data, sockets string }

func execute(t *testing.T, folder, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	// Output goes through a file, because a server that pg_ctl started keeps a pipe open.
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
}

func newCluster(t *testing.T, variable string) *cluster {
	t.Helper()
	programs := os.Getenv(variable)
	if programs == "" {
		t.Fatalf("%s is not set: it names the folder with one version's initdb and pg_upgrade", variable)
	}
	// A socket's path has at most 107 octets.
	sockets, err := os.MkdirTemp("", "sockets")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	c := &cluster{programs, filepath.Join(t.TempDir(), "data"), sockets}
	initialize := []string{"--pgdata", c.data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"}
	// Since 18 the default is the opposite, and pg_upgrade needs both alike.
	if help, err := exec.CommandContext(t.Context(), filepath.Join(programs, "initdb"), "--help").Output(); err == nil && bytes.Contains(help, []byte("--no-data-checksums")) {
		initialize = append(initialize, "--no-data-checksums")
	}
	execute(t, "", filepath.Join(programs, "initdb"), initialize...)
	return c
}

func (c *cluster) start(t *testing.T) {
	t.Helper()
	execute(t, "", filepath.Join(c.programs, "pg_ctl"), "start", "--wait", "--silent", "--pgdata", c.data, "--log", c.data+".log",
		"--options", "-c listen_addresses= -c fsync=off -c unix_socket_directories="+c.sockets)
	t.Cleanup(func() {
		// The test's context has ended by now, so it is not used. A server that is already stopped makes this fail,
		// which is ignored.
		_ = exec.CommandContext(context.Background(), filepath.Join(c.programs, "pg_ctl"), "stop", "--silent", "--mode=immediate", "--pgdata", c.data).Run()
	})
}

func (c *cluster) stop(t *testing.T) {
	t.Helper()
	execute(t, "", filepath.Join(c.programs, "pg_ctl"), "stop", "--wait", "--silent", "--mode=fast", "--pgdata", c.data)
}

func (c *cluster) url() string { return "host=" + c.sockets + " user=postgres dbname=erp" }

func (c *cluster) connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), c.url()+" dbname="+database)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

// postern runs a command, expects its exit code, and returns its output.
func (c *cluster) postern(t *testing.T, want int, arguments ...string) string {
	t.Helper()
	var out bytes.Buffer
	t.Setenv("DATABASE_URL", c.url())
	if code := cli.Main(t.Context(), arguments, nil, &out, &out); code != want {
		t.Fatalf("%s ended with %d, want %d:\n%s", arguments, code, want, out.String())
	}
	return out.String()
}

const fill = `
create role shop_owner;
create role shop login in role postern_trusted_app;
create role ledger_owner;
grant references on postern.posting_combination to ledger_owner;
select postern.allow_login('shop');
select postern.create_session_key('web', decode(repeat('ab', 32), 'hex'));
select postern.create_user('ANN', 'Ann', 'shop');
select postern.create_company('10', 'Ten'), postern.create_company('20', 'Twenty'), postern.grant_company('ANN', '10');
select postern.create_ledger('10', 'IL'), postern.grant_ledger('10', 'IL', 'ANN'), postern.create_ledger('20', 'IL');
create schema shop;
create table shop.voucher (voucher_id integer primary key, company text, amount integer not null);
insert into shop.voucher values (1, '10', 1), (2, '20', 2), (3, null, 4);
create table shop.combination as
  select c.company, postern.posting_combination_id(c.company, 'A') as id from (values ('10'), ('20')) as c (company);
create table shop.entry (entry_id integer, company text not null, posting_combination_id bigint not null,
                         foreign key (company, posting_combination_id) references postern.posting_combination);
insert into shop.entry select row_number() over (), company, id from shop.combination;
create table shop.internal as select *, 'IL' as ledger_id from shop.entry;
select postern.protect_company('shop.voucher');
select postern.protect_ledger('shop.entry'), postern.protect_ledger('shop.internal', ledger_column => 'ledger_id');
grant usage on schema shop to shop;
grant select on all tables in schema shop to shop`

const entry = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ('passed', $1, 'ANN', 'paid', '{}') returning log_id`

// rows is what the user sees, and how many rows there are.
func rows(t *testing.T, connection *pgx.Conn) string {
	t.Helper()
	const seen = `
select format('%s %s %s', (select array_agg(voucher_id order by 1) from shop.voucher),
              (select array_agg(entry_id order by 1) from shop.entry), (select array_agg(entry_id order by 1) from shop.internal))`
	all := Value[string](t, connection, seen)
	Run(t, connection, "set session authorization shop")
	own := Value[string](t, connection, seen)
	Run(t, connection, "reset session authorization")
	return all + " / " + own
}

// What was installed, protected and signed before pg_upgrade is valid after it. What is tied to the cluster asks once,
// and says how to answer. The dump that pg_upgrade makes must not depend on the old server's settings.
func TestDatabaseContinuesAfterPgUpgrade(t *testing.T) {
	for _, quoted := range []string{"off", "on"} {
		t.Run("quote_all_identifiers "+quoted, func(t *testing.T) {
			var mutex sync.Mutex
			var told []string
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
				var body struct {
					Data struct {
						GateID string `json:"gate_id"`
					} `json:"data"`
				}
				if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
					t.Error(err)
				}
				mutex.Lock()
				defer mutex.Unlock()
				told = append(told, body.Data.GateID)
			}))
			defer receiver.Close()
			requireTold := func(want ...string) {
				t.Helper()
				mutex.Lock()
				defer mutex.Unlock()
				if got := slices.Sorted(slices.Values(told)); !slices.Equal(got, want) {
					t.Fatalf("told of %s, want %s", got, want)
				}
			}

			before, after := newCluster(t, fromVariable), newCluster(t, toVariable)
			before.start(t)
			maintenance := before.connect(t, "postgres")
			Run(t, maintenance, "create database erp")
			Run(t, maintenance, "alter system set quote_all_identifiers = "+quoted)
			Run(t, maintenance, "select pg_reload_conf()")
			identifier := Value[int64](t, maintenance, "select system_identifier from pg_control_system()")
			if err := maintenance.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			before.postern(t, 0, "install")
			folder := t.TempDir()
			key, heads := filepath.Join(folder, "key"), filepath.Join(folder, "heads")
			before.postern(t, 0, "log", "key", "create", "--key", key, "--origin", "test.example/log")
			seal := []string{"log", "seal", "--key", key, "--heads", heads}

			old := before.connect(t, "erp")
			Run(t, old, fill)
			Run(t, old, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
			Run(t, old, entry, "APP_TOLD")
			before.postern(t, 0, "event", "run", "--once")
			requireTold("APP_TOLD")
			signed := Value[int64](t, old, entry, "APP_WAITING")
			Run(t, old, "select postern_internal.queue_event_deliveries(event_action_id) from postern_internal.event_action")
			before.postern(t, 0, seal...)
			proof := filepath.Join(folder, "proof.json")
			before.postern(t, 0, "log", "prove", "2", "--heads", heads, "-o", proof)
			Run(t, old, entry, "APP_NOT_QUEUED")
			visible := rows(t, old)
			if want := "{1,2,3} {1,2} {1,2} / {1} {1} {1}"; visible != want {
				t.Fatalf("rows %s, want %s", visible, want)
			}
			accepted := filepath.Join(folder, "accepted.yaml")
			if err := os.WriteFile(accepted, []byte(`accepted_findings:
  - finding: extra_grant
    object: references on table postern.posting_combination to ledger_owner
    reason: The ledger's postings refer to it.
    until: 2199-12-31
`), 0o600); err != nil {
				t.Fatal(err)
			}
			verify := []string{"verify", "--accept", accepted}
			before.postern(t, 0, verify...)
			if err := old.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			before.stop(t)

			execute(t, folder, filepath.Join(after.programs, "pg_upgrade"), "--old-bindir", before.programs, "--new-bindir", after.programs,
				"--old-datadir", before.data, "--new-datadir", after.data, "--socketdir", after.sockets, "--username=postgres", "--no-sync")

			after.start(t)
			upgraded := after.connect(t, "erp")
			defer upgraded.Close(context.Background())
			if Value[int64](t, upgraded, "select system_identifier from pg_control_system()") == identifier {
				t.Fatal("pg_upgrade kept the system identifier: nothing has to be confirmed any more, say so in docs/install.md")
			}
			after.postern(t, 0, verify...)
			if text := after.postern(t, 3, "verify"); !strings.Contains(text, "ledger_owner") {
				t.Errorf("verify lost a grant:\n%s", text)
			}
			if got := rows(t, upgraded); got != visible {
				t.Errorf("rows %s, before it was %s", got, visible)
			}
			if text := after.postern(t, 0, "install"); strings.Contains(text, "rror") {
				t.Error(text)
			}
			after.postern(t, 0, "log", "verify", "--heads", heads)
			after.postern(t, 0, "log", "check-proof", proof, "--heads", heads)

			// The operator gets a refusal, and does what it says.
			moved := slices.Sorted(slices.Values(Values[string](t, upgraded, "select format('%s %s', code, object) from postern.doctor where code like 'moved%'")))
			if want := []string{"moved_event event SECURITY_CHECKPOINT_SUCCESS", "moved_login login shop", "moved_session_key session key web"}; !slices.Equal(moved, want) {
				t.Errorf("doctor finds %q, want %q", moved, want)
			}
			refusal := after.postern(t, 1, seal...)
			place := regexp.MustCompile(`--confirm-database (\S+?)"`).FindStringSubmatch(refusal)
			if place == nil || !strings.Contains(refusal, "upgraded cluster") {
				t.Fatalf("it does not say how to go on:\n%s", refusal)
			}
			if text := after.postern(t, 1, "event", "run", "--once"); !strings.Contains(text, "upgraded") || !strings.Contains(text, "set_event_enabled") {
				t.Errorf("it does not say how to go on:\n%s", text)
			}
			requireTold("APP_TOLD")
			after.postern(t, 0, append(slices.Clone(seal), "--confirm-database", place[1])...)
			after.postern(t, 0, "event", "enable", "SECURITY_CHECKPOINT_SUCCESS")
			after.postern(t, 0, "event", "retry")
			after.postern(t, 0, "event", "run", "--once")
			// What no worker had queued is not delivered: docs/install.md tells the operator to deliver it before.
			requireTold("APP_TOLD", "APP_WAITING")

			next := Value[int64](t, upgraded, entry, "APP_AFTER")
			if next <= signed+1 {
				t.Errorf("log id %d was given out again after %d", next, signed+1)
			}
			after.postern(t, 0, "event", "run", "--once")
			requireTold("APP_AFTER", "APP_TOLD", "APP_WAITING")
			after.postern(t, 0, seal...)
			if text := after.postern(t, 0, "log", "verify", "--heads", heads); !strings.Contains(text, "4 entries verified") {
				t.Error(text)
			}
			after.postern(t, 0, verify...)
		})
	}
}
