package attack

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

var update = flag.Bool("update", false, "write testdata instead of comparing it")

// everybody is a list of roles that try; the first is a login without any role.
var everybody = []string{"", "postern_user", "postern_app", "postern_trusted_app", "postern_admin", "postern_auditor", "postern_sealer", "postern_redactor", "postern_event_worker"}

func loginOf(t testing.TB, database *testdb.Database, role string) *pgx.Conn {
	t.Helper()
	if role == "" {
		return database.Login(t).Connect(t)
	}
	return database.Login(t, role).Connect(t)
}

func requireDenied(t testing.TB, q testsql.Querier, sql string) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql); testdb.Code(err) != "42501" {
		t.Errorf("%s: got %v, want insufficient_privilege", sql, err)
	}
}

func TestInternalFunctionsAreOutOfReach(t *testing.T) {
	database := testdb.New(t)
	// Naive: a function is created and nothing else is done. Then everybody has EXECUTE.
	testsql.Run(t, database.Pool, `
create schema naive_internal;
grant usage on schema naive_internal to public;
create function naive_internal.sign(text) returns text language sql security definer as $$ select 'signed: ' || $1 $$`)
	if got := testsql.Value[string](t, loginOf(t, database, ""), "select naive_internal.sign('anything')"); got != "signed: anything" {
		t.Fatalf("the naive version withstood: %s", got)
	}

	calls := testsql.Values[string](t, database.Pool, `
select format('%s postern_internal.%I(%s)', case p.prokind when 'p' then 'call' else 'select' end, p.proname,
              (select string_agg('null::' || pg_catalog.format_type(a.type, null), ', ' order by a.position)
                 from unnest(p.proargtypes) with ordinality as a (type, position)))
  from pg_catalog.pg_proc as p
 where p.pronamespace = 'postern_internal'::pg_catalog.regnamespace`)
	if len(calls) < 25 {
		t.Fatalf("only %d internal functions", len(calls))
	}
	for _, role := range everybody {
		connection := loginOf(t, database, role)
		for _, call := range calls {
			requireDenied(t, connection, call)
		}
		// The schema is one lock, and the function's own privilege another: an OID gets past the first one.
		if open := testsql.Values[string](t, connection, `
select p.oid::pg_catalog.text || ' ' || p.proname from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where n.nspname = 'postern_internal' and pg_catalog.has_function_privilege(p.oid, 'execute')`); len(open) > 0 {
			t.Errorf("a member of %q may execute the internal %s", role, open)
		}
	}
}

func TestInternalTablesAreOutOfReach(t *testing.T) {
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
create schema naive_internal;
create table naive_internal.secret as select 'secret' as secret;
grant usage on schema naive_internal to public;
grant select on all tables in schema naive_internal to public`)
	if got := testsql.Value[string](t, loginOf(t, database, ""), "select secret from naive_internal.secret"); got != "secret" {
		t.Fatalf("the naive version withstood: %s", got)
	}

	relations := testsql.Values[string](t, database.Pool, `
select c.relname from pg_catalog.pg_class as c
 where c.relnamespace = 'postern_internal'::pg_catalog.regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')`)
	if len(relations) < 10 {
		t.Fatalf("only %d internal relations", len(relations))
	}
	for _, role := range everybody {
		connection := loginOf(t, database, role)
		for _, relation := range relations {
			requireDenied(t, connection, "select * from postern_internal."+relation)
			requireDenied(t, connection, "insert into postern_internal."+relation+" default values")
			requireDenied(t, connection, "delete from postern_internal."+relation)
			requireDenied(t, connection, "truncate postern_internal."+relation)
			requireDenied(t, connection, "copy postern_internal."+relation+" to stdout")
		}
		for _, column := range testsql.Values[string](t, database.Pool, `
select format('update postern_internal.%I set %I = default', c.relname, a.attname)
  from pg_catalog.pg_class as c join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'postern_internal'::pg_catalog.regnamespace and c.relkind in ('r', 'p')`) {
			requireDenied(t, connection, column)
		}
		if open := testsql.Values[string](t, connection, `
select c.relname from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = 'postern_internal'
   and case when c.relkind = 'S' then pg_catalog.has_sequence_privilege(c.oid, 'usage, select, update')
                      when c.relkind in ('i', 'I') then false
                      else pg_catalog.has_table_privilege(c.oid, 'select, insert, update, delete, truncate, references, trigger')
                           or pg_catalog.has_any_column_privilege(c.oid, 'select, insert, update, references') end`); len(open) > 0 {
			t.Errorf("%q has rights on %s", role, open)
		}
	}
}

