package install

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	postern "github.com/posternsql/postern/sql"
)

// state is what a database says about Postern, read without any privilege in Postern's schemas. The comment of the
// table of installations repeats the record of the last one, because everybody can read catalogs.
type state struct {
	database    string
	user        string
	serverMajor int
	schemas     []string // those of bootstrap.sql's schemas that exist and belong to postern_owner
	roles       []string // those of Postern's roles that exist
	pgcrypto    bool
	// pgcryptoPrefix is the prefix of calls of pgcrypto's functions, as the server prints it.
	pgcryptoPrefix string
	// toBecome lists the roles that own objects and that the installing user must be granted first.
	toBecome []string
	// memberships are those of the installing user in roles that own objects. Outside of an installation, nobody should
	// have one.
	memberships []string
	// tables says whether a first migration has run, by any binary.
	tables bool
	// nextMonth says whether the log has a partition for the next month.
	nextMonth bool
	// extension is the version of the extension postern, if the database has it.
	extension *string
	// recorded is the record of the last installation.
	recorded *record
}

// record is what an installation records about itself.
type record struct {
	Version       string `json:"version"`
	SchemaVersion int    `json:"schema_version"`
	// SchemaSHA256 is a digest of all migrations that have run.
	SchemaSHA256 string `json:"schema_sha256,omitempty"`
	CodeSHA256   string `json:"code_sha256,omitempty"`
	// BuiltAt is when the sources of the binary were committed, in RFC 3339; empty if the binary does not know.
	BuiltAt     string `json:"built_at,omitempty"`
	ServerMajor int    `json:"server_major,omitempty"`
}

// json returns JSON that needs no quoting in SQL, because a record holds only numbers, hexadecimal digits and a
// version.
func (r record) json() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // a struct of texts and numbers cannot fail
	}
	return string(text)
}

// recordedSQL is an expression for the record of the last installation, as jsonb; null if there is none.
const recordedSQL = `(select substring(d.description from '[{].*[}]')::jsonb
   from pg_catalog.pg_description as d
   join pg_catalog.pg_class as c on c.oid = d.objoid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
   join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'postern_internal' and c.relname = 'installation' and c.relkind = 'r')`

// tablesSQL is an expression that is true if a first migration has run.
const tablesSQL = `exists (select from pg_catalog.pg_class as c
                 join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
                where n.nspname = 'postern_internal' and c.relname = 'schema_version')`

// mayBecomeSQL is an expression that is true if SET ROLE to the named role would succeed. From PostgreSQL 16 on, a
// membership does not always include that privilege.
func mayBecomeSQL(name string) string {
	return `coalesce(
  (select pg_has_role(current_user, r.oid,
                      case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end)
     from pg_roles as r where r.rolname = ` + name + `),
  (select r.rolsuper from pg_roles as r where r.rolname = current_user))`
}

// roleNames are Postern's roles.
var roleNames = func() (names []string) {
	for _, role := range postern.OwnNames().Roles {
		names = append(names, role.Name)
	}
	return names
}()

// owningRoles own Postern's objects. The objects of the last role run without any privileges.
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
       `+membershipsSQL+`,
       `+tablesSQL+`,
       `+recordedSQL+`,
       (select e.extversion from pg_extension as e where e.extname = 'postern'),
       exists (select from pg_class as c
                 join pg_namespace as n on n.oid = c.relnamespace
                where n.nspname = 'postern_internal'
                  and c.relname = 'checkpoint_entry_' || to_char(date_trunc('month', now() at time zone 'UTC') + interval '1 month', 'YYYY_MM'))`,
		wanted.schemas, roleNames, owningRoles,
	).Scan(&read.database, &read.user, &read.serverMajor, &read.schemas, &read.roles, &read.pgcrypto, &read.pgcryptoPrefix, &read.toBecome, &read.memberships, &read.tables, &read.recorded, &read.extension, &read.nextMonth)
	if err != nil {
		return nil, fmt.Errorf("read what is installed: %w", err)
	}
	return &read, nil
}

// pending lists what an installation would still have to do; it is empty if everything is in place.
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

// schemaVersion returns the number of migrations that have run.
func (s *state) schemaVersion() int {
	if s.recorded == nil {
		return 0
	}
	return s.recorded.SchemaVersion
}
