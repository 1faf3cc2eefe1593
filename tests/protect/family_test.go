package protect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	. "github.com/posternsql/postern/internal/testsql"
)

// count is the number of rows of a table that q sees.
func count(t *testing.T, q Querier, table string) int {
	t.Helper()
	return Value[int](t, q, "select count(*) from "+table)
}

// requireCounts checks how many rows of each table ANN sees, who works only in company 10. Each table itself has one
// row of company 10 and one of 20.
func (s *scene) requireCounts(t *testing.T, want map[string]int) {
	t.Helper()
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		for table, want := range want {
			if got := count(t, tx, table); got != want {
				t.Errorf("%d rows of %s, want %d", got, table, want)
			}
		}
	})
}

func TestUnprotectKeepsTablesProtectedThroughAnother(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.a (company text);
create table shop.b (company text);
create table shop.c () inherits (shop.a, shop.b);
create table shop.d () inherits (shop.c);
create table shop.e () inherits (shop.a);
insert into shop.a values ('10'), ('20');
insert into shop.b values ('10'), ('20');
insert into shop.c values ('10'), ('20');
insert into shop.d values ('10'), ('20');
insert into shop.e values ('10'), ('20');
select postern.protect_company('shop.a'), postern.protect_company('shop.b')`)
	s.requireCounts(t, map[string]int{"shop.a": 4, "shop.b": 3, "shop.c": 2, "shop.d": 1, "shop.e": 1})
	Run(t, s.owner, "select postern.unprotect('shop.a')")
	// Tables below a are open through a, as they should be. By themselves, and through b, c and d, they are not.
	s.requireCounts(t, map[string]int{"shop.a": 8, "shop.b": 3, "shop.c": 2, "shop.d": 1, "shop.e": 2})
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		Within(t, tx, func(tx pgx.Tx) { Refused(t, tx, "55000", "truncate shop.c") })
		Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", "insert into shop.d values ('20')") })
	})
	Refused(t, s.owner, "PS107", "select postern.unprotect('shop.c')") // protected through b
	Run(t, s.owner, "select postern.unprotect('shop.b')")
	s.requireCounts(t, map[string]int{"shop.a": 8, "shop.b": 6, "shop.c": 4, "shop.d": 2, "shop.e": 2})
}

func TestUnprotectKeepsTablesListedThemselves(t *testing.T) {
	for name, sql := range map[string]string{
		"inherits later": `
create table shop.parent (company text);
create table shop.child (company text);
select postern.protect_company('shop.child');
alter table shop.child inherit shop.parent`,
		"attached later": `
create table shop.parent (company text) partition by list (company);
create table shop.child (company text);
select postern.protect_company('shop.child');
alter table shop.parent attach partition shop.child default`,
		"attached two levels below": `
create table shop.parent (company text) partition by list (company);
create table shop.middle partition of shop.parent default partition by list (company);
create table shop.child (company text);
select postern.protect_company('shop.child');
alter table shop.middle attach partition shop.child default`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			Run(t, s.owner, sql)
			Run(t, s.Pool, "insert into shop.child values ('10'), ('20')")
			Run(t, s.owner, "select postern.protect_company('shop.parent')")
			s.requireCounts(t, map[string]int{"shop.parent": 1, "shop.child": 1})
			Run(t, s.owner, "select postern.unprotect('shop.parent')")
			s.requireCounts(t, map[string]int{"shop.parent": 2, "shop.child": 1})
			// It has a parent but was protected separately, so it can be unprotected separately.
			Run(t, s.owner, "select postern.unprotect('shop.child')")
			s.requireCounts(t, map[string]int{"shop.parent": 2, "shop.child": 2})

			// The other way round: a table that was listed itself stays protected through its parent.
			Run(t, s.owner, "select postern.protect_company('shop.parent')")
			Run(t, s.Pool, "insert into postern.protected_table (schema_name, table_name, protection, company_column) values ('shop', 'child', 'company', 'company')")
			Run(t, s.owner, "select postern.unprotect('shop.child')")
			s.requireCounts(t, map[string]int{"shop.parent": 1, "shop.child": 1})
			Refused(t, s.owner, "PS107", "select postern.unprotect('shop.child')")
			Run(t, s.owner, "select postern.unprotect('shop.parent')")
			s.requireCounts(t, map[string]int{"shop.parent": 2, "shop.child": 2})
		})
	}
}

// A table that is read on its own has one condition, which would otherwise be that of the last call.
func TestTableWithTwoParentsHasOneProtection(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.a (company text);
create table shop.b (company text, firm text);
create table shop.c () inherits (shop.a, shop.b);
insert into shop.c (company, firm) values ('10', '20'), ('20', '10');
select postern.protect_company('shop.a')`)
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.b', 'firm')")
	s.requireCounts(t, map[string]int{"shop.c": 1, "shop.b": 2})
	Run(t, s.owner, "select postern.protect_company('shop.b')")
	s.requireCounts(t, map[string]int{"shop.c": 1, "shop.b": 1})
	if got := Value[string](t, s.Pool, "select string_agg(table_name, ',' order by table_name) from postern.protected_table"); got != "a,b" {
		t.Errorf("protected_table has %s, want a,b", got)
	}
}

