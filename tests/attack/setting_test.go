package attack

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// hostileSettings are settings that anybody may change and that change the meaning or the output of SQL.
var hostileSettings = []string{
	"standard_conforming_strings = off",
	"escape_string_warning = off",
	"transform_null_equals = on",
	"array_nulls = off",
	"bytea_output = 'escape'",
	"datestyle = 'SQL, DMY'",
	"intervalstyle = 'sql_standard'",
	"timezone = 'Pacific/Kiritimati'",
	"extra_float_digits = -15",
	"quote_all_identifiers = on",
	"row_security = off",
	"plan_cache_mode = force_custom_plan",
	"default_transaction_isolation = 'serializable'",
	"enable_indexscan = off",
	"enable_bitmapscan = off",
	"plpgsql.extra_errors = 'all'",
}

// The text of a PL/pgSQL function is parsed in the session that calls it, with that session's settings.
func TestCallersSettingsChangeNoMeaning(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive_policy(pin text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return pin !~ '^(.+)\1+$';
end $$;
grant execute on function public.naive_policy(text) to public`)
	connection := s.connect(t)
	hasBackslashes := false
	for _, setting := range hostileSettings {
		set := testsql.Set(t, connection, setting)
		if setting == "standard_conforming_strings = off" {
			hasBackslashes = set
		}
	}
	if fell := testsql.Value[bool](t, connection, "select public.naive_policy('777777')"); fell != hasBackslashes {
		t.Fatalf("the naive policy fell: %t, and plain strings have backslashes: %t", fell, hasBackslashes)
	}

	ticket := approve(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)

	ticket = approve(t, connection, alice, pinGate, "{}")
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	for _, weak := range []string{"777777", "474747", "345678", "190877", "qwerty"} {
		refusedAndGoOn(t, tx, "PS109", "select postern.set_pin($1)", weak)
	}
	rollback(t, tx)

	testsql.Run(t, s.Pool, "grant postern_admin to "+s.application.Name)
	testsql.Refused(t, connection, "PS107", "select postern.register_gate('POSTERN_X', 'd', 'm')")
	testsql.Refused(t, connection, "PS107", "select postern.register_gate('A_X', 'd', 'Order &ORDER_NO', '{}')")
	testsql.Refused(t, connection, "PS402", "select postern.begin_session('no token')")
}

// Without a backslash, a literal means the same whatever standard_conforming_strings is.
func TestNoPlainLiteralHasABackslash(t *testing.T) {
	database := testdb.New(t)
	const bodies = `
select p.oid::pg_catalog.regprocedure::text || ' ' || p.prosrc
  from pg_catalog.pg_proc as p
 where p.proowner = 'postern_owner'::pg_catalog.regrole and p.prosqlbody is null`
	if !hasPlainBackslash(`f() x ~ '\d' and y = E'\n'`) || hasPlainBackslash(`f() -- '\'
x = E'it''s \' \\n' and y = 'it''s' /* '\' */ and z = 'E'`) {
		t.Fatal("the scanner misreads SQL")
	}
	for _, body := range testsql.Values[string](t, database.Pool, bodies) {
		if hasPlainBackslash(body) {
			t.Errorf("a backslash in a plain literal: %s", strings.SplitN(body, " ", 2)[0])
		}
	}
}

// hasPlainBackslash looks for a backslash in a literal that does not have the form E'…'.
func hasPlainBackslash(sql string) bool {
	for i := 0; i < len(sql); i++ {
		switch {
		case strings.HasPrefix(sql[i:], "--"):
			for i < len(sql) && sql[i] != '\n' {
				i++
			}
		case strings.HasPrefix(sql[i:], "/*"):
			i += strings.Index(sql[i:], "*/") + 1
		case sql[i] == '\'':
			escaping := i > 0 && (sql[i-1] == 'E' || sql[i-1] == 'e')
			for i++; i < len(sql); i++ {
				if sql[i] == '\\' {
					if !escaping {
						return true
					}
					i++
				} else if sql[i] == '\'' {
					if i+1 == len(sql) || sql[i+1] != '\'' {
						break
					}
					i++
				}
			}
		}
	}
	return false
}
