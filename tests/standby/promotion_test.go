package standby_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

const promotionScene = `
create role application login password 'application' in role postern_trusted_app;
create role service login password 'service' in role postern_sealer, postern_event_worker;
select postern.allow_login('application'), postern.allow_login('service');
select postern.register_gate('SHOP_PAY', 'Pay', 'Invoice &INVOICE paid', '{INVOICE}', active => true), postern.set_setting('denials_per_hour', '1000000');
create table public.payment (invoice integer, userid text not null default postern.current_userid());
grant insert on public.payment to application`

// payments is what sessions know about what they have paid.
type payments struct {
	lock sync.Mutex
	next int
	// paid has the user of each payment whose commit was confirmed, and the ticket that opened its gate.
	paid    map[int]string
	tickets map[int]string
}

// pay pays invoices until the context ends. The connection leads to whichever server can write.
func (p *payments) pay(ctx context.Context, config *pgx.ConnConfig, user string) error {
	session := postern.TrustedSession(user)
	for ctx.Err() == nil {
		connection, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		for err == nil && ctx.Err() == nil {
			p.lock.Lock()
			p.next++
			invoice := p.next
			p.lock.Unlock()
			work := func(tx pgx.Tx) error { return payIn(ctx, tx, invoice) }
			var required *postern.CheckpointRequired
			if err = postern.Do(ctx, connection, session, nil, work); errors.As(err, &required) {
				var ticket string
				ticket, err = postern.Authenticate(ctx, connection, session, required.Challenge, postern.Answer{Username: user, Response: "482913"})
				if err == nil {
					err = postern.Do(ctx, connection, session.WithTicket(ticket), nil, work)
				}
				if err == nil {
					p.lock.Lock()
					p.paid[invoice], p.tickets[invoice] = user, ticket
					p.lock.Unlock()
				}
			} else if err == nil {
				return fmt.Errorf("invoice %d was paid without an approval", invoice)
			}
		}
		_ = connection.Close(context.WithoutCancel(ctx))
	}
	return nil
}

func payIn(ctx context.Context, tx pgx.Tx, invoice int) error {
	if _, err := tx.Exec(ctx, "insert into public.payment (invoice) values ($1)", invoice); err != nil {
		return err
	}
	return db.New(tx).Checkpoint(ctx, "SHOP_PAY", fmt.Appendf(nil, `{"INVOICE": %d}`, invoice))
}

