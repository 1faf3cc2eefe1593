package install

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	postern "github.com/posternsql/postern/sql"
)

// RenderPsql writes an installation as one script for psql, for those who may not run this binary on
// their server. It runs in one transaction, under the lock that Install takes, and leaves what Install
// leaves. Nil files are those that this binary carries.
func RenderPsql(ctx context.Context, files fs.FS, out io.Writer) error {
	if files == nil {
		files = postern.Files
	}
	wanted, err := readSource(ctx, files)
	if err != nil {
		return err
	}
	for _, migration := range wanted.migrations {
		if strings.Contains(migration.UpSQL, "---- tern: disable-tx ----") {
			return fmt.Errorf("%s cannot run in a transaction, so there is no safe script for psql", migration.Name)
		}
	}
	_, err = fmt.Fprintf(out, `-- Postern %[1]s, schema %[2]d, code %[3]s.
-- Installs Postern into the database that psql is connected to:
--   psql -v ON_ERROR_STOP=1 -f THIS_FILE
-- The user must be allowed to create roles (CREATEROLE) and to create schemas in this database (its owner is);
-- no superuser is needed. Everything happens in one transaction. Run again, it changes nothing; where another
-- version is installed, it stops: upgrades are the installer's.

\set ON_ERROR_STOP on
\set QUIET on
\encoding UTF8

begin;
set local search_path = pg_catalog, pg_temp;
set local lock_timeout = '%[4]dms';
set local standard_conforming_strings = on;
set local check_function_bodies = on;
set local client_min_messages = warning;

-- bootstrap.sql

%[5]s
%[6]sselect coalesce(found.reached @> '{"version": "%[1]s", "schema_version": %[2]d}'
            and found.recorded @> '{"version": "%[1]s", "code_sha256": "%[3]s"}', false) as postern_is_installed
  from (select %[7]s as reached,
               %[8]s as recorded) as found \gset
\if :postern_is_installed
  reset role;
  %[9]s
  commit;
  \echo 'Postern %[1]s is already installed: nothing to do.'
  \q
\endif

do $$
declare
  found jsonb := %[7]s;
begin
  if found is not null then
    raise exception 'Another Postern is installed in database %%', current_database()
      using detail = format('Version %%s, schema %%s; this script installs version %[1]s, schema %[2]d.',
                            found ->> 'version', found ->> 'schema_version'),
            hint = 'Upgrade with "installer install".';
  end if;
end
$$;

`, Version, wanted.schemaVersion(), wanted.codeSHA256, DefaultLockTimeout/time.Millisecond, wanted.bootstrap.text, lockSQL,
		recordSQL("schema_version"), recordSQL("installation"), leaveOwnerOnceSQL)
	if err != nil {
		return err
	}
	for name, text := range wanted.afterBootstrap().all() {
		if _, err := fmt.Fprintf(out, "-- %s\n\n%s\n", name, text); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%s\n%s%s\ncommit;\n\\echo 'Postern %s is installed.'\n", checkOwnerSQL, leaveOwnerSQL, leaveOwnerOnceSQL, Version)
	return err
}