// Functions that events call run with the rights of this role before they have those of their own owner. It has none.
func TestTheRoleOfEventFunctionsHasNoRights(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	const rights = `
select 'function ' || p.oid::pg_catalog.regprocedure
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and pg_catalog.has_function_privilege('postern_event_function', p.oid, 'execute')
   and p.oid::pg_catalog.regprocedure::text not in (` + askedByPolicies + `)
 union all
select 'relation ' || c.oid::pg_catalog.regclass
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner'
   and c.oid::pg_catalog.regclass::text not in (` + askedByPolicies + `)
   and case c.relkind when 'S' then pg_catalog.has_sequence_privilege('postern_event_function', c.oid, 'usage, select, update')
                      when 'i' then false
                      else pg_catalog.has_table_privilege('postern_event_function', c.oid, 'select, insert, update, delete, truncate, references, trigger')
                           or pg_catalog.has_any_column_privilege('postern_event_function', c.oid, 'select, insert, update, references') end
 union all
select 'schema ' || n.nspname
  from pg_catalog.pg_namespace as n
 where n.nspname not in ('pg_catalog', 'information_schema', 'public') and pg_catalog.has_schema_privilege('postern_event_function', n.oid, 'usage, create')
 union all
select 'role ' || r.rolname
  from pg_catalog.pg_roles as r
 where r.rolname <> 'postern_event_function' and pg_catalog.pg_has_role('postern_event_function', r.oid, 'member')`
	testsql.Run(t, database.Pool, "create schema naive; grant usage on schema naive to public")
	if got := testsql.Values[string](t, database.Pool, rights); len(got) != 2 {
		t.Fatalf("it may use %q, want a schema of everybody", got)
	}
	testsql.Run(t, database.Pool, "drop schema naive")
	if got := testsql.Values[string](t, database.Pool, rights); !slices.Equal(got, []string{"function postern_internal.run_event_function(text,jsonb)"}) {
		t.Errorf("it may use %q", got)
	}
}

func TestNobodyBecomesTheOwner(t *testing.T) {
	database := testdb.New(t)
	for _, role := range everybody {
		connection := loginOf(t, database, role)
		requireDenied(t, connection, "set role postern_owner")
		requireDenied(t, connection, "set role postern_event_function")
		requireDenied(t, connection, "create table postern.planted ()")
		requireDenied(t, connection, "create table postern_internal.planted ()")
		requireDenied(t, connection, "create function security_sys.planted() returns integer language sql return 1")
		for _, other := range everybody[1:] {
			if role == other || testsql.Value[bool](t, database.Pool, "select pg_catalog.pg_has_role($1, $2, 'member')", connection.Config().User, other) {
				continue
			}
			requireDenied(t, connection, "set role "+other)
		}
	}
}

// The matrix in testdata/privileges.txt says what each role may do in the schemas that are not internal. A change of it
// changes what Postern promises, and needs a review.
func TestRolesMayDoWhatTheMatrixSays(t *testing.T) {
	const path = "testdata/privileges.txt"
	database := testdb.New(t)
	rows, err := database.Pool.Query(t.Context(), `
with role (name) as (
  values ('postern_user'), ('postern_app'), ('postern_trusted_app'), ('postern_admin'), ('postern_auditor'), ('postern_sealer'), ('postern_redactor'), ('postern_event_worker')
), object (label, oid, schema_oid, kind) as (
  select format('%s %s', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::pg_catalog.regprocedure),
         p.oid, p.pronamespace, 'f'
    from pg_catalog.pg_proc as p
   union all
  select format('%s %s', case c.relkind when 'v' then 'view' else 'table' end, c.oid::pg_catalog.regclass), c.oid, c.relnamespace, 'r'
    from pg_catalog.pg_class as c
   where c.relkind in ('r', 'v', 'm', 'S', 'f', 'p')
), privilege (kind, name) as (
  values ('f', 'EXECUTE'), ('r', 'SELECT'), ('r', 'INSERT'), ('r', 'UPDATE'), ('r', 'DELETE'), ('r', 'TRUNCATE'), ('r', 'REFERENCES'), ('r', 'TRIGGER')
)
select format('%s: %s', o.label,
              coalesce(string_agg(r.name || case when p.name in ('EXECUTE', 'SELECT') then '' else ' ' || p.name end, ', '
                                  order by pg_catalog.array_position(array['EXECUTE', 'SELECT'], p.name), p.name,
                                           pg_catalog.array_position(array['postern_user', 'postern_app', 'postern_trusted_app', 'postern_admin'], r.name), r.name),
                       'nobody'))
  from object as o
  join pg_catalog.pg_namespace as n on n.oid = o.schema_oid
  join privilege as p on p.kind = o.kind
  left join role as r
    on pg_catalog.has_schema_privilege(r.name, n.oid, 'USAGE')
   and case o.kind when 'f' then pg_catalog.has_function_privilege(r.name, o.oid, p.name)
                   else pg_catalog.has_table_privilege(r.name, o.oid, p.name) end
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and n.nspname <> 'postern_internal'
   and (r.name is not null or p.name in ('EXECUTE', 'SELECT'))
 group by o.label
 order by o.label collate "C"`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("review, then `go test ./tests/attack -run Matrix -update`:\n%s", udiff.Unified("matrix", "installed", string(want), got))
	}

	// A call that is not in the matrix is really refused, and not only according to the catalog.
	granted := map[string]bool{}
	for _, line := range lines {
		object, roles, _ := strings.Cut(line, ": ")
		for role := range strings.SplitSeq(roles, ", ") {
			granted[role+" "+object] = true
		}
	}
	for _, role := range everybody {
		connection := loginOf(t, database, role)
		for _, f := range publicFunctions(t, database.Pool) {
			if granted[role+" function "+f.signature] || granted[role+" procedure "+f.signature] {
				continue
			}
			if _, err := connection.Exec(t.Context(), f.call(), make([]any, len(f.parameters))...); testdb.Code(err) != "42501" {
				t.Errorf("%q calls %s: got %v, want 42501", role, f.signature, err)
			}
		}
	}
}