// The primary dies while eight sessions pay, and its synchronous standby takes over. Nothing that was confirmed is lost, no
// ticket works a second time, and sealer and worker go on once somebody has confirmed the new timeline.
func TestPromotionUnderLoadLosesNothing(t *testing.T) {
	first, primary := newPrimary(t)
	Run(t, primary, promotionScene)
	users := []string{"ANN", "BEN", "CLEO", "DIRK"}
	for _, user := range users {
		Run(t, primary, "select postern.create_user($1, $1), postern.reset_pin($1, '739146')", user)
		GivePIN(t, primary, user, "482913")
	}
	receiver := newTold(t)
	Run(t, primary, "select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	second, standby := follow(t, first, primary)
	Run(t, primary, "alter system set synchronous_standby_names = '*'")
	Run(t, primary, "select pg_reload_conf()")
	await(t, "a synchronous standby", func() bool {
		return Value[bool](t, primary, "select exists (select from pg_stat_replication where sync_state = 'sync')")
	})

	folder := t.TempDir()
	key, heads := filepath.Join(folder, "key"), filepath.Join(folder, "heads")
	if code := cli.Main(t.Context(), []string{"log", "key", "create", "--key", key, "--origin", "test.example/log"}, nil, io.Discard, io.Discard); code != 0 {
		t.Fatal("no key")
	}
	// serve runs the service on whichever server can write, until stopped. It returns what it says in the end.
	serve := func() (stop func() string) {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan string, 1)
		go func() {
			var said bytes.Buffer
			cli.RunOn(ctx, bothServers(t, first, second, "service"), []string{"run", "--every", "100ms", "--key", key, "--heads", heads}, strings.NewReader(""), io.Discard, &said)
			ended <- said.String()
		}()
		t.Cleanup(cancel)
		return func() string { cancel(); return <-ended }
	}
	stop := serve()

	known := &payments{paid: map[int]string{}, tickets: map[int]string{}}
	paying, stopPaying := context.WithCancel(t.Context())
	defer stopPaying()
	config := bothServers(t, first, second, "application")
	var sessions sync.WaitGroup
	for number := range 2 * len(users) {
		sessions.Go(func() {
			if err := known.pay(paying, config, users[number%len(users)]); err != nil {
				t.Error(err)
			}
		})
	}
	paidAtLeast := func(count int) func() bool {
		return func() bool { known.lock.Lock(); defer known.lock.Unlock(); return len(known.paid) >= count }
	}
	await(t, "payments", paidAtLeast(100))
	if err := first.Close(); err != nil { // at once, as when the machine dies
		t.Fatal(err)
	}
	known.lock.Lock()
	before := maps.Clone(known.tickets)
	known.lock.Unlock()
	Run(t, standby, "select pg_promote()")
	await(t, "payments on the new primary", paidAtLeast(len(before)+100))
	stopPaying()
	sessions.Wait()

	// The service has not decided by itself that this is production now.
	if sealed := Value[int64](t, standby, "select entries from postern.unsealed_entries()"); sealed == 0 {
		t.Error("it is sealed on a timeline that nobody has confirmed")
	}
	if said := stop(); !strings.Contains(said, "--confirm-timeline 2") {
		t.Errorf("the service does not say how to go on: %s", said)
	}
	t.Setenv("POSTERN_CONFIRM_TIMELINE", "2")
	stop = serve()
	await(t, "the log to be sealed", func() bool {
		return Value[int64](t, standby, "select entries from postern.unsealed_entries()") == 0
	})
	await(t, "the events to be delivered", func() bool {
		return Value[int64](t, standby, "select coalesce(sum(pending), 0) from postern.event_action") == 0
	})
	stop()

	paid := map[int]string{}
	for _, row := range Values[string](t, standby, "select invoice || ' ' || userid from public.payment") {
		var invoice int
		var user string
		if _, err := fmt.Sscan(row, &invoice, &user); err != nil {
			t.Fatal(err)
		}
		if paid[invoice] != "" {
			t.Errorf("invoice %d is paid twice", invoice)
		}
		paid[invoice] = user
	}
	for invoice, user := range known.paid {
		if paid[invoice] != user {
			t.Errorf("the payment of invoice %d by %s was confirmed, and the database has %q", invoice, user, paid[invoice])
		}
	}
	if differ := Value[int64](t, standby, `
select count(*) from public.payment as p
  full join (select (parameters ->> 'INVOICE')::integer as invoice, userid from postern.checkpoint_log where outcome = 'passed' and gate_id = 'SHOP_PAY') as l using (invoice, userid)
 where p.invoice is null or l.invoice is null`); differ != 0 {
		t.Errorf("%d payments are only in the table or only in the log", differ)
	}
	for _, id := range Values[int64](t, standby, "select log_id from postern.checkpoint_log where outcome = 'passed'") {
		if !receiver.entries[id] {
			t.Errorf("the receiver was not told of entry %d", id)
		}
	}
	// A ticket that was used on the old primary is used on the new one.
	application, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer application.Close(context.Background())
	for invoice, ticket := range before {
		err := postern.Do(t.Context(), application, postern.TrustedSession(known.paid[invoice]).WithTicket(ticket), nil, func(tx pgx.Tx) error { return payIn(t.Context(), tx, invoice) })
		if testdb.Code(err) != "PS103" {
			t.Fatalf("a ticket was used again: %v", err)
		}
	}
	var said bytes.Buffer
	if code := cli.RunOn(t.Context(), standby.Config(), []string{"log", "verify", "--heads", heads}, strings.NewReader(""), &said, &said); code != 0 {
		t.Error(said.String())
	}
	t.Logf("%d payments confirmed, %d of them before the promotion; %d in the database", len(known.paid), len(before), len(paid))
}

// bothServers connects a login to whichever of two servers can write.
func bothServers(t *testing.T, first, second *server.Server, login string) *pgx.ConnConfig {
	t.Helper()
	var hosts []string
	for _, each := range []*server.Server{first, second} {
		config, err := pgx.ParseConfig(each.URL)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, fmt.Sprintf("%s:%d", config.Host, config.Port))
	}
	config, err := pgx.ParseConfig(fmt.Sprintf("postgres://%[1]s:%[1]s@%[2]s/postgres?sslmode=disable&target_session_attrs=read-write", login, strings.Join(hosts, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s", what)
		}
	}
}
