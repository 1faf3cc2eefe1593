package install

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/posternsql/postern/internal/locking"
)

// refuseSQL is the equivalent of state.refuse in a script. Words in capitals are replaced.
const refuseSQL = `do $refuse$
declare
  held constant jsonb := RECORDED;
  own constant jsonb := 'OWN';
  digests constant text[] := array[DIGESTS];
  allow_downgrade constant boolean := current_setting('postern.allow_downgrade')::boolean;
  reached constant integer := (held ->> 'schema_version')::integer;
  held_number constant integer[] := string_to_array(coalesce(substring(held ->> 'version' from '^\d+\.\d+\.\d+'), '0.0.0'), '.');
  own_number constant integer[] := string_to_array(substring(own ->> 'version' from '^\d+\.\d+\.\d+'), '.');
  same_tables boolean;
begin
  if held is null then
    if TABLES then
      raise exception 'Database % holds tables of Postern and no record of what made them', current_database()
        using detail = 'It was made by an unreleased build, or restored without comments.',
              hint = 'Use the build that made it; there is no upgrade from an unreleased one.';
    end if;
    return;
  end if;
  same_tables := coalesce(held ->> 'schema_sha256' = digests[reached], false) and reached = cardinality(digests);
  if reached > cardinality(digests) or held_number > own_number and not (allow_downgrade and same_tables)
  then
    raise exception 'Database % holds a newer Postern', current_database()
      using detail = format('It holds version %s, schema %s; this script installs version %s, schema %s.',
                            held ->> 'version', reached, own ->> 'version', cardinality(digests)),
            hint = 'Use a script of that version or of a later one.' || case when same_tables
                     then ' To go back to this one, which has the same tables: psql -v allow_downgrade=on.' else '' end;
  end if;
  if held ->> 'schema_sha256' is distinct from digests[reached] then
    raise exception 'Database % holds Postern % with other migrations than this script has', current_database(), held ->> 'version'
      using detail = format('It holds schema %s and was made by an unreleased build.', reached),
            hint = 'Use the build that made it; there is no upgrade from an unreleased one.';
  end if;
  -- A version before its release, such as 1.0.0-beta.1, is older than the release.
  if held_number = own_number and not (held ->> 'version' like '%-%' and own ->> 'version' not like '%-%') and same_tables and held ->> 'code_sha256' <> own ->> 'code_sha256'
     and not allow_downgrade and not coalesce((own ->> 'built_at')::timestamptz > (held ->> 'built_at')::timestamptz, false)
  then
    raise exception 'Database % holds another build of Postern %, and not an older one as far as is known', current_database(), held ->> 'version'
      using detail = format('It holds code %s of %s; this script installs code %s of %s.',
                            left(held ->> 'code_sha256', 12), coalesce(held ->> 'built_at', 'an unknown date'),
                            left(own ->> 'code_sha256', 12), coalesce(own ->> 'built_at', 'an unknown date')),
            hint = 'Use the newer build. To install this one anyway: psql -v allow_downgrade=on.';
  end if;
end
$refuse$;
`

// refuseExtensionSQL is ExtensionError in a script for psql.
const refuseExtensionSQL = `do $$
begin
  if exists (select from pg_catalog.pg_extension as e where e.extname = 'postern') then
    raise exception 'Database % has Postern as an extension', current_database()
      using hint = 'To update: alter extension postern update; with the newer scripts on the server. To use this script from now on: drop extension postern; which removes nothing.';
  end if;
end
$$;

`

// meetNobodyInPsqlSQL is meetNobodySQL with the pauses of package locking, so that others do not wait behind it.
const meetNobodyInPsqlSQL = `do $meet$
declare
  give_up constant timestamptz := clock_timestamp() + interval 'LIMIT milliseconds';
begin
  while to_regclass('postern_internal.session_secret') is not null loop
    begin
      lock table postern_internal.session_secret in access exclusive mode;
      exit;
    exception when lock_not_available then
      if clock_timestamp() > give_up then
        raise exception 'Others use Postern''s functions and views'
          using errcode = 'lock_not_available',
                detail = 'Each transaction that has asked who its user is keeps them as they are.',
                hint = 'Have the others end their transactions (see pg_stat_activity), then run this script again. Nothing was changed.';
      end if;
      perform pg_sleep(0.5);
    end;
  end loop;
end
$meet$;
`