// told runs a statement as the owner of the tables, and returns PostgreSQL's notices: "severity: detail".
func (s *scene) told(t *testing.T, sql string) []string {
	t.Helper()
	var told []string
	config := s.owner.Config().Copy()
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.Message == "" || notice.Detail == "" || notice.Hint == "" {
			t.Errorf("not all is said: %+v", notice)
		}
		told = append(told, strings.ToLower(notice.SeverityUnlocalized)+": "+notice.Detail)
	}
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	Run(t, connection, sql)
	return told
}

// PostgreSQL checks a query with the policies of the table that it names, and no others. A table below several parents
// is read through each of them. They have to be protected one after the other, so open ones are reported and not
// refused.
func TestParentsThatStayOpenAreNamed(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.top (id integer);
create table shop.a (company text, posting_combination_id bigint) inherits (shop.top);
create table shop.b (company text, posting_combination_id bigint);
create table shop.c () inherits (shop.a, shop.b);
create table shop.d () inherits (shop.c);
insert into shop.c (company) values ('10'), ('20');
insert into shop.d (company) values ('10'), ('20')`)
	for _, step := range []struct {
		sql  string
		told []string
		want map[string]int
	}{
		{"select postern.protect_company('shop.b')", []string{"warning: These parents have no policy postern_company: shop.top, shop.a."},
			map[string]int{"shop.a": 4, "shop.b": 2, "shop.c": 2, "shop.d": 1, "shop.top": 4}},
		{"alter table shop.a no inherit shop.top; select postern.protect_company('shop.a')", nil, map[string]int{"shop.a": 2, "shop.b": 2}},
		{"select postern.unprotect('shop.a')", []string{
			"notice: It is protected through shop.b too. Queries of these parents read its rows without its policy postern_company: shop.a.",
			"notice: It is protected through shop.b too. Queries of these parents read its rows without its policy postern_company: shop.a.",
		}, map[string]int{"shop.a": 4, "shop.b": 2, "shop.c": 2}},
		{"select postern.unprotect('shop.b')", nil, map[string]int{"shop.a": 4, "shop.b": 4, "shop.c": 4}},
		{"select postern.protect_ledger('shop.a')", []string{"warning: These parents have no policy postern_ledger: shop.b."}, map[string]int{"shop.a": 0, "shop.b": 4}},
		{"select postern.protect_ledger('shop.b')", nil, map[string]int{"shop.a": 0, "shop.b": 0}},
		// Each is protected separately. Dropping one opens nothing in the other.
		{"select postern.unprotect('shop.a'); alter table shop.c no inherit shop.a; select postern.protect_ledger('shop.b')", []string{
			"notice: It is protected through shop.b too. Queries of these parents read its rows without its policy postern_ledger: shop.a.",
			"notice: It is protected through shop.b too. Queries of these parents read its rows without its policy postern_ledger: shop.a.",
		}, map[string]int{"shop.a": 0, "shop.b": 0}},
	} {
		if told := s.told(t, step.sql); !slices.Equal(told, step.told) {
			t.Errorf("%s: the notices are %q, want %q", step.sql, told, step.told)
		}
		s.requireCounts(t, step.want)
	}
}
