// Package testdb gives each test a database of its own on a real PostgreSQL server.
//
// The server is found or started once per test binary (see package server). A template database with Postern is also
// made once, and cloned for each test that asks. Package cluster is what it has in common with package posterntest, which
// applications import.
package testdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/cluster"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/server"
)

// poolSize lets one test run 50 sessions at once.
const poolSize = 64

// leashedVariable says that TMPDIR will be removed with the process that started this one.
const leashedVariable = "POSTERN_TEST_LEASHED"

// A test that is killed or runs out of time removes none of its folders. So they are all in one folder that is removed
// with the process.
func init() {
	if filepath.Ext(os.Args[0]) != ".test" || os.Getenv(leashedVariable) != "" {
		return // not a test binary, or a test binary that another one runs as a command
	}
	if memory := server.MemoryFolder(); memory != "" {
		_ = os.Setenv("TMPDIR", memory)
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

// binary is the server as used by this test binary.
type binary struct {
	*cluster.Cluster
	// former is the template of a database before this build is installed, and template the one after it.
	former, template func() (string, error)
}

// shared is the only global, because nothing else in a test binary outlives a test.
var shared = sync.OnceValues(open)

// Server returns the server of this binary's tests.
func Server(t testing.TB) *server.Server {
	t.Helper()
	return require(t).Server
}

func require(t testing.TB) *binary {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open() (*binary, error) {
	ctx := context.Background()
	c, err := cluster.Open(ctx, server.Options{})
	if err != nil {
		return nil, err
	}
	if err := requireVersion(ctx, c.Pool); err != nil {
		return nil, err
	}
	b := &binary{Cluster: c}
	b.former = sync.OnceValues(func() (string, error) { return formerTemplate(ctx, c) })
	b.template = sync.OnceValues(func() (string, error) {
		former, err := b.former()
		if err != nil {
			return "", err
		}
		return c.CreateTemplate(ctx, former, func(database string) error {
			if err := c.Install(ctx, database); err != nil {
				return err
			}
			// An upgrade is an entry of the log, and a first installation is none.
			return c.Within(ctx, database, func(connection *pgx.Conn) error { return forget(ctx, connection, true, "") })
		})
	})
	return b, nil
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
