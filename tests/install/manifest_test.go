package install_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

var update = flag.Bool("update", false, "write the manifest instead of comparing it")

const manifest = "../../internal/install/manifest.txt"

func TestManifestIsWhatIsInstalled(t *testing.T) {
	t.Parallel()
	installed, err := install.ReadManifest(t.Context(), newInstalled(t).config())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(manifest, []byte(installed), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if difference := udiff.Unified("committed", "installed", string(committed), installed); difference != "" {
		t.Errorf("run `make generate` and review what it changes:\n%s", difference)
	}
}

// restore dumps a database and restores it into a new one of the same cluster.
func (d *database) restore() *database {
	d.t.Helper()
	restored := newDatabase(d.t)
	var dump, problems bytes.Buffer
	for _, program := range []server.Program{
		{Name: "pg_dump", Database: d.Name, Stdout: &dump, Stderr: &problems},
		{Name: "psql", Arguments: []string{"--no-psqlrc", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"}, Database: restored.Name, Stdin: &dump, Stderr: &problems},
	} {
		if err := d.Server.Run(d.t.Context(), program); err != nil {
			d.t.Fatalf("%v: %s", err, problems.String())
		}
	}
	return restored
}

// What the server prints of a definition is what it prints of that, read again.
func TestRestoredInstallationHasNoDifference(t *testing.T) {
	t.Parallel()
	restored := newInstalled(t).restore()
	restored.mustBeClean()
	restored.restore().mustBeClean()
}
