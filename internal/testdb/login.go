package testdb

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/testpooler"
)

// Login is a role that can log in to a test's database. It is dropped with everything that it owns when the test ends.
type Login struct {
	Name     string
	Password string
	URL      string
	// Pool connects as the role, with an empty search_path.
	Pool *pgxpool.Pool
}

// PoolerVariable puts a pooler between each login and its database, if it is set.
const PoolerVariable = "POSTERN_TEST_POOLER"

// poolerSettings make room for the sessions of a test. The parameters that some tests set when they connect do not reach
// the server.
const poolerSettings = "default_pool_size = 5\nignore_startup_parameters = search_path,postern.session"

func behindPooler(t testing.TB, url string) string {
	t.Helper()
	for _, mode := range testpooler.Modes(t) {
		if mode.KeepsStatements { // as pgx expects
			return testpooler.Start(t, url, mode.Settings+"\n"+poolerSettings)
		}
	}
	t.Fatalf("%s needs PgBouncer 1.21 or later", PoolerVariable)
	return ""
}

// Login creates a role with a random name and password, as a member of the named roles. If Postern is installed, the
// database allows the login to use those of its roles.
func (d *Database) Login(t testing.TB, memberOf ...string) *Login {
	t.Helper()
	name, password, err := d.cluster.CreateLogin(t.Context(), memberOf...)
	if err != nil {
		t.Fatal(err)
	}
	l := &Login{Name: name, Password: password}
	t.Cleanup(func() {
		if err := d.cluster.DropLogin(context.Background(), d.Name, l.Name); err != nil {
			t.Errorf("drop the test's role: %v", err)
		}
	})
	if len(memberOf) > 0 {
		d.allow(t, l.Name)
	}
	l.URL = d.ConnectionString(t, l.Name, l.Password)
	if os.Getenv(PoolerVariable) != "" {
		l.URL = behindPooler(t, l.URL)
	}
	l.Pool = openPool(t, l.URL)
	return l
}

// Beginner is a connection, a pool, or a transaction, which begins a savepoint.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// forgetEntries removes the entries of the log that a transaction has written, or all of them, and gives their numbers
// back if they were the last.
const forgetEntries = `
set local session_replication_role = replica;
with forgotten as (
  delete from postern_internal.checkpoint_entry as e where e.transaction_id = pg_catalog.pg_current_xact_id() or %t returning e.log_id
), unapproved as (
  delete from postern_internal.unapproved_change as u using forgotten as f where f.log_id = u.log_id
)
select pg_catalog.setval('postern_internal.log_number', greatest(f.first - 1, 1), f.first > 1)
  from (select min(log_id) - pg_catalog.pg_sequence_last_value('postern_internal.log_skip') as first, count(*) as entries from forgotten) as f
 where f.first + f.entries - 1 = pg_catalog.pg_sequence_last_value('postern_internal.log_number');
reset session_replication_role;`

// forget runs statements without an entry in the log, so that tests can count the entries that they are about. If all
// is set, the log loses what it had before, too.
func forget(ctx context.Context, on Beginner, all bool, statements string) error {
	return pgx.BeginFunc(ctx, on, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, statements+fmt.Sprintf(forgetEntries, all))
		return err
	})
}

// ForgetLog empties the log, as if nothing had been administered in the database.
func (d *Database) ForgetLog(t testing.TB) {
	t.Helper()
	if err := forget(t.Context(), d.Pool, true, ""); err != nil {
		t.Fatal(err)
	}
}

// allow allows a login in the database if Postern is installed there. The log does not say so.
func (d *Database) allow(t testing.TB, name string) {
	t.Helper()
	var installed bool
	err := d.Pool.QueryRow(t.Context(), "select pg_catalog.to_regprocedure('postern.allow_login(name)') is not null").Scan(&installed)
	if err == nil && installed {
		err = forget(t.Context(), d.Pool, false, "select postern.allow_login('"+name+"');")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Connect opens a connection as the role, with an empty search_path. It is closed when the test ends.
func (l *Login) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return connect(t, l.URL)
}