// RenderPsql writes a psql script that installs or upgrades Postern, for people who may not run this binary on their
// server. The script has the same effect as Install, in one transaction and under the same lock. Of the options it uses
// Files and BuiltAt.
func RenderPsql(ctx context.Context, options Options, out io.Writer) error {
	wanted, err := options.readSource(ctx)
	if err != nil {
		return err
	}
	for _, migration := range wanted.migrations {
		if strings.Contains(migration.UpSQL, "---- tern: disable-tx ----") {
			return fmt.Errorf("%s cannot run in a transaction, so there is no safe script for psql", migration.Name)
		}
	}
	record := wanted.record()
	words := strings.NewReplacer(
		"VERSION", Version, "SCHEMA", fmt.Sprint(record.SchemaVersion), "CODE", record.CodeSHA256,
		"LIMIT", fmt.Sprint(DefaultLockTimeout.Milliseconds()), "MOMENT", fmt.Sprint(locking.Moment.Milliseconds()), "ROLES", listOf(roleNames), "NUMBER", fmt.Sprint(len(roleNames)),
		"HOMES", listOf(wanted.schemas), "COUNT", fmt.Sprint(len(wanted.schemas)),
		"RECORDED", recordedSQL, "TABLES", tablesSQL, "OWN", record.json(), "DIGESTS", listOf(wanted.schemaSHA256),
	)
	var script strings.Builder
	script.WriteString(words.Replace(`-- Postern VERSION, schema SCHEMA, code CODE.
-- Installs Postern into the database that psql is connected to, or upgrades it:
--   psql -v ON_ERROR_STOP=1 -f THIS_FILE
-- The user must be allowed to create roles (CREATEROLE) and to create schemas in this database (its owner is);
-- no superuser is needed. Everything happens in one transaction. Run again, it changes nothing. It stops where a newer
-- version or build is installed; -v allow_downgrade=on goes back to this one where the tables are the same.

\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set QUIET on
\encoding UTF8
\if :{?allow_downgrade}
\else
  \set allow_downgrade off
\endif

begin;
set local search_path = pg_catalog, pg_temp;
set local lock_timeout = 'LIMITms'; -- at first only other installations can be in the way, and nobody queues behind this one
set local standard_conforming_strings = on;
set local check_function_bodies = on;
set local client_min_messages = warning;
select set_config('postern.allow_downgrade', :'allow_downgrade', true) as postern_setting \gset

`))
	script.WriteString(refuseExtensionSQL)
	// The script asks this first, before anything that needs a privilege. It asks again once nobody else can change
	// anything. Anybody who may create schemas can make one of Postern's name, with a record in it; but only Postern's belong
	// to its owner.
	settled := words.Replace(refuseSQL+`
select coalesce(found.recorded @> '{"version": "VERSION", "schema_version": SCHEMA, "code_sha256": "CODE"}', false)
         and (select count(*) from pg_roles as r where r.rolname in (ROLES)) = NUMBER
         and (select count(*) from pg_namespace as n join pg_roles as r on r.oid = n.nspowner and r.rolname = 'postern_owner' where n.nspname in (HOMES)) = COUNT
         and exists (select from pg_extension as e where e.extname = 'pgcrypto') as postern_is_installed,
       coalesce((found.recorded ->> 'schema_version')::integer, 0) as postern_schema_version
  from (select RECORDED as recorded) as found \gset
\if :postern_is_installed
`) + leaveOwnerSQL + words.Replace(`  commit;
  \echo 'Postern VERSION is already installed: nothing to do.'
  \q
\endif

`)
	script.WriteString(settled)
	for name, text := range wanted.bootstrap.all() {
		fmt.Fprintf(&script, "-- %s\n\n%s\n", name, text)
	}
	moment := words.Replace("set local lock_timeout = 'MOMENTms'; -- from here on others would\n\n")
	script.WriteString(lockSQL + moment + settled + words.Replace(meetNobodyInPsqlSQL) + "\n" + createVersionTable + "\n")
	for index := range wanted.migrations {
		migration := wanted.migration(index)
		fmt.Fprintf(&script, "-- %s\n\nselect %d > :postern_schema_version as postern_is_new \\gset\n\\if :postern_is_new\n%s%s\\endif\n\n",
			migration.parts[0].file, index+1, migration.text, countMigration(index+1))
	}
	for name, text := range wanted.code.all() {
		fmt.Fprintf(&script, "-- %s\n\n%s\n", name, text)
	}
	fmt.Fprintf(&script, "-- record the installation\n%s\n%s\ncommit;\n\\echo 'Postern %s is installed.'\n", wanted.settleSQL(), leaveOwnerSQL, Version)
	_, err = io.WriteString(out, script.String())
	return err
}
