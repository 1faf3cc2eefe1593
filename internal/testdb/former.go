package testdb

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/posternsql/postern/internal/cluster"
	"github.com/posternsql/postern/internal/server"
)

// FormerVariable names the psql script of an earlier release, such as tests/upgrade/0.1.0/postern.sql. With it, databases
// of tests begin with what that script installs, and are upgraded to this build.
const FormerVariable = "POSTERN_TEST_FORMER"

// Former returns a database as it is before this build is installed: with the release that FormerVariable names, or empty.
func Former(t testing.TB) *Database {
	t.Helper()
	template, err := require(t).former()
	if err != nil {
		t.Fatal(err)
	}
	return create(t, template)
}

func formerTemplate(ctx context.Context, c *cluster.Cluster) (name string, err error) {
	script := os.Getenv(FormerVariable)
	if script == "" {
		return cluster.EmptyTemplate, nil
	}
	return c.CreateTemplate(ctx, cluster.EmptyTemplate, func(database string) error { return runScript(ctx, c.Server, database, script) })
}

// runScript runs a script in psql, as whoever installs a release does.
func runScript(ctx context.Context, on *server.Server, database, file string) error {
	script, err := os.Open(file)
	if err != nil {
		return err
	}
	defer script.Close()
	var said bytes.Buffer
	err = on.Run(ctx, server.Program{
		Name:      "psql",
		Arguments: []string{"--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", "-"},
		Database:  database,
		Stdin:     script,
		Stdout:    &said,
		Stderr:    &said,
	})
	if err != nil {
		return fmt.Errorf("psql -f %s: %w\n%s", file, err, said.String())
	}
	return nil
}
