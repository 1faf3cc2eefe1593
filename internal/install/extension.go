package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/posternsql/postern/internal/locking"
)

// extensionControl is the control file. The one who creates the extension needs the rights of an installation, and no
// others. pg_catalog is a schema that is always there; nothing is created in it.
const extensionControl = `# Security checkpoints, company and row-level security. docs/install.md says when to use this form.
comment = 'Security checkpoints, company and row-level security on ledgers'
default_version = 'VERSION'
requires = 'pgcrypto'
schema = pg_catalog
relocatable = false
superuser = false
trusted = false
`

// extensionScript is the whole script of the extension, for CREATE and for ALTER EXTENSION. It is one block, because an
// extension's script cannot branch. Words in capitals are replaced.
//
// What it makes does not stay in the extension. If it did, pg_dump would leave out the definitions: a restore would
// run this script, and then load rows into tables that have first rows, and triggers that write to the log. So the
// objects are dumped like those of the installer. CREATE EXTENSION finds the schemas that a dump creates before it, and
// then leaves everything else to the dump. DROP EXTENSION removes no log.
const extensionScript = `-- Postern VERSION, schema SCHEMA, code CODE: the script of the extension. To be run by CREATE EXTENSION or ALTER EXTENSION.
\echo Use "CREATE EXTENSION postern CASCADE" to load this file. \quit

-- PostgreSQL puts the schema of pgcrypto on the path, and whoever created that may have planted operators in it.
set local search_path = pg_catalog, pg_temp;
set local quote_all_identifiers = off;

do $postern$
declare
  held constant jsonb := RECORDED;
  reached constant integer := coalesce((held ->> 'schema_version')::integer, 0);
  is_update constant boolean := IS_UPDATE;
  owner constant name := (select pg_get_userbyid(n.nspowner) from pg_namespace as n where n.nspname = 'postern_internal');
  owning name;
  member record;
begin
  if not is_update and owner is not null then
    -- Otherwise anybody who may create extensions could keep the installer away from the database.
    if not (select pg_has_role(current_user, d.datdba, 'usage') from pg_database as d where d.datname = current_database()) then
      raise exception 'Schema postern_internal is there, and only the owner of the database may create extension postern beside it'
        using errcode = 'insufficient_privilege';
    end if;
    -- A dump without owners gives the schema to whoever restores it.
    if owner not in ('postern_owner', current_user) then
      raise exception 'Schema postern_internal belongs to %, so it is not Postern''s', owner
        using errcode = 'insufficient_privilege', hint = 'Look who made it, and what for. Then drop it.';
    end if;
    if held is null then
      raise notice 'Nothing of Postern is created, because schema postern_internal is there: a dump that is being restored creates the rest';
    elsif held ->> 'version' <> 'VERSION' then
      raise warning 'Postern % stays as it is', held ->> 'version'
        using hint = format('Before an update: drop extension postern; create extension postern version %L. That removes and creates nothing.', held ->> 'version');
    end if;
    return;
  end if;
  perform set_config('lock_timeout', 'MOMENTms', true),
          set_config('standard_conforming_strings', 'on', true),
          set_config('check_function_bodies', 'on', true),
          set_config('client_min_messages', 'warning', true),
          set_config('postern.allow_downgrade', 'off', true);
REFUSE
  -- Only a member may be replaced by an extension's script. What the script grants on others would be missing in dumps.
  if is_update then
    foreach owning in array array[OWNING] loop
      if not MAY_BECOME then
        execute format('grant %I to %I', owning, current_user); -- until the end of the script
      end if;
    end loop;
    for member in
      select o.type, o.identity
        from (select 'pg_proc'::regclass as classid, p.oid from pg_proc as p where p.pronamespace::regnamespace::text in (SCHEMAS) and p.proowner::regrole::text in (OWNING)
              union all
              select 'pg_class'::regclass, c.oid from pg_class as c
               where c.relnamespace::regnamespace::text in (SCHEMAS) and c.relowner::regrole::text in (OWNING) and c.relkind in ('r', 'p', 'v')
              union all
              select 'pg_namespace'::regclass, n.oid from pg_namespace as n where n.nspname in (SCHEMAS) and n.nspowner::regrole::text in (OWNING)) as own
       cross join lateral pg_identify_object(own.classid, own.oid, 0) as o
    loop
      execute format('alter extension postern add %s %s', member.type, member.identity);
    end loop;
  end if;
PARTS
  reset role;
  -- In newer versions of PostgreSQL a table takes its types with it. So tables come first, and what has left is passed over.
  for member in
    select o.type, o.identity, d.classid, d.objid, d.refobjid
      from pg_depend as d
     cross join lateral pg_identify_object(d.classid, d.objid, 0) as o
     where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
       and d.refobjid = (select e.oid from pg_extension as e where e.extname = 'postern')
     order by d.classid = 'pg_type'::regclass
  loop
    if exists (select from pg_depend as d
                where d.classid = member.classid and d.objid = member.objid
                  and d.refclassid = 'pg_extension'::regclass and d.refobjid = member.refobjid and d.deptype = 'e') then
      execute format('alter extension postern drop %s %s', member.type, member.identity);
    end if;
  end loop;
LEAVE
end
$postern$;
`

