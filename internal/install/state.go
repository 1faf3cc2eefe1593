package install

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// state is what a database says about Postern, read without any right in Postern's schemas: the record
// of the last installation is repeated in the comment of its table, since catalogs are open to everybody.
type state struct {
	database    string
	user        string
	serverMajor int
	schemas     []string // of those that bootstrap.sql creates, the ones that exist and belong to postern_owner
	roles       []string // of Postern's roles, the ones that exist
	pgcrypto    bool
	// pgcryptoPrefix is what its functions are called with, as the server prints it.
	pgcryptoPrefix string
	// toBecome are, of the roles that own objects, those that the installing user must first be granted.
	toBecome []string
	// reached is what the last migration left; its version is that of the binary which ran it.
	reached *record
	// nextMonth tells whether the log has a partition for the next month.
	nextMonth bool
	// recorded is what the last finished installation left.
	recorded *record
}

// record is what an installation leaves behind about itself.
type record struct {
	Version       string `json:"version"`
	SchemaVersion int    `json:"schema_version"`
	CodeSHA256    string `json:"code_sha256,omitempty"`
	ServerMajor   int    `json:"server_major,omitempty"`
}

// commentOn repeats the record where everybody can read it.
func (r record) commentOn(table, purpose string) string {
	return fmt.Sprintf("comment on table postern_internal.%s is '%s %s';\n", table, purpose, r.json())
}

// json needs no quoting in SQL: a record holds numbers, hexadecimal digits and a version.
func (r record) json() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // a struct of texts and numbers cannot fail
	}
	return string(text)
}

// recordSQL is an expression for the record in a table's comment, as jsonb; null where there is none.
func recordSQL(table string) string {
	return `(select substring(d.description from '[{].*[}]')::jsonb
   from pg_catalog.pg_description as d
   join pg_catalog.pg_class as c on c.oid = d.objoid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
   join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'postern_internal' and c.relname = '` + table + `' and c.relkind = 'r')`
}

// mayBecomeSQL is an expression that is true where set role to the named one would succeed. From PostgreSQL 16 on, a
// membership does not always include that right.
func mayBecomeSQL(name string) string {
	return `coalesce(
  (select pg_has_role(current_user, r.oid,
                      case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end)
     from pg_roles as r where r.rolname = ` + name + `),
  (select r.rolsuper from pg_roles as r where r.rolname = current_user))`
}

var roleNames = []string{"postern_owner", "postern_user", "postern_app", "postern_trusted_app", "postern_admin", "postern_event_worker", "postern_event_function", "postern_auditor", "postern_sealer"}

// owningRoles own Postern's objects: those that the last one owns run without any rights.
var owningRoles = []string{"postern_owner", "postern_event_function"}

// querier is a connection, or a transaction.
type querier interface {
	QueryRow(ctx context.Context, query string, arguments ...any) pgx.Row
}

func readState(ctx context.Context, database querier, wanted *source) (*state, error) {
	var read state
	err := database.QueryRow(ctx, `
select current_database(), current_user, current_setting('server_version_num')::integer / 10000,
       array(select n.nspname::text
               from pg_namespace as n
               join pg_roles as r on r.oid = n.nspowner
              where n.nspname = any ($1) and r.rolname = 'postern_owner'),
       array(select r.rolname::text from pg_roles as r where r.rolname = any ($2)),
       exists (select from pg_extension as e where e.extname = 'pgcrypto'),
       coalesce((select case when n.nspname <> 'pg_catalog' then format('%I.', n.nspname) end from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace where e.extname = 'pgcrypto'), ''),
       array(select wanted from unnest($3::text[]) as wanted where not `+mayBecomeSQL("wanted")+`),
       `+recordSQL("schema_version")+`,
       `+recordSQL("installation")+`,
       exists (select from pg_class as c
                 join pg_namespace as n on n.oid = c.relnamespace
                where n.nspname = 'postern_internal'
                  and c.relname = 'checkpoint_entry_' || to_char(date_trunc('month', now() at time zone 'UTC') + interval '1 month', 'YYYY_MM'))`,
		wanted.schemas, roleNames, owningRoles,
	).Scan(&read.database, &read.user, &read.serverMajor, &read.schemas, &read.roles, &read.pgcrypto, &read.pgcryptoPrefix, &read.toBecome, &read.reached, &read.recorded, &read.nextMonth)
	if err != nil {
		return nil, fmt.Errorf("read what is installed: %w", err)
	}
	return &read, nil
}

// pending tells what an installation would still have to do; empty where everything is in place.
func (s *state) pending(wanted *source) []string {
	var missing []string
	if len(s.roles) < len(roleNames) {
		missing = append(missing, fmt.Sprintf("%d roles", len(roleNames)-len(s.roles)))
	}
	if !s.pgcrypto {
		missing = append(missing, "extension pgcrypto")
	}
	if len(s.schemas) < len(wanted.schemas) {
		missing = append(missing, fmt.Sprintf("%d schemas", len(wanted.schemas)-len(s.schemas)))
	}
	if reached := s.schemaVersion(); reached < wanted.schemaVersion() {
		missing = append(missing, fmt.Sprintf("%d migrations", wanted.schemaVersion()-reached))
	}
	recorded := record{}
	if s.recorded != nil {
		recorded = *s.recorded
	}
	if recorded.CodeSHA256 != wanted.codeSHA256 {
		missing = append(missing, "functions and views")
	}
	if recorded.Version != Version && recorded.Version != "" {
		missing = append(missing, "the record of the version")
	}
	if recorded.ServerMajor != s.serverMajor && recorded.ServerMajor != 0 {
		missing = append(missing, fmt.Sprintf("functions and views, compiled again for PostgreSQL %d", s.serverMajor))
	}
	if s.recorded != nil && !s.nextMonth {
		missing = append(missing, "the log's partitions for the coming months")
	}
	return missing
}

// schemaVersion is the number of migrations that have run.
func (s *state) schemaVersion() int {
	if s.reached == nil {
		return 0
	}
	return s.reached.SchemaVersion
}

// refuseNewer fails where the database holds something that this binary does not know.
func (s *state) refuseNewer(wanted *source) error {
	for _, held := range []*record{s.reached, s.recorded} {
		if held != nil && (newer(held.Version, Version) || held.SchemaVersion > wanted.schemaVersion()) {
			return &NewerError{Database: s.database, Version: held.Version, SchemaVersion: held.SchemaVersion, Known: wanted.schemaVersion()}
		}
	}
	return nil
}

// NewerError is returned where a later Postern than this binary's is installed.
type NewerError struct {
	Database      string
	Version       string // installed
	SchemaVersion int    // installed
	Known         int    // the newest schema version this binary knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("database %q holds Postern %s (schema %d), this binary is %s (schema %d): use an installer of version %s or later",
		e.Database, e.Version, e.SchemaVersion, Version, e.Known, e.Version)
}
