// Package cluster makes databases and roles for tests on a PostgreSQL server.
//
// Several processes may share the server. So all names are random, and each process removes what a killed process left
// behind.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

const (
	// prefix begins the names of all databases and roles of this package.
	prefix = "postern_test_"
	// endTimeout bounds the wait for sessions that the server has been told to end.
	endTimeout = time.Minute
)

// CloseTimeout bounds the wait for connections that a test has not returned.
const CloseTimeout = 10 * time.Second

// EmptyTemplate is the template of a database without anything.
const EmptyTemplate = "template0"

// Cluster is a server as used by one process.
type Cluster struct {
	Server *server.Server
	// Pool connects to the server's own database as the superuser.
	Pool *pgxpool.Pool

	// key is part of every name. It is locked as long as this process lives, so that others can recognise what is
	// abandoned.
	key     int64
	counter atomic.Int64
}

// Open finds or starts a server, which ends with this process at the latest.
func Open(ctx context.Context, options server.Options) (*Cluster, error) {
	started, err := server.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, started.URL)
	if err != nil {
		return nil, err
	}
	random := [8]byte{}
	rand.Read(random[:])
	c := &Cluster{Server: started, Pool: pool, key: int64(binary.BigEndian.Uint64(random[:]))}
	keeper, err := pool.Acquire(ctx) // never released, because its session holds the lock
	if err != nil {
		return nil, err
	}
	if _, err := keeper.Exec(ctx, "select pg_advisory_lock($1)", c.key); err != nil {
		return nil, err
	}
	if err := c.removeAbandoned(ctx); err != nil {
		return nil, fmt.Errorf("remove what earlier tests left behind: %w", err)
	}
	return c, nil
}

func (c *Cluster) name() string {
	return fmt.Sprintf("%s%016x_%d", prefix, uint64(c.key), c.counter.Add(1))
}

// CreateDatabase copies a template, and returns the name of the copy.
func (c *Cluster) CreateDatabase(ctx context.Context, template string) (name string, err error) {
	name = c.name()
	// The default strategy also writes each page of the template to the WAL, and takes twice as long.
	_, err = c.Pool.Exec(ctx, "create database "+Quote(name)+" template "+Quote(template)+" strategy file_copy")
	return name, err
}

// CreateTemplate copies a template, changes the copy, and returns its name. prepare must close its connections, because
// a database with connections cannot be copied.
func (c *Cluster) CreateTemplate(ctx context.Context, template string, prepare func(database string) error) (name string, err error) {
	name, err = c.CreateDatabase(ctx, template)
	if err != nil {
		return "", err
	}
	if err := prepare(name); err != nil {
		return "", err
	}
	_, err = c.Pool.Exec(ctx, "alter database "+Quote(name)+" allow_connections false")
	return name, err
}

// Install installs Postern into a database.
func (c *Cluster) Install(ctx context.Context, database string) error {
	config := c.Pool.Config().ConnConfig.Copy()
	config.Database = database
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return fmt.Errorf("install Postern into database %s: %w", database, err)
	}
	return nil
}

// CreateLogin creates a role that can log in, as a member of the named roles.
func (c *Cluster) CreateLogin(ctx context.Context, memberOf ...string) (name, password string, err error) {
	name, password = c.name(), rand.Text()
	statement := "create role " + Quote(name) + " login password '" + password + "'"
	for index, role := range memberOf {
		statement += []string{" in role ", ", "}[min(index, 1)] + Quote(role)
	}
	_, err = c.Pool.Exec(ctx, statement)
	return name, password, err
}

// DropLogin drops a role, with what it owns in a database. It works in any state of the role's sessions. It does not end
// other sessions, because other subtests may use them.
func (c *Cluster) DropLogin(ctx context.Context, database, name string) error {
	if err := c.rollbackPrepared(ctx, database, name); err != nil {
		return err
	}
	if err := c.EndSessions(ctx, "usename", name); err != nil {
		return err
	}
	return c.Within(ctx, database, func(connection *pgx.Conn) error {
		if _, err := connection.Exec(ctx, "set lock_timeout = '10s'"); err != nil {
			return err
		}
		if _, err := connection.Exec(ctx, "drop owned by "+Quote(name)+" cascade"); err != nil {
			return err
		}
		_, err := connection.Exec(ctx, "drop role "+Quote(name))
		return err
	})
}

