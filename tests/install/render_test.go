package install_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

// psql runs a script as a DBA without this binary does.
func (d *database) psql(script string) (output string, err error) {
	d.t.Helper()
	var out bytes.Buffer
	err = d.Server.Run(d.t.Context(), server.Program{
		Name:      "psql",
		Arguments: []string{"--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", "-"},
		Database:  d.Name,
		Stdin:     strings.NewReader(script),
		Stdout:    &out,
		Stderr:    &out,
	})
	return out.String(), err
}

func render(t *testing.T) string {
	t.Helper()
	var script bytes.Buffer
	if err := install.RenderPsql(t.Context(), nil, &script); err != nil {
		t.Fatal(err)
	}
	return script.String()
}

func TestRenderedScriptLeavesWhatInstallLeaves(t *testing.T) {
	t.Parallel()
	installed, rendered := newDatabase(t), newDatabase(t)
	installed.install()
	script := render(t)
	if output, err := rendered.psql(script); err != nil || output != "Postern "+install.Version+" is installed.\n" {
		t.Fatalf("psql: %v\n%s", err, output)
	}
	if rendered.dump() != installed.dump() {
		t.Error("the two dumps differ")
	}
	// The installer takes the database over as its own.
	if report := rendered.install(); len(report.Steps) != 0 {
		t.Errorf("install after the script ran %q", report.Steps)
	}
	rendered.mustBeClean()
	const counted = "select version || ' of ' || (select count(*) from postern_internal.schema_version) from postern_internal.schema_version"
	if tern, psql := installed.text(counted), rendered.text(counted); tern != psql {
		t.Errorf("tern counted %s, the script %s", tern, psql)
	}

	// And again: on what it installed itself, and on what the installer installed.
	for _, database := range []*database{rendered, installed} {
		before := database.dump()
		if output, err := database.psql(script); err != nil || !strings.Contains(output, "already installed") {
			t.Errorf("the script again: %v\n%s", err, output)
		}
		if database.dump() != before {
			t.Error("the script changed what was installed")
		}
	}
}

func TestRenderedScriptRefusesAnotherVersion(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	database.install()
	database.run(`comment on table postern_internal.schema_version is '{"version": "0.0.9", "schema_version": 1}'`)
	before := database.dump()
	output, err := database.psql(render(t))
	if err == nil || !strings.Contains(output, "Version 0.0.9, schema 1") || !strings.Contains(output, `HINT:  Upgrade with "installer install".`) {
		t.Errorf("the script: %v\n%s", err, output)
	}
	if database.dump() != before {
		t.Error("the refused script changed the schema")
	}
}

func TestRenderedScriptIsAllOrNothing(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	empty := database.dump()
	script := strings.Replace(render(t), "reset role;\n\ndo $$", "select no_such_column;\ndo $$", 1)
	if output, err := database.psql(script); err == nil || !strings.Contains(output, "no_such_column") {
		t.Fatalf("the broken script: %v\n%s", err, output)
	}
	if database.dump() != empty {
		t.Error("a script that failed left something")
	}
}

func TestMigrationOutsideTransactionsCannotBeRendered(t *testing.T) {
	t.Parallel()
	changed := files(t)
	addMigration(changed, "---- tern: disable-tx ----\nselect 1;")
	var script bytes.Buffer
	if err := install.RenderPsql(t.Context(), changed, &script); err == nil || script.Len() > 0 {
		t.Errorf("%v, and %d bytes", err, script.Len())
	}
}
