package install_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
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
			d.t.Fatalf("the restore fails: %v: %s", err, problems.String())
		}
	}
	return restored
}

// readAgain creates each object from what the server prints of it, as a restore does, but without pg_dump.
const readAgain = `
set search_path = pg_catalog, pg_temp;
do $$
declare
  statement text;
begin
  for statement in
    with ours as (
      select n.oid from pg_namespace as n where n.nspname = any ($schemas$)
    )
    select pg_get_functiondef(p.oid)
      from pg_proc as p
     where p.pronamespace in (select o.oid from ours as o) and p.prokind in ('f', 'p')
       and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
     union all
    select format('create or replace view %s %s as %s', c.oid::regclass, 'with (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid))
      from pg_class as c
     where c.relnamespace in (select o.oid from ours as o) and c.relkind = 'v'
     union all
    select format('alter table %s drop constraint %I, add constraint %2$I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
      from pg_constraint as k
     where k.connamespace in (select o.oid from ours as o) and k.contype = 'c' and k.conislocal
     union all
    select format('alter table %s alter column %I set default %s', d.adrelid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid))
      from pg_attrdef as d
      join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
      join pg_class as c on c.oid = d.adrelid
     where c.relnamespace in (select o.oid from ours as o) and a.attgenerated = ''
     union all
    select format('drop index %s; %s', c.oid::regclass, pg_get_indexdef(c.oid))
      from pg_index as i
      join pg_class as c on c.oid = i.indexrelid
     where c.relnamespace in (select o.oid from ours as o) and c.relkind = 'i' and not c.relispartition
       and (i.indexprs is not null or i.indpred is not null)
       and not exists (select from pg_constraint as k where k.conindid = c.oid)
     union all
    select replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER')
           || case when t.tgenabled = 'A' then format('; alter table %s enable always trigger %I', c.oid::regclass, t.tgname) else '' end
      from pg_trigger as t
      join pg_class as c on c.oid = t.tgrelid
     where c.relnamespace in (select o.oid from ours as o) and not t.tgisinternal and t.tgconstraint = 0 and t.tgparentid = 0
     union all
    select format('alter policy %I on %s %s %s', y.polname, y.polrelid::regclass, 'using (' || pg_get_expr(y.polqual, y.polrelid) || ')',
                  'with check (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')')
      from pg_policy as y
      join pg_class as c on c.oid = y.polrelid
     where c.relnamespace in (select o.oid from ours as o)
  loop
    execute statement;
  end loop;
end
$$`

// What the server prints of a definition prints the same after it was read again.
func TestPrintedDefinitionsReadAgainPrintTheSame(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	schemas := database.text("select format('%L::name[]', array_agg(n.nspname)) from pg_namespace as n where n.nspowner = 'postern_owner'::regrole")
	again := strings.ReplaceAll(readAgain, "$schemas$", schemas)
	database.run("create view postern.naive as select 1 as one where 1 between 1 and 2 and 3 > 2")
	before := database.text("select pg_get_viewdef('postern.naive'::regclass)")
	database.run(again)
	if after := database.text("select pg_get_viewdef('postern.naive'::regclass)"); after == before {
		t.Errorf("naive: %s prints the same", after)
	}
	database.run("drop view postern.naive")
	database.mustBeClean()
}

func TestRestoredInstallationHasNoDifference(t *testing.T) {
	t.Parallel()
	restored := newInstalled(t).restore()
	restored.mustBeClean()
	restored.restore().mustBeClean()
}
