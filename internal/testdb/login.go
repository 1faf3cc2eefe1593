package testdb

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Login is a role that can log in to a test's database. It is dropped with everything that it owns when the test ends.
type Login struct {
	Name     string
	Password string
	URL      string
	// Pool connects as the role, with an empty search_path.
	Pool *pgxpool.Pool
}

// Login creates a role with a random name and password, as a member of the named roles. If Postern is installed, the
// database allows the login to use those of its roles.
func (d *Database) Login(t testing.TB, memberOf ...string) *Login {
	t.Helper()
	l := &Login{Name: d.cluster.name(), Password: rand.Text()}
	if _, err := d.Pool.Exec(t.Context(), "create role "+quote(l.Name)+" login password '"+l.Password+"'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.dropRole(context.Background(), l.Name); err != nil {
			t.Errorf("drop the test's role: %v", err)
		}
	})
	for _, role := range memberOf {
		if _, err := d.Pool.Exec(t.Context(), "grant "+quote(role)+" to "+quote(l.Name)); err != nil {
			t.Fatal(err)
		}
	}
	if len(memberOf) > 0 {
		d.allow(t, l.Name)
	}
	l.URL = d.ConnectionString(t, l.Name, l.Password)
	l.Pool = openPool(t, l.URL)
	return l
}

// forgetEntries removes the entries of the log that a transaction has written, or all of them, and gives their numbers
// back if they were the last.
const forgetEntries = `
set local session_replication_role = replica;
with forgotten as (
  delete from postern_internal.checkpoint_entry as e where e.transaction_id = pg_catalog.pg_current_xact_id() or %t returning e.log_id
)
select pg_catalog.setval('postern_internal.log_number', greatest(f.first - 1, 1), f.first > 1)
  from (select min(log_id) - pg_catalog.pg_sequence_last_value('postern_internal.log_skip') as first, count(*) as entries from forgotten) as f
 where f.first + f.entries - 1 = pg_catalog.pg_sequence_last_value('postern_internal.log_number');
reset session_replication_role;`

// forget runs statements without an entry in the log, so that tests can count the entries that they are about. If all
// is set, the log loses what it had before, too.
func forget(ctx context.Context, database interface {
	BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error)
}, all bool, statements string) error {
	return pgx.BeginTxFunc(ctx, database, pgx.TxOptions{}, func(tx pgx.Tx) error {
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

// dropRole works in any state of the role's sessions. It does not end other sessions, because other subtests may use
// them.
func (d *Database) dropRole(ctx context.Context, name string) error {
	if err := d.cluster.rollbackPrepared(ctx, d.Name, name); err != nil {
		return err
	}
	if err := d.cluster.endSessions(ctx, "usename", name); err != nil {
		return err
	}
	return d.cluster.within(ctx, d.Name, func(connection *pgx.Conn) error {
		if _, err := connection.Exec(ctx, "set lock_timeout = '10s'"); err != nil {
			return err
		}
		if _, err := connection.Exec(ctx, "drop owned by "+quote(name)+" cascade"); err != nil {
			return err
		}
		_, err := connection.Exec(ctx, "drop role "+quote(name))
		return err
	})
}

// Connect opens a connection as the role, with an empty search_path. It is closed when the test ends.
func (l *Login) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return connect(t, l.URL)
}
