package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// hazards are faults whose effect can be shown: open is true before the fix, and false after it.
func hazards() []struct{ name, code, seed, open string } {
	const voucher = "create table shop.voucher (voucher_id integer, company text, amount integer); insert into shop.voucher values (1, '10', 1), (2, '20', 2); select postern.protect_company('shop.voucher');"
	return []struct{ name, code, seed, open string }{
		{"a superuser's function reads another company", "definer_function",
			voucher + "create function shop.total() returns bigint security definer set search_path = '' language sql as 'select count(*) from shop.voucher'",
			"select shop.total() = 2"},
		{"so does one that calls what reads", "definer_function",
			voucher + "create function shop.reads() returns bigint language sql as 'select count(*) from shop.voucher'; create function shop.total() returns bigint security definer set search_path = '' language plpgsql as 'begin return shop.reads(); end'",
			"select shop.total() = 2"},
		{"a part of another kind shows its rows", "foreign_table",
			`create table shop.voucher (company text) partition by list (company); select postern.protect_company('shop.voucher'); create extension file_fdw schema public; create server files foreign data wrapper file_fdw;
create foreign table shop.archive partition of shop.voucher default server files options (program 'echo 20'); grant select on shop.archive to public`,
			"select pg_catalog.has_table_privilege('shop.archive', 'select')"},
		{"a gate that is shown as active lets pass", "changed_gate",
			gate + "update postern_internal.gate set stops = false where not built_in; create function shop.passes() returns boolean language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); return true; exception when sqlstate 'PS101' then return false; end $$",
			"select shop.passes()"},
		{"a protected table shows nobody anything", "no_permissive_policy",
			voucher + "drop policy postern_permit on shop.voucher",
			"select count(*) = 0 from shop.voucher"},
	}
}

func TestEachFindingIsARealHazard(t *testing.T) {
	for _, h := range hazards() {
		t.Run(h.name, func(t *testing.T) {
			s := newScene(t, "voucher", "other")
			Run(t, s.Pool, "select postern.create_user('ANN', 'Ann'); select postern.create_company('20', 'Twenty'); select postern.grant_company('ANN', '10'); grant usage on schema shop to public; alter default privileges in schema shop grant all on tables to postern_user")
			Run(t, s.Pool, h.seed)
			application := s.Login(t, "postern_trusted_app").Connect(t)
			open := func() (open bool) {
				As(t, application, "ANN", func(tx pgx.Tx) { open = Value[bool](t, tx, h.open) })
				return open
			}
			if !open() {
				t.Errorf("%s: it is not so", h.name)
			}
			fixed := false
			for _, found := range s.findings(t) {
				if found.Code == h.code {
					Run(t, s.Pool, found.Fix)
					fixed = true
				}
			}
			if !fixed {
				t.Fatalf("doctor does not find %s", h.code)
			}
			if open() {
				t.Errorf("%s: after the fix it is still so", h.name)
			}
		})
	}
}

// The owner of a protected table sees the rows of one company. A function of the owner's in an index gets all rows.
func TestIndexFunctionSeesHiddenRows(t *testing.T) {
	s := newScene(t, "voucher", "other")
	owner := s.Login(t, "postern_admin", "postern_trusted_app")
	Run(t, s.Pool, "select postern.create_user('ANN', 'Ann'); select postern.create_company('20', 'Twenty'); select postern.grant_company('ANN', '10'); grant all on schema shop to "+owner.Name)
	config, err := pgx.ParseConfig(owner.URL)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { told = append(told, notice.Message) }
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	Run(t, connection, `
create table shop.voucher (voucher_id integer, company text);
insert into shop.voucher values (1, '10'), (2, '20');
select postern.protect_company('shop.voucher');
create function shop.tells(text) returns text immutable language plpgsql as $$ begin raise notice '%', $1; return $1; end $$`)
	As(t, connection, "ANN", func(tx pgx.Tx) {
		if count := Value[int64](t, tx, "select count(*) from shop.voucher"); count != 1 {
			t.Errorf("the owner sees %d rows", count)
		}
	})
	Run(t, connection, "create index on shop.voucher (shop.tells(company))")
	if !strings.Contains(strings.Join(told, " "), "20") {
		t.Errorf("the index told %q", told)
	}
	if found := s.findings(t); !slices.ContainsFunc(found, func(one finding) bool { return one.Code == "row_function" }) {
		t.Errorf("found %+v, want row_function among them", found)
	}
}

// A superuser makes the server send to the client what auto_explain prints. The server's log has the same.
func TestAutoExplainPrintsWhatIsBound(t *testing.T) {
	database := testdb.New(t)
	Run(t, database.Pool, "alter database "+database.Name+" set session_preload_libraries = 'auto_explain'; alter database "+database.Name+" set auto_explain.log_min_duration = 0; alter database "+database.Name+" set auto_explain.log_verbose = on")
	const pin = "739154"
	printed := func() string {
		config, err := pgx.ParseConfig(database.URL)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { lines = append(lines, notice.Message) }
		connection, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close(t.Context())
		Run(t, connection, "set auto_explain.log_level = notice")
		Run(t, connection, "select $1::text from pg_catalog.pg_namespace limit 1", pin)
		return strings.Join(lines, "\n")
	}
	if got := printed(); !strings.Contains(got, pin) {
		t.Errorf("with log_verbose it printed %q", got)
	}
	for range 2 { // on PostgreSQL 16 and later log_parameter_max_length has its own fix
		for _, found := range findings(t, database.Pool) {
			if found.Code == "statement_logging" {
				Run(t, database.Pool, found.Fix)
			}
		}
	}
	Run(t, database.Pool, "alter database "+database.Name+" set auto_explain.log_min_duration = 0")
	if got := printed(); strings.Contains(got, pin) || !strings.Contains(got, "pg_namespace") {
		t.Errorf("after the fix it printed %q", got)
	}
}
