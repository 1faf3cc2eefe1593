package testdb

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/server"
)

// Database is a database of one test. It is dropped when the test ends.
type Database struct {
	Name string
	// URL connects as the superuser.
	URL string
	// Pool connects as the superuser. The search_path is empty, so that code that depends on unqualified names fails.
	Pool   *pgxpool.Pool
	Server *server.Server

	cluster *cluster
}

// New returns a database with Postern installed.
func New(t testing.TB) *Database {
	t.Helper()
	template, err := require(t).template()
	if err != nil {
		t.Fatal(err)
	}
	return create(t, template)
}

// Empty returns a database without Postern.
func Empty(t testing.TB) *Database {
	t.Helper()
	return create(t, "template0")
}

// Copy copies the database within its cluster. It ends all connections to the original.
func (d *Database) Copy(t testing.TB) *Database {
	t.Helper()
	d.Disconnect(t)
	return create(t, d.Name)
}

// Disconnect ends all connections to the database. The pool opens new ones.
func (d *Database) Disconnect(t testing.TB) {
	t.Helper()
	d.Pool.Reset()
	if err := d.cluster.endSessions(t.Context(), "datname", d.Name); err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, template string) *Database {
	t.Helper()
	c := require(t)
	d := &Database{Name: c.name(), Server: c.server, cluster: c}
	// The default strategy also writes each page of the template to the WAL, and takes twice as long.
	if _, err := c.pool.Exec(t.Context(), "create database "+quote(d.Name)+" template "+quote(template)+" strategy file_copy"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.dropDatabase(context.Background(), d.Name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	d.URL = d.ConnectionString(t, "", "")
	d.Pool = openPool(t, d.URL)
	return d
}

// ConnectionString connects to this database as another user; an empty user means the superuser.
func (d *Database) ConnectionString(t testing.TB, user, password string) string {
	t.Helper()
	address, err := d.Server.ConnectionString(d.Name, user, password)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Config is URL, parsed.
func (d *Database) Config(t testing.TB) *pgx.ConnConfig {
	t.Helper()
	return parse(t, d.URL)
}

// Connect opens a connection as the superuser, with an empty search_path. It is closed when the test ends.
func (d *Database) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return connect(t, d.URL)
}

func parse(t testing.TB, address string) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	config := parse(t, address)
	config.RuntimeParams["search_path"] = ""
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		connection.Close(ctx) // fails if the test has terminated the backend
	})
	return connection
}

func openPool(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = poolSize
	config.ConnConfig.RuntimeParams["search_path"] = ""
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closePool(pool); err != nil {
			t.Error(err)
		}
	})
	return pool
}

// closePool waits only for a limited time, because a failed test may still hold a connection.
func closePool(pool *pgxpool.Pool) error {
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-time.After(closeTimeout):
		return errors.New("the test has not given back all connections of a pool")
	}
}