// RenderExtension writes the control file and the scripts of the extension postern into a folder, from where they are
// copied into the server's folder of extensions. The scripts have the effect of Install. former are the versions from
// which ALTER EXTENSION may update. Any other version has no script, and PostgreSQL refuses the update.
func RenderExtension(ctx context.Context, options Options, folder string, former []string) error {
	wanted, err := options.readSource(ctx)
	if err != nil {
		return err
	}
	files := map[string]string{
		"postern.control":              strings.ReplaceAll(extensionControl, "VERSION", Version),
		"postern--" + Version + ".sql": wanted.extension(false),
	}
	for _, version := range former {
		// PostgreSQL takes names of files apart at --, and a name must not lead out of the folder.
		if _, err := semver.StrictNewVersion(version); err != nil || strings.Contains(version+"-", "--") || version == Version {
			return fmt.Errorf("%q is no version to update from to %s", version, Version)
		}
		files["postern--"+version+"--"+Version+".sql"] = wanted.extension(true)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// extension returns the script of CREATE EXTENSION, or of ALTER EXTENSION.
func (s *source) extension(update bool) string {
	record := s.record()
	var parts strings.Builder
	run := func(name, text string) { fmt.Fprintf(&parts, "  -- %s\n  execute $part$\n%s$part$;\n", name, text) }
	for name, text := range s.bootstrap.all() {
		run(name, text)
	}
	run("lock", lockSQL)
	if update {
		run("meet nobody", strings.ReplaceAll(meetNobodyInPsqlSQL, "LIMIT", fmt.Sprint(DefaultLockTimeout.Milliseconds())))
	} else {
		run("count migrations", createVersionTable)
	}
	for index := range s.migrations {
		migration := s.migration(index)
		fmt.Fprintf(&parts, "  if reached < %d then\n", index+1)
		run(migration.parts[0].file, migration.text+countMigration(index+1))
		parts.WriteString("  end if;\n")
	}
	for name, text := range s.code.all() {
		run(name, text)
	}
	run("record the installation", s.settleSQL())
	words := []string{
		"VERSION", Version, "MAY_BECOME", mayBecomeSQL("owning"), "SCHEMAS", listOf(s.schemas), "SCHEMA", fmt.Sprint(record.SchemaVersion),
		"CODE", record.CodeSHA256, "MOMENT", fmt.Sprint(locking.Moment.Milliseconds()), "OWNING", listOf(owningRoles), "RECORDED", recordedSQL,
		"TABLES", tablesSQL, "OWN", record.json(), "DIGESTS", listOf(s.schemaSHA256), "IS_UPDATE", fmt.Sprint(update),
		"PARTS\n", parts.String(), "LEAVE\n", "  execute $part$\n" + leaveOwnerSQL + "$part$;\n",
	}
	refuse := ""
	if update {
		refuse = "  execute $part$" + strings.NewReplacer(words...).Replace(refuseSQL) + "$part$;\n"
	}
	return strings.NewReplacer(append(words, "REFUSE\n", refuse)...).Replace(extensionScript)
}
