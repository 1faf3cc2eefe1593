// Package posterntest gives each test a database of its own with Postern, users with PINs, and prompts that answer.
//
// The first test of a test binary finds a PostgreSQL server, or starts one that ends with the binary, also if the binary
// is killed. The server is that of POSTERN_TEST_DATABASE_URL; otherwise PostgreSQL's programs on this machine
// (POSTERN_PG_BIN, PATH, /usr/lib/postgresql); otherwise Docker (POSTERN_TEST_IMAGE); otherwise downloaded programs. A
// template database is also made once, and copied for each test. See docs/testing.md.
package posterntest

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/cluster"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/secret"
)

// Database is the database of one test. It is dropped when the test ends.
type Database struct {
	Name string
	// URL connects as a superuser, whom row security and grants do not stop. Test the application with a Login.
	URL string
	// Pool connects as the superuser.
	Pool *pgxpool.Pool

	cluster    *cluster.Cluster
	isTemplate bool
}

// shared is the server of this test binary, with a database that has nothing but Postern.
var shared = sync.OnceValues(func() (*binary, error) {
	ctx := context.Background()
	c, err := cluster.Open(ctx, server.Options{Folder: server.MemoryFolder()})
	if err != nil {
		return nil, err
	}
	installed, err := c.CreateTemplate(ctx, cluster.EmptyTemplate, func(database string) error { return c.Install(ctx, database) })
	return &binary{c, installed}, err
})

type binary struct {
	*cluster.Cluster
	installed string
}

func require(t testing.TB) *binary {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// New returns a database with Postern installed.
func New(t testing.TB) *Database {
	t.Helper()
	b := require(t)
	return create(t, b.Cluster, b.installed)
}

// Template is a database that tests copy. Make it with [Prepare].
type Template struct {
	prepare func(t testing.TB, database *Database)
	once    sync.Once
	name    string
}

// Prepare returns a template with whatever all tests of a package need, such as the application's tables, gates and
// users. The first test that calls [Template.New] runs prepare, and fails if prepare fails. Logins and signers belong to
// a test, and cannot be made in prepare.
func Prepare(prepare func(t testing.TB, database *Database)) *Template {
	return &Template{prepare: prepare}
}

// New returns a copy of the template.
func (p *Template) New(t testing.TB) *Database {
	t.Helper()
	b := require(t)
	p.once.Do(func() {
		name, err := b.CreateTemplate(t.Context(), b.installed, func(name string) error {
			database := open(t, b.Cluster, name)
			database.isTemplate = true
			p.prepare(t, database)
			if err := cluster.ClosePool(database.Pool); err != nil {
				return err
			}
			// A database with connections, such as those of a tool for migrations, cannot be copied.
			return b.EndSessions(t.Context(), "datname", name)
		})
		if err != nil {
			t.Fatal(err)
		}
		p.name = name
	})
	if p.name == "" {
		t.Fatal("posterntest: the template could not be prepared; the first test that needed it says why")
	}
	return create(t, b.Cluster, p.name)
}

func create(t testing.TB, c *cluster.Cluster, template string) *Database {
	t.Helper()
	name, err := c.CreateDatabase(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.DropDatabase(context.Background(), name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	t.Logf("database %s on %s", name, c.Server.Source)
	return open(t, c, name)
}

func open(t testing.TB, c *cluster.Cluster, name string) *Database {
	t.Helper()
	address, err := c.Server.ConnectionString(name, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return &Database{Name: name, URL: address, Pool: openPool(t, address), cluster: c}
}

func openPool(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), address)
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

// User creates an end user with a PIN that opens gates: the user has already changed the one that an administrator has
// set. The PIN has to satisfy the policy, as 482913 does. Hashing PINs is slow on purpose, so prepare users in a
// [Template].
func (d *Database) User(t testing.TB, userid, pin string) {
	t.Helper()
	queries, first := db.New(d.Pool), rand.Text()
	if err := queries.CreateUser(t.Context(), userid, userid, nil); err != nil {
		t.Fatal(err)
	}
	if err := queries.ResetPIN(t.Context(), userid, secret.Text(first)); err != nil {
		t.Fatal(err)
	}
	prompt := Prompt(t, postern.Answer{Response: first, Comment: "posterntest"})
	if err := postern.ChangePIN(t.Context(), d.Pool, postern.TrustedSession(userid), prompt, pin); err != nil {
		t.Fatal(err)
	}
}

// Signer creates a session key, and returns a signer for it.
func (d *Database) Signer(t testing.TB) postern.Signer {
	t.Helper()
	d.refuseTemplate(t)
	name, key := "posterntest-"+rand.Text(), []byte(rand.Text()+rand.Text())
	if err := db.New(d.Pool).CreateSessionKey(t.Context(), name, key); err != nil {
		t.Fatal(err)
	}
	signer, err := postern.NewSigner(name, key, d.Name)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// Login is a role that can log in. It is dropped when the test ends, with what it owns in the test's database.
type Login struct {
	Name string
	URL  string
	// Pool connects as the role.
	Pool *pgxpool.Pool
}

// Login creates a role with a random name, as a member of the named roles, such as postern_app. The database allows the
// login to use those of Postern's roles.
func (d *Database) Login(t testing.TB, memberOf ...string) *Login {
	t.Helper()
	d.refuseTemplate(t)
	name, password, err := d.cluster.CreateLogin(t.Context(), memberOf...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.cluster.DropLogin(context.Background(), d.Name, name); err != nil {
			t.Errorf("drop the test's role: %v", err)
		}
	})
	if err := db.New(d.Pool).AllowLogin(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	address, err := d.cluster.Server.ConnectionString(d.Name, name, password)
	if err != nil {
		t.Fatal(err)
	}
	return &Login{Name: name, URL: address, Pool: openPool(t, address)}
}

// refuseTemplate stops what could not work in a copy: a login ends with the test that made it, and a signer names the
// database.
func (d *Database) refuseTemplate(t testing.TB) {
	t.Helper()
	if d.isTemplate {
		t.Fatal("posterntest: make logins and signers in a test, not in a template")
	}
}
