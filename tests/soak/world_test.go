//go:build linux

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testbuffer"
	"github.com/posternsql/postern/internal/testsql"
)

// world is a server of its own, with its disk, its clock, a service, a receiver of events, and the sessions.
type world struct {
	server *server.Server
	// superuser is the superuser's configuration.
	superuser *pgx.ConnConfig
	signer    postern.Signer
	folder    string
	disk      string // a small file system with the server's files
	clock     string // the servers read from this file how far their clock is off; empty without a C compiler
	// pause is held for writing while nobody works.
	pause sync.RWMutex
	known known

	lock        sync.Mutex
	connections map[net.Conn]bool
	told        map[int64]bool // log_id of each event that the receiver got
	services    []*service
}

const scene = `
create role soak_app login password 'soak' in role postern_app;
create role soak_trusted login password 'soak' in role postern_trusted_app;
create role soak_service login password 'soak' in role postern_sealer, postern_event_worker;
select postern.allow_login('soak_app'), postern.allow_login('soak_trusted'), postern.allow_login('soak_service');
select postern.register_gate('SOAK_APPROVE', 'Approve an invoice', 'Invoice &INVOICE approved', '{INVOICE}', active => true);
select postern.set_setting('denials_per_hour', '1000000'), postern.set_setting('cancels_per_hour', '1000000'), postern.set_setting('max_failures', '20');
create table public.voucher (company varchar primary key, approvals integer not null default 0);
create table public.approval (invoice integer, userid text not null default postern.current_userid());
grant select, insert on public.approval to postern_user;
grant select, update on public.voucher to postern_user;
select postern.protect_company('public.voucher');`

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		folder: t.TempDir(), connections: map[net.Conn]bool{}, told: map[int64]bool{},
		known: known{approved: map[int]string{}, denied: map[string]int{}, done: map[string]int{}, failed: map[string]int{}},
	}
	w.disk = smallDisk(t)
	w.clock = fakeClock(t)
	started, err := server.Start(t.Context(), server.Options{Durable: true, Folder: w.disk, Settings: map[string]string{"max_wal_size": "128MB", "min_wal_size": "32MB", "shared_buffers": "32MB"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("LD_PRELOAD", "") // for the server alone
	w.server = started
	w.superuser, err = pgx.ParseConfig(started.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := started.Crash(t.Context()); err != nil {
		t.Skipf("not tested, because this server cannot be crashed: %v", err)
	}
	if _, err := install.Install(t.Context(), w.superuser, install.Options{}); err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.ConnectConfig(t.Context(), w.superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	testsql.Run(t, connection, scene)
	for number := range users {
		testsql.Run(t, connection, "select postern.create_user($1, $1), postern.create_company('C' || $1, $1), postern.grant_company($1, 'C' || $1), postern.reset_pin($1, '739146')", user(number))
		testsql.Run(t, connection, "insert into public.voucher values ('C' || $1)", user(number))
		testsql.GivePIN(t, connection, user(number), pin)
	}
	secret := strings.Repeat("5a", 32)
	testsql.Run(t, connection, "select postern.create_session_key('soak', $1::text::bytea)", secret)
	if w.signer, err = postern.NewSigner("soak", []byte(secret), "postgres"); err != nil {
		t.Fatal(err)
	}
	receiver := httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(receiver.Close)
	testsql.Run(t, connection, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	w.command(t, "log", "key", "create", "--key", filepath.Join(w.folder, "key"), "--origin", "test.example/soak")
	for range 2 { // one does the work, the other one waits for its end
		w.services = append(w.services, w.startService(t))
	}
	return w
}

func (w *world) receive(_ http.ResponseWriter, request *http.Request) {
	var body struct {
		Data struct {
			LogID int64 `json:"log_id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
		panic(http.ErrAbortHandler) // the worker died while it sent, and another one sends again
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	w.told[body.Data.LogID] = true
}

// command runs a command of the command line, which must succeed.
func (w *world) command(t *testing.T, arguments ...string) {
	t.Helper()
	var said bytes.Buffer
	if code := cli.RunOn(t.Context(), w.superuser, arguments, strings.NewReader(""), &said, &said); code != 0 {
		t.Errorf("%s ended with %d: %s", strings.Join(arguments, " "), code, said.String())
	}
}

// connect begins a connection of a session: by a token, or through a trusted application.
func (w *world) connect(ctx context.Context, number int) (*pgx.Conn, postern.Session, error) {
	login, session := "soak_app", postern.TokenSession(w.signer, user(number))
	if number >= sessions/2 {
		login, session = "soak_trusted", postern.TrustedSession(user(number))
	}
	config := w.superuser.Copy()
	config.User, config.Password = login, "soak"
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		w.lock.Lock()
		defer w.lock.Unlock()
		w.connections[connection] = true
		return connection, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	connection, err := pgx.ConnectConfig(ctx, config)
	return connection, session, err
}

// paused calls do while no session works.
func (w *world) paused(do func()) {
	w.pause.Lock()
	defer w.pause.Unlock()
	do()
}

// said is the end of what the server and the services have said.
func (w *world) said() string {
	log, err := w.server.Log(context.Background())
	if err != nil {
		log = err.Error()
	}
	last := func(text string) string { return text[max(0, len(text)-6000):] }
	text := "the server:\n" + last(log)
	for _, each := range w.services {
		text += "\na service:\n" + last(each.said.String())
	}
	return text
}

// service is a process that runs "postern run".
type service struct {
	command *exec.Cmd
	said    *testbuffer.Buffer
}

func (w *world) startService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	if err := w.restart(s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.kill() })
	return s
}

func (w *world) restart(s *service) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if s.said == nil {
		s.said = &testbuffer.Buffer{}
	}
	s.command = exec.Command(program, "run", "--every", "100ms", "--key", filepath.Join(w.folder, "key"), "--heads", filepath.Join(w.folder, "heads"))
	s.command.Env = append(os.Environ(), serviceVariable+"=yes",
		fmt.Sprintf("DATABASE_URL=postgres://soak_service:soak@%s/postgres?sslmode=disable", net.JoinHostPort(w.superuser.Host, fmt.Sprint(w.superuser.Port))))
	s.command.Stdout, s.command.Stderr = s.said, s.said
	return s.command.Start()
}

func (s *service) kill() error {
	if err := s.command.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	_ = s.command.Wait() // says that it was killed
	return nil
}
