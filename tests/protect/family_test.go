package protect_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// count is how many rows of a table q sees.
func count(t *testing.T, q Querier, table string) int {
	t.Helper()
	return Value[int](t, q, "select count(*) from "+table)
}

// requireCounts wants ANN, who works in company 10 alone, to see as many rows of each table. Each has one row of company
// 10 and one of 20 by itself.
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

func TestUnprotectKeepsWhatIsProtectedByWayOfAnotherTable(t *testing.T) {
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
	// The family of a is open by way of a, as it should be; by themselves, and by way of b, c and d are not.
	s.requireCounts(t, map[string]int{"shop.a": 8, "shop.b": 3, "shop.c": 2, "shop.d": 1, "shop.e": 2})
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		Within(t, tx, func(tx pgx.Tx) { Refused(t, tx, "55000", "truncate shop.c") })
		Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", "insert into shop.d values ('20')") })
	})
	Refused(t, s.owner, "PS107", "select postern.unprotect('shop.c')") // that is by way of b
	Run(t, s.owner, "select postern.unprotect('shop.b')")
	s.requireCounts(t, map[string]int{"shop.a": 8, "shop.b": 6, "shop.c": 4, "shop.d": 2, "shop.e": 2})
}

func TestUnprotectKeepsWhatIsListedItself(t *testing.T) {
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
			// It has a parent, and was protected by itself: so that can be ended by itself.
			Run(t, s.owner, "select postern.unprotect('shop.child')")
			s.requireCounts(t, map[string]int{"shop.parent": 2, "shop.child": 2})

			// The other way round: what was listed itself goes on being protected by way of its parent.
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

// A table that is read by itself has one condition, which would be that of whoever came last.
func TestFamiliesThatMeetAreProtectedAlike(t *testing.T) {
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
		t.Errorf("listed: %s", got)
	}
}
