//go:build linux

// Package soak lets many sessions work while the server, its backends, the service and the connections die, the disk
// fills, the clock jumps and Postern is installed again. Then it compares the database, the log and the events with what
// the sessions know.
package soak

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testsql"
)

// soakTime is how long the sessions work. `make soak` makes it longer.
var soakTime = flag.Duration("soak", time.Minute, "how long sessions work while things break")

const (
	sessions = 32
	// users have four sessions each.
	users = 8
	// eventTime is how long one thing that breaks may take, with what follows from it.
	eventTime = 5 * time.Minute
)

// serviceVariable makes this binary the service: a process of its own, which can be killed.
const serviceVariable = "POSTERN_SOAK_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(serviceVariable) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], strings.NewReader(""), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Whatever breaks, what is committed is in the business table, in the log and at the receiver of events, and nothing else
// is; no ticket is used twice, nobody reads the rows of others, and no wrong response is forgotten.
func TestSoak(t *testing.T) {
	w := newWorld(t)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	working, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	for number := range sessions {
		group.Go(func() { w.work(working, number) })
	}
	time.Sleep(time.Second) // they have begun
	deadline := time.Now().Add(*soakTime)
	events := w.events()
	for round := 1; round == 1 || time.Now().Before(deadline); round++ {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		for _, event := range events {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), eventTime)
			err := event.do(ctx)
			cancel()
			if err != nil {
				t.Fatalf("%s: %v\n%s", event.what, err, w.said())
			}
			t.Logf("%6s  %s, for %s", time.Since(deadline.Add(-*soakTime)).Round(time.Second), event.what, time.Since(began).Round(time.Millisecond))
			time.Sleep(time.Second) // the sessions come back
		}
		w.paused(func() {
			for _, untruth := range w.untruths(t) {
				t.Error(untruth)
			}
		})
		if t.Failed() {
			break
		}
	}
	stop()
	group.Wait()
	if !t.Failed() {
		w.requireNoticed(t)
	}
	for _, fault := range w.known.faults {
		t.Error(fault)
	}
	t.Log(w.known.summary())
	for kind := range strings.FieldsSeq(kinds) {
		if w.known.done[kind] == 0 {
			t.Errorf("no session did %s", kind)
		}
	}
	if t.Failed() {
		t.Log(w.said())
	}
}

// requireNoticed shows that the comparison finds what is wrong.
func (w *world) requireNoticed(t *testing.T) {
	t.Helper()
	for statement, want := range map[string]string{
		"insert into public.approval select * from public.approval limit 1":                      "is twice in the table",
		"delete from public.approval where invoice = (select min(invoice) from public.approval)": "and not in the table",
		"update public.voucher set approvals = 1 where company = 'CU00'":                         "changed by what was rolled back",
	} {
		var found []string
		if err := w.asSuperuser(t.Context(), func(connection *pgx.Conn) error {
			testsql.Run(t, connection, statement)
			found = w.untruths(t)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("after %s only this is found: %q", statement, found)
		}
	}
}

// user is the user of a session.
func user(number int) string { return fmt.Sprintf("U%02d", number%users) }
