// Package testdb gives each test a database of its own on a real PostgreSQL server.
//
// The server is found or started once per test binary (see package server). A template database with Postern is also
// made once, and cloned for each test that asks. Several test binaries may share a server. So all names are random, and
// each binary removes what a killed binary left behind.
package testdb

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/server"
)

const (
	// prefix begins the names of all databases and roles of this package.
	prefix = "postern_test_"
	// poolSize lets one test run 50 sessions at once.
	poolSize = 64
	// closeTimeout bounds the wait for connections that a test has not returned.
	closeTimeout = 10 * time.Second
	// endTimeout bounds the wait for sessions that the server has been told to end.
	endTimeout = time.Minute
)

// memoryFolder is a file system in memory on Linux. Each test creates and drops a database, which means 500 files. In
// memory that takes a fifth of the time. The user's TMPDIR takes precedence.
const memoryFolder = "/dev/shm"

// leashedVariable says that TMPDIR will be removed with the process that started this one.
const leashedVariable = "POSTERN_TEST_LEASHED"

// A test that is killed or runs out of time removes none of its folders. So they are all in one folder that is removed
// with the process.
func init() {
	if filepath.Ext(os.Args[0]) != ".test" || os.Getenv(leashedVariable) != "" {
		return // not a test binary, or a test binary that another one runs as a command
	}
	if os.Getenv("TMPDIR") == "" && hasRoom(memoryFolder) {
		_ = os.Setenv("TMPDIR", memoryFolder)
	}
	folder, _, err := leash.Folder("postern-tests-")
	if err != nil {
		return // without a shell, folders stay behind
	}
	// The server's user creates the server's folder in it.
	_ = os.Chmod(folder, 0o777|os.ModeSticky)
	_ = os.Setenv(leashedVariable, "yes")
	_ = os.Setenv("TMPDIR", folder)
}

// cluster is the server as used by one test binary.
type cluster struct {
	server *server.Server
	// key is part of every name. It is locked as long as this process lives, so that others can recognise what is
	// abandoned.
	key      int64
	pool     *pgxpool.Pool
	counter  atomic.Int64
	template func() (string, error)
}

// shared is the only global, because nothing else in a test binary outlives a test.
var shared = sync.OnceValues(openCluster)

// Server returns the server of this binary's tests.
func Server(t testing.TB) *server.Server {
	t.Helper()
	return require(t).server
}

func require(t testing.TB) *cluster {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openCluster() (*cluster, error) {
	ctx := context.Background()
	started, err := server.Start(ctx, server.Options{})
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, started.URL)
	if err != nil {
		return nil, err
	}
	if err := requireVersion(ctx, pool); err != nil {
		return nil, err
	}
	random := [8]byte{}
	rand.Read(random[:])
	c := &cluster{server: started, pool: pool, key: int64(binary.BigEndian.Uint64(random[:]))}
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
	c.template = sync.OnceValues(c.makeTemplate)
	return c, nil
}

// VersionVariable names the variable with the version that the tests must run on, such as 15.18. With it, CI knows that
// the tests ran on the intended version.
const VersionVariable = "POSTERN_TEST_VERSION"

func requireVersion(ctx context.Context, pool *pgxpool.Pool) error {
	wanted := os.Getenv(VersionVariable)
	if wanted == "" {
		return nil
	}
	var version string
	if err := pool.QueryRow(ctx, "select split_part(current_setting('server_version'), ' ', 1)").Scan(&version); err != nil {
		return err
	}
	if version != wanted {
		return fmt.Errorf("the server is PostgreSQL %s, and %s wants %s", version, VersionVariable, wanted)
	}
	return nil
}

func (c *cluster) name() string {
	return fmt.Sprintf("%s%016x_%d", prefix, uint64(c.key), c.counter.Add(1))
}

// removeAbandoned drops the databases and roles of test binaries that are no longer running.
func (c *cluster) removeAbandoned(ctx context.Context) error {
	return c.pool.AcquireFunc(ctx, func(connection *pgxpool.Conn) error {
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

func (c *cluster) removeKey(ctx context.Context, connection *pgxpool.Conn, names string) error {
	rows, err := connection.Query(ctx, "select datname from pg_database where starts_with(datname, $1)", names)
	if err != nil {
		return err
	}
	databases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, database := range databases {
		if err := c.dropDatabase(ctx, database); err != nil {
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
		if _, err := connection.Exec(ctx, "drop role "+quote(role)); err != nil {
			return err
		}
	}
	return nil
}

// dropDatabase drops a database even if somebody is connected to it or left a prepared transaction in it.
func (c *cluster) dropDatabase(ctx context.Context, name string) error {
	if err := c.rollbackPrepared(ctx, name, ""); err != nil {
		return err
	}
	if err := c.endSessions(ctx, "datname", name); err != nil {
		return err
	}
	_, err := c.pool.Exec(ctx, "drop database if exists "+quote(name)+" with (force)")
	return err
}

// endSessions ends the sessions whose column of pg_stat_activity has this value, and waits for that. The server's own
// ways to wait (pg_terminate_backend with a timeout, drop database) look only every 100 ms, and most sessions end in 2
// ms.
func (c *cluster) endSessions(ctx context.Context, column, value string) error {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	for {
		var open int
		err := c.pool.QueryRow(ctx, "select count(pg_terminate_backend(pid)) from pg_stat_activity where "+column+" = $1", value).Scan(&open)
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
func (c *cluster) rollbackPrepared(ctx context.Context, database, role string) error {
	rows, err := c.pool.Query(ctx, "select gid from pg_prepared_xacts where database = $1 and ($2::text = '' or owner = $2::text)", database, role)
	if err != nil {
		return err
	}
	prepared, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(prepared) == 0 {
		return err
	}
	return c.within(ctx, database, func(connection *pgx.Conn) error {
		for _, identifier := range prepared {
			if _, err := connection.Exec(ctx, "rollback prepared '"+strings.ReplaceAll(identifier, "'", "''")+"'"); err != nil {
				return err
			}
		}
		return nil
	})
}

// within calls do with a superuser's connection to a database.
func (c *cluster) within(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	config := c.pool.Config().ConnConfig.Copy()
	config.Database = database
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(connection), connection.Close(ctx))
}

// makeTemplate installs Postern into a database that nobody connects to afterwards, because a database with connections
// cannot be cloned.
func (c *cluster) makeTemplate() (string, error) {
	ctx := context.Background()
	name := c.name()
	if _, err := c.pool.Exec(ctx, "create database "+quote(name)+" template template0"); err != nil {
		return "", err
	}
	config := c.pool.Config().ConnConfig.Copy()
	config.Database = name
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return "", fmt.Errorf("install Postern into the template database: %w", err)
	}
	if err := c.within(ctx, name, func(connection *pgx.Conn) error { return forget(ctx, connection, true, "") }); err != nil {
		return "", fmt.Errorf("forget the entry about the installation: %w", err)
	}
	_, err := c.pool.Exec(ctx, "alter database "+quote(name)+" allow_connections false")
	return name, err
}

func quote(name string) string {
	return pgx.Identifier{name}.Sanitize()
}
