package standby_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// A subscriber gets the rows of the log, in the first copy and afterwards, and its sequences do not advance.
func TestSubscriberOfTheLogSealsOnceItsSequenceIsMended(t *testing.T) {
	requireBinaries(t)
	publisher := start(t, server.Options{Settings: map[string]string{"wal_level": "logical"}})
	subscriber := start(t, server.Options{})
	published, subscribed := connect(t, publisher, "", ""), connect(t, subscriber, "", "")
	for _, connection := range []*pgx.Conn{published, subscribed} {
		if _, err := install.Install(t.Context(), connection.Config(), install.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		Run(t, published, passed, "APP_COPIED")
	}
	Run(t, published, "create publication log for table postern_internal.checkpoint_entry with (publish_via_partition_root = true)")
	Run(t, subscribed, "create subscription log connection '"+publisher.URL+"' publication log")
	var highest int64
	for range 10 {
		highest = Value[int64](t, published, passed, "APP_STREAMED")
	}
	waitForEntries(t, subscribed, 30)

	// Nothing in PostgreSQL stops the subscriber from giving out an id again.
	if next := Value[int64](t, subscribed, "select nextval('postern_internal.log_number')"); next > highest {
		t.Fatalf("the next id is %d, and the highest of the log %d", next, highest)
	}
	_, err := subscribed.Exec(t.Context(), "select postern.begin_sealing()")
	refusal := testdb.RequireCode(t, err, "55000")
	_, mend, found := strings.Cut(refusal.Hint, "have a superuser run: ")
	if !found || refusal.Detail == "" || !strings.Contains(refusal.Hint, "end the subscription") {
		t.Fatalf("the refusal has DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
	}
	Run(t, subscribed, "drop subscription log")
	Run(t, subscribed, mend)
	if next := Value[int64](t, subscribed, passed, "APP_HERE"); next != highest+1 {
		t.Errorf("the next id is %d after %d", next, highest)
	}

	folder := t.TempDir()
	key, heads := filepath.Join(folder, "log.key"), filepath.Join(folder, "heads")
	run := func(arguments ...string) string {
		t.Helper()
		var out, complaints bytes.Buffer
		if code := cli.Main(t.Context(), arguments, nil, &out, &complaints); code != 0 {
			t.Fatal(arguments, code, complaints.String())
		}
		return out.String()
	}
	run("log", "key", "create", "--key", key, "--origin", "subscriber.example.com/log")
	run("log", "seal", "--key", key, "--heads", heads, "--database-url", subscriber.URL)
	if said := run("log", "verify", "--heads", heads, "--database-url", subscriber.URL); !strings.HasPrefix(said, "31 entries verified") {
		t.Errorf("verify says %q", said)
	}
}

// What is administered on a subscriber is an entry there, with an id of the subscriber's own sequence.
func TestSubscriberWithEntriesOfItsOwnSkipsAheadFirst(t *testing.T) {
	requireBinaries(t)
	publisher := start(t, server.Options{Settings: map[string]string{"wal_level": "logical"}})
	published := connect(t, publisher, "", "")
	if _, err := install.Install(t.Context(), published.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		Run(t, published, passed, "APP_COPIED")
	}
	Run(t, published, "create publication log for table postern_internal.checkpoint_entry with (publish_via_partition_root = true)")
	another := start(t, server.Options{})
	Run(t, connect(t, another, "", ""), "create database naive")

	folder := t.TempDir()
	key := filepath.Join(folder, "log.key")
	var out bytes.Buffer
	run := func(arguments ...string) (int, string) {
		out.Reset()
		code := cli.Main(t.Context(), arguments, nil, &out, &out)
		return code, out.String()
	}
	if code, said := run("log", "key", "create", "--key", key, "--origin", "subscriber.example.com/log"); code != 0 {
		t.Fatal(said)
	}
	for database, want := range map[string]string{"naive": "SQLSTATE 23505", "postgres": "6 entries sealed"} {
		address, err := another.ConnectionString(database, "", "")
		if err != nil {
			t.Fatal(err)
		}
		subscribed, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { subscribed.Close(context.Background()) })
		if _, err := install.Install(t.Context(), subscribed.Config(), install.Options{}); err != nil {
			t.Fatal(err)
		}
		if database != "naive" {
			Run(t, subscribed, "select setval('postern_internal.log_number', 1000000000000)")
		}
		for _, user := range []string{"ANN", "BOB", "CAROL"} {
			Run(t, subscribed, "select postern.create_user($1, 'A person')", user)
		}
		Run(t, subscribed, "create subscription "+database+" connection '"+publisher.URL+"' publication log")
		waitForEntries(t, subscribed, 6)
		if _, said := run("log", "seal", "--key", key, "--heads", filepath.Join(folder, database), "--database-url", address); !strings.Contains(said, want) {
			t.Errorf("sealing %s says %q, want %q", database, said, want)
		}
		Run(t, subscribed, "drop subscription "+database)
	}
}

func waitForEntries(t *testing.T, subscribed *pgx.Conn, entries int64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); Value[int64](t, subscribed, "select count(*) from postern_internal.checkpoint_entry") < entries; {
		if time.Now().After(deadline) {
			t.Fatal("the entries do not arrive")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
