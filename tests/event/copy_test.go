package event_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// A copy in the same cluster has the same system identifier, roles and allowed logins. Only its database OID differs.
func TestCopyInTheSameClusterDeliversNothing(t *testing.T) {
	t.Parallel()
	for name, copied := range map[string]func(t *testing.T, production *testdb.Database) *testdb.Database{
		"create database template": func(t *testing.T, production *testdb.Database) *testdb.Database {
			return production.Copy(t)
		},
		"pg_dump": func(t *testing.T, production *testdb.Database) *testdb.Database {
			restored := testdb.Empty(t)
			var dump, complaints bytes.Buffer
			err := testdb.Server(t).Run(t.Context(), server.Program{Name: "pg_dump", Database: production.Name, Stdout: &dump, Stderr: &complaints})
			if err != nil {
				t.Fatal(err, complaints.String())
			}
			err = testdb.Server(t).Run(t.Context(), server.Program{
				Name: "psql", Arguments: []string{"-qX", "-v", "ON_ERROR_STOP=1"}, Database: restored.Name, Stdin: &dump, Stderr: &complaints,
			})
			if err != nil {
				t.Fatal(err, complaints.String())
			}
			return restored
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			production, told := testdb.New(t), receive(t, nil)
			addHook(t, production, "hook", success, told.URL)
			log(t, production.Pool, "APP_QUEUED")
			// One delivery waits in the queue, and one entry is not queued yet.
			testsql.Run(t, production.Pool, "select postern_internal.queue_event_deliveries(event_action_id) from postern_internal.event_action")
			log(t, production.Pool, "APP_LOGGED")
			copied := copied(t, production)

			// The naive copy identifies itself only by its cluster, and so takes itself for production.
			if !testsql.Value[bool](t, copied.Pool,
				"select (place).system_identifier = (select system_identifier from pg_control_system()) from postern_internal.event_action") {
				t.Fatal("the copy is in another cluster")
			}
			worker := event.New(copied.Login(t, "postern_event_worker").Pool, event.Options{})
			refusal := testdb.RequireCode(t, worker.RunOnce(t.Context()), "55000")
			if refusal.Detail == "" || refusal.Hint == "" {
				t.Errorf("the refusal has DETAIL %q, HINT %q", refusal.Detail, refusal.Hint)
			}
			// A confirmed timeline is for failovers. It does not make a copy production.
			timeline := testsql.Value[int64](t, copied.Pool, "select (postern_internal.current_place()).timeline")
			worker = event.New(copied.Login(t, "postern_event_worker").Pool, event.Options{Timeline: &timeline})
			testdb.RequireCode(t, worker.RunOnce(t.Context()), "55000")

			deliver(t, production)
			if got := slices.Sorted(slices.Values(told.gates())); !slices.Equal(got, []string{"APP_LOGGED", "APP_QUEUED"}) {
				t.Fatalf("production told of %s", got)
			}
			// Somebody who wants events from the copy enables them, and gets what happens from then on.
			testsql.Run(t, copied.Pool, "select postern.set_event_enabled($1, true)", success)
			log(t, copied.Pool, "APP_COPY")
			deliver(t, copied)
			if got := told.gates(); len(got) != 3 || got[2] != "APP_COPY" {
				t.Errorf("the receiver got %s, want APP_COPY as the third", got)
			}
			if got := testsql.Value[int64](t, copied.Pool, "select dead from postern.event_action"); got != 1 {
				t.Errorf("%d dead letters, want what production had queued", got)
			}
		})
	}
}

func TestRenamedDatabaseContinuesDelivering(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	log(t, database.Pool, "APP_BEFORE")
	database.Disconnect(t)
	renamed := database.Name + "_r"
	other := testdb.Empty(t)
	testsql.Run(t, other.Pool, "alter database "+database.Name+" rename to "+renamed)
	config := other.Pool.Config().Copy()
	config.ConnConfig.Database = renamed
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	err = event.New(pool, event.Options{}).RunOnce(t.Context())
	pool.Close()
	testsql.Run(t, other.Pool, "alter database "+renamed+" rename to "+database.Name)
	if err != nil {
		t.Fatal(err)
	}
	if got := told.gates(); !slices.Equal(got, []string{"APP_BEFORE"}) {
		t.Errorf("the receiver got %s, want APP_BEFORE", got)
	}
}