// removeAbandoned drops the databases and roles of test binaries that are no longer running.
func (c *Cluster) removeAbandoned(ctx context.Context) error {
	return c.Pool.AcquireFunc(ctx, func(connection *pgxpool.Conn) error {
		rows, err := connection.Query(ctx, `
select distinct ('x' || substr(o.name, length($1) + 1, 16))::bit(64)::bigint
  from (select datname::text from pg_database union all select rolname::text from pg_roles) as o (name)
 where o.name ~ ('^' || $1 || '[0-9a-f]{16}_')`, prefix)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, key := range keys {
			var abandoned bool
			if err := connection.QueryRow(ctx, "select pg_try_advisory_lock($1)", key).Scan(&abandoned); err != nil {
				return err
			}
			if !abandoned {
				continue
			}
			err := c.removeKey(ctx, connection, fmt.Sprintf("%s%016x_", prefix, uint64(key)))
			if _, unlockError := connection.Exec(ctx, "select pg_advisory_unlock($1)", key); err == nil {
				err = unlockError
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Cluster) removeKey(ctx context.Context, connection *pgxpool.Conn, names string) error {
	rows, err := connection.Query(ctx, "select datname from pg_database where starts_with(datname, $1)", names)
	if err != nil {
		return err
	}
	databases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, database := range databases {
		if err := c.DropDatabase(ctx, database); err != nil {
			return err
		}
	}
	rows, err = connection.Query(ctx, "select rolname from pg_roles where starts_with(rolname, $1)", names)
	if err != nil {
		return err
	}
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := connection.Exec(ctx, "drop role "+Quote(role)); err != nil {
			return err
		}
	}
	return nil
}

// DropDatabase drops a database even if somebody is connected to it or left a prepared transaction in it.
func (c *Cluster) DropDatabase(ctx context.Context, name string) error {
	if err := c.rollbackPrepared(ctx, name, ""); err != nil {
		return err
	}
	if err := c.EndSessions(ctx, "datname", name); err != nil {
		return err
	}
	_, err := c.Pool.Exec(ctx, "drop database if exists "+Quote(name)+" with (force)")
	return err
}

// EndSessions ends the sessions whose column of pg_stat_activity has this value, and waits for that. The server's own
// ways to wait (pg_terminate_backend with a timeout, drop database) look only every 100 ms, and most sessions end in 2
// ms.
func (c *Cluster) EndSessions(ctx context.Context, column, value string) error {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	for {
		var open int
		err := c.Pool.QueryRow(ctx, "select count(pg_terminate_backend(pid)) from pg_stat_activity where "+column+" = $1", value).Scan(&open)
		if err != nil || open == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d sessions with %s %s do not end: %w", open, column, value, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// rollbackPrepared rolls back the prepared transactions of a database: those of one role, or all if role is empty.
// Their locks outlive every session.
func (c *Cluster) rollbackPrepared(ctx context.Context, database, role string) error {
	rows, err := c.Pool.Query(ctx, "select gid from pg_prepared_xacts where database = $1 and ($2::text = '' or owner = $2::text)", database, role)
	if err != nil {
		return err
	}
	prepared, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(prepared) == 0 {
		return err
	}
	return c.Within(ctx, database, func(connection *pgx.Conn) error {
		for _, identifier := range prepared {
			if _, err := connection.Exec(ctx, "rollback prepared '"+strings.ReplaceAll(identifier, "'", "''")+"'"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Within calls do with a superuser's connection to a database.
func (c *Cluster) Within(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	config := c.Pool.Config().ConnConfig.Copy()
	config.Database = database
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(connection), connection.Close(ctx))
}

// ClosePool waits only for a limited time, because a failed test may still hold a connection.
func ClosePool(pool *pgxpool.Pool) error {
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-time.After(CloseTimeout):
		return errors.New("the test has not given back all connections of a pool")
	}
}

// Quote returns a name as an identifier.
func Quote(name string) string {
	return pgx.Identifier{name}.Sanitize()
}
