//go:build verify

package verify

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
)

var update = flag.Bool("update", false, "write the dump instead of comparing it")

const committed = "testdata/schema.sql"

// varying matches what differs between two installations, or two minor versions of pg_dump, of the same schema.
var varying = regexp.MustCompile(`(?m)^(-- Dumped .*|\\(un)?restrict .*|COMMENT ON TABLE postern_internal\.installation .*)\n`)

func TestCommittedSchemaIsTheInstalledOne(t *testing.T) {
	database := testdb.New(t)
	var dump bytes.Buffer
	err := database.Server.Run(t.Context(), server.Program{
		Name: "pg_dump",
		// Which months have a partition depends on the time.
		Arguments: []string{"--schema-only", "--exclude-table=postern_internal.checkpoint_entry_[0-9]*"},
		Database:  database.Name,
		Stdout:    &dump,
		Stderr:    os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	installed := varying.ReplaceAllString(dump.String(), "")
	if *update {
		if err := os.WriteFile(committed, []byte(installed), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	expected, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if difference := udiff.Unified("committed", "installed", string(expected), installed); difference != "" {
		t.Errorf("run `make generate` and review what it changes:\n%s", difference)
	}
}
