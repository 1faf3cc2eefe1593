package testdb

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/cluster"
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

	cluster *cluster.Cluster
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
	return create(t, cluster.EmptyTemplate)
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
	if err := d.cluster.EndSessions(t.Context(), "datname", d.Name); err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, template string) *Database {
	t.Helper()
	c := require(t).Cluster
	name, err := c.CreateDatabase(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	d := &Database{Name: name, Server: c.Server, cluster: c}
	t.Cleanup(func() {
		if err := c.DropDatabase(context.Background(), d.Name); err != nil {
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
		ctx, cancel := context.WithTimeout(context.Background(), cluster.CloseTimeout)
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
		if err := cluster.ClosePool(pool); err != nil {
			t.Error(err)
		}
	})
	return pool
}
