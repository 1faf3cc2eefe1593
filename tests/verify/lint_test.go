//go:build verify

// Package verify has the checks of `make verify` that need a server. They compare the committed schema dump with an
// installation, and lint the PL/pgSQL with plpgsql_check (Debian: postgresql-15-plpgsql-check).
package verify

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
)

// lint checks every PL/pgSQL function of Postern. A trigger function is checked with the table that has it.
const lint = `
select p.oid::regprocedure::text || ', line ' || coalesce(c.lineno::text, '?') || ': ' || c.level || ': ' || c.message
         || coalesce(' (' || c.detail || ')', '')
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_language as l on l.oid = p.prolang
  left join pg_catalog.pg_trigger as t on t.tgfoid = p.oid
 cross join lateral public.plpgsql_check_function_tb(
         -- A trigger function of which only applications have triggers is checked as if a table of Postern's had one.
         p.oid, coalesce(t.tgrelid, case p.prorettype when 'trigger'::regtype then 'postern.posting_combination'::regclass else 0 end),
         fatal_errors => false, extra_warnings => true, performance_warnings => true, security_warnings => true) as c
 where l.lanname = 'plpgsql'
   and p.proowner = 'postern_owner'::regrole
   -- A function that only raises must not be immutable: with constant arguments it would raise in the planner.
   and c.message not like 'routine is marked as VOLATILE, should be %'
   -- They say why themselves.
   and not (p.proname in ('company_is_indexed', 'ledger_key_is_valid') and c.message = 'routine is marked as IMMUTABLE, should be STABLE')
   -- Every name in it is quoted by %I.
   and not (p.proname = 'refuse_guarded_move' and c.message = 'the expression is not SQL injection safe')
   -- plpgsql_check does not see which tables a query that is put together reads, nor what it returns.
   and not (p.proname = 'compile_blocks' and c.message = 'routine is marked as STABLE, should be IMMUTABLE')
   and coalesce(c.detail, '') <> 'cannot to determine result of dynamic SQL'
   -- Policies and the conditions of guards are expressions, constraints are what pg_get_constraintdef says, and DDL
   -- takes no parameters. These functions run with the rights of their caller, who could say the same.
   and not (p.proname in ('put_policy', 'validate_constraint', 'check_guard', 'put_guard', 'put_guarded_move') and c.message = 'text type variable is not sanitized')
 order by 1`

const count = `
select count(*)
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_language as l on l.oid = p.prolang
 where l.lanname = 'plpgsql' and p.proowner = 'postern_owner'::regrole`

func TestPlpgsqlIsClean(t *testing.T) {
	connection := testdb.New(t).Connect(t)
	if _, err := connection.Exec(t.Context(), "create extension plpgsql_check schema public"); err != nil {
		t.Fatalf("plpgsql_check is needed (Debian: postgresql-15-plpgsql-check): %v", err)
	}
	var checked int
	if err := connection.QueryRow(t.Context(), count).Scan(&checked); err != nil {
		t.Fatal(err)
	}
	if checked < 30 {
		t.Fatalf("only %d functions would be checked", checked)
	}
	rows, err := connection.Query(t.Context(), lint)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		t.Error(finding)
	}
}

func TestLintSeesAFault(t *testing.T) {
	connection := testdb.New(t).Connect(t)
	for _, statement := range []string{
		"create extension plpgsql_check schema public",
		`create function postern_internal.faulty() returns void language plpgsql as $$
		 begin perform no_such_column from postern_internal.gate; end $$`,
		"alter function postern_internal.faulty() owner to postern_owner",
	} {
		if _, err := connection.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := connection.Query(t.Context(), lint)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) == 0 {
		t.Error("the fault was not found")
	}
}
