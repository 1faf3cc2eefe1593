package protect_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

func TestUserSeesOnlyRowsOfTheirCompanies(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2, 3, 4, 5) })
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	for userid, want := range map[string][]int32{"ANN": {1, 2}, "BEN": {3, 4}, "CARL": {}} {
		As(t, s.application, userid, func(tx pgx.Tx) { requireIDs(t, tx, want...) })
		As(t, s.owner, userid, func(tx pgx.Tx) { requireIDs(t, tx, want...) })
	}
	Run(t, s.Pool, "select postern.grant_company('CARL', '20')")
	As(t, s.application, "CARL", func(tx pgx.Tx) { requireIDs(t, tx, 3, 4) })
	Run(t, s.Pool, "select postern.revoke_company('CARL', '20')")
	As(t, s.application, "CARL", func(tx pgx.Tx) { requireIDs(t, tx) })
}

func TestMissingSessionIsAnError(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	for _, connection := range []*pgx.Conn{s.application, s.owner} {
		Refused(t, connection, "PS401", "select from shop.voucher")
		Refused(t, connection, "PS401", "update shop.voucher set amount = 0")
		Refused(t, connection, "PS401", "delete from shop.voucher")
		Refused(t, connection, "PS401", "insert into shop.voucher values (6, '10', 1)")
	}
}

func TestProtectingTwiceChangesNothing(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
create domain shop.firm_name as varchar(20);
create table shop.firm (firm shop.firm_name, "odd ""name" text)`)
	before := s.catalog(t)
	protect := `select postern.protect_company('shop.voucher'), postern.protect_company('shop.firm', 'odd "name')`
	Run(t, s.owner, protect)
	once := s.catalog(t)
	Run(t, s.owner, protect)
	if got := s.catalog(t); got != once {
		t.Errorf("protecting twice has changed\n%s\nto\n%s", once, got)
	}
	if strings.Count(once, "policy ") != 4 || once == before {
		t.Errorf("the table does not have all policies:\n%s", once)
	}
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.firm', 'firm')")
	Run(t, s.owner, "select postern.unprotect('shop.voucher'), postern.unprotect('shop.firm')")
	if got := s.catalog(t); got != before {
		t.Errorf("before:\n%s\nafter unprotect:\n%s", before, got)
	}
	Refused(t, s.owner, "PS107", "select postern.unprotect('shop.voucher')")
	Run(t, s.owner, "select postern.protect_company('shop.firm', 'firm')") // a domain over varchar
}

func TestProtectingAgainRepairsWeakenedProtection(t *testing.T) {
	for name, weaken := range map[string]string{
		"policy":        "alter policy postern_company on shop.voucher using (true)",
		"check":         "alter policy postern_company on shop.voucher with check (true)",
		"roles":         "alter policy postern_company on shop.voucher to postern_auditor",
		"dropped":       "drop policy postern_company on shop.voucher",
		"permissive":    "drop policy postern_company on shop.voucher; create policy postern_company on shop.voucher using (true)",
		"not forced":    "alter table shop.voucher no force row level security",
		"switched off":  "alter table shop.voucher disable row level security",
		"trigger off":   "alter table shop.voucher disable trigger postern_refuse_truncate",
		"trigger gone":  "drop trigger postern_refuse_truncate on shop.voucher",
		"another one's": "drop trigger postern_refuse_truncate on shop.voucher; create trigger postern_refuse_truncate before truncate on shop.voucher execute function suppress_redundant_updates_trigger()",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.vouchers(t)
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			Run(t, s.owner, weaken)
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			for _, connection := range []*pgx.Conn{s.application, s.owner} {
				As(t, connection, "ANN", func(tx pgx.Tx) {
					requireIDs(t, tx, 1, 2)
					Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", "insert into shop.voucher values (6, '20', 0)") })
					Within(t, tx, func(tx pgx.Tx) { Refused(t, tx, "55000", "truncate shop.voucher") })
				})
			}
		})
	}
}

func TestPoliciesOfTheApplicationStayInForce(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
create policy small on shop.voucher using (amount in (1, 4));
select postern.protect_company('shop.voucher')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1) })
	// It permits more than the application's policy. Postern's policy still restricts it.
	Run(t, s.owner, "create policy everything on shop.voucher using (true)")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2) })
	Run(t, s.owner, "select postern.unprotect('shop.voucher')")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2, 3, 4, 5) })
	Run(t, s.owner, "drop policy everything on shop.voucher") // it was created later, so row security stayed on
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 3) })

	// Row security without a policy shows nothing. Protection must not open that.
	Run(t, s.owner, `
create table shop.closed (company text);
insert into shop.closed values ('10');
alter table shop.closed enable row level security;
select postern.protect_company('shop.closed')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		if got := Value[int](t, tx, "select count(*) from shop.closed"); got != 0 {
			t.Errorf("%d rows of the closed table are visible, want none", got)
		}
	})
}

// docs/company.md describes views and functions of roles that pass row security, and the remedy.
func TestViewsAndFunctionsOfASuperuser(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	Run(t, s.Pool, `
create view shop.naive as select * from shop.voucher;
create view shop.invoker with (security_invoker = true) as select * from shop.voucher;
create function shop.naive_count() returns bigint language sql stable security definer begin atomic select count(*) from shop.voucher; end;
create function shop.invoker_count() returns bigint language sql stable begin atomic select count(*) from shop.voucher; end;
grant select on shop.naive, shop.invoker to public`)
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		for sql, want := range map[string]int{
			"select count(*) from shop.naive": 5, "select count(*) from shop.invoker": 2, "select shop.naive_count()": 5, "select shop.invoker_count()": 2,
		} {
			if got := Value[int](t, tx, sql); got != want {
				t.Errorf("%s: %d rows, want %d", sql, got, want)
			}
		}
	})
}

// PostgreSQL carries out a key's action without checking policies. docs/company.md says so, and what helps.
func TestKeyWithAnActionContainsTheCompany(t *testing.T) {
	for _, test := range []struct {
		name, sql string
		want      []int32
	}{
		{"naive", `
create table shop.supplier (supplier_id integer primary key);
create table shop.voucher (voucher_id integer, company text, supplier_id integer references shop.supplier on delete cascade);
insert into shop.supplier values (1);
insert into shop.voucher values (1, '10', 1), (3, '20', 1)`, []int32{}},
		{"with the company", `
create table shop.supplier (company text, supplier_id integer, primary key (company, supplier_id));
create table shop.voucher (voucher_id integer, company text, supplier_id integer, foreign key (company, supplier_id) references shop.supplier on delete cascade);
insert into shop.supplier values ('10', 1), ('20', 1);
insert into shop.voucher values (1, '10', 1), (3, '20', 1);
select postern.protect_company('shop.supplier')`, []int32{3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			Run(t, s.owner, test.sql)
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			As(t, s.application, "ANN", func(tx pgx.Tx) { Run(t, tx, "delete from shop.supplier where supplier_id = 1") })
			requireIDs(t, s.Pool, test.want...)
		})
	}
}

// SET DEFAULT moves rows to where no policy would let them go, although the key contains the company.
func TestKeyWithSetDefaultMovesRowsToOtherCompanies(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.supplier (company text, supplier_id integer, primary key (company, supplier_id));
create table shop.voucher (voucher_id integer, company text default '20', supplier_id integer, foreign key (company, supplier_id) references shop.supplier on delete set default (company));
insert into shop.supplier values ('10', 1), ('20', 1);
insert into shop.voucher values (1, '10', 1);
select postern.protect_company('shop.supplier'), postern.protect_company('shop.voucher')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) { Run(t, tx, "delete from shop.supplier") })
	if got := Value[string](t, s.Pool, "select company from shop.voucher"); got != "20" {
		t.Errorf("the voucher is of company %s: docs/doctor/foreign_key_action.md says more than is so", got)
	}
	if got := Values[string](t, s.Pool, "select fix from postern.doctor where code = 'foreign_key_action'"); len(got) != 1 {
		t.Errorf("doctor suggests %q, want one fix", got)
	}
}

func TestEachPartitionIsProtected(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.voucher (voucher_id integer, company text, amount integer) partition by list (voucher_id);
create table shop.odd partition of shop.voucher for values in (1, 3) partition by list (voucher_id);
create table shop.one partition of shop.odd for values in (1);
create table shop.three partition of shop.odd for values in (3);
create table shop.even partition of shop.voucher for values in (2, 4);
insert into shop.voucher values (1, '10', 1), (2, '10', 2), (3, '20', 4), (4, '20', 8);
select postern.protect_company('shop.voucher')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		requireIDs(t, tx, 1, 2)
		for table, want := range map[string]int{"shop.odd": 1, "shop.one": 1, "shop.three": 0, "shop.even": 1} {
			if got := Value[int](t, tx, "select count(*) from "+table); got != want {
				t.Errorf("%d rows in %s, want %d", got, table, want)
			}
			Within(t, tx, func(tx pgx.Tx) { Refused(t, tx, "55000", "truncate "+table) })
		}
	})
	// The policy alone covers a partition that was added later, if it is read through its table. Protecting again
	// includes it.
	Run(t, s.owner, `
create table shop.late partition of shop.voucher for values in (5, 6);
insert into shop.late values (5, '10', 1), (6, '20', 1)`)
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2, 5) })
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		if got := Value[int](t, tx, "select count(*) from shop.late"); got != 1 {
			t.Errorf("%d rows in the late partition", got)
		}
	})
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.one')")
	Refused(t, s.owner, "PS107", "select postern.unprotect('shop.one')")
	Run(t, s.owner, "select postern.unprotect('shop.voucher')")
	Run(t, s.application, "truncate shop.voucher")
}

func TestEachInheritingTableIsProtected(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
create table shop.archive () inherits (shop.voucher);
insert into shop.archive values (6, '10', 1), (7, '20', 1);
select postern.protect_company('shop.voucher')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		requireIDs(t, tx, 1, 2, 6)
		if got := Value[int](t, tx, "select count(*) from shop.archive"); got != 1 {
			t.Errorf("%d rows in the archive", got)
		}
	})
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.archive')")
}

func TestProtectionRefusesWithTheFix(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.Pool, `
create table shop.foreign_owned (company text);
create extension file_fdw schema public;
create server files foreign data wrapper file_fdw;
create foreign table shop.distant (company text) server files options (filename '/dev/null');
create collation shop.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
grant usage on schema public, shop to public`)
	Run(t, s.owner, `
create view shop.sight as select * from shop.voucher;
create materialized view shop.kept as select * from shop.voucher;
create sequence shop.counter;
create index by_company on shop.voucher (company);
create domain shop.number_ as numeric;
create domain shop.nested_number as shop.number_;
create table shop.typed (company numeric, letter "char", name_ name, number_ shop.nested_number, dropped text, blind text collate shop.blind);
alter table shop.typed drop column dropped;
create table shop.mixed (voucher_id integer, company text) partition by list (voucher_id);
create temporary table passing (company text)`)
	Run(t, s.Pool, "create foreign table shop.mixed_foreign partition of shop.mixed for values in (1) server files options (filename '/dev/null')")
	Run(t, s.Pool, "create table shop.mixed_owned partition of shop.mixed for values in (2)")
	for _, test := range []struct{ target, column, hint string }{
		{"null", "'company'", "Pass the name of a table"},
		{"999999999::regclass", "'company'", "Pass the name of a table"},
		{"'shop.voucher'", "'firm'", "Its columns are: voucher_id, company, amount"},
		{"'shop.voucher'", "null", "Its columns are"},
		{"'shop.voucher'", "'ctid'", "Its columns are"},
		{"'shop.voucher'", "'oid'", "Its columns are"},
		{"'shop.typed'", "'company'", "column of type text or character varying or character or smallint or integer or bigint or uuid, or a domain over it"},
		{"'shop.typed'", "'letter'", "column of type text"},
		{"'shop.typed'", "'name_'", "column of type text"},
		{"'shop.typed'", "'number_'", "column of type text"},
		{"'shop.typed'", "'dropped'", "Its columns are"},
		{"'shop.typed'", "'blind'", "alter table shop.typed alter column blind type text"},
		{"'shop.sight'", "'company'", "security_invoker = true"},
		{"'shop.kept'", "'company'", "Revoke access to it from users"},
		{"'shop.distant'", "'company'", "on the server that holds it"},
		{"'shop.counter'", "'company'", "Pass a table"},
		{"'shop.by_company'", "'company'", "Pass a table"},
		{"'shop.foreign_owned'", "'company'", "Have its owner call this: grant postern_admin to postgres; set role postgres"},
		{"'shop.mixed'", "'company'", "on the server that holds it"},
		{"'passing'", "'company'", "Pass a table of the application"},
		{"'pg_catalog.pg_class'", "'relname'", "Pass a table of the application"},
		{"'postern.company'", "'company'", "Pass a table of the application"},
	} {
		sql := "select postern.protect_company(" + test.target + ", " + test.column + ")"
		if got := Refused(t, s.owner, "PS107", sql); !strings.Contains(got.Hint, test.hint) {
			t.Errorf("%s: %s; want the hint %s", sql, got.Hint, test.hint)
		}
	}
	Run(t, s.Pool, "drop foreign table shop.mixed_foreign")
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.mixed')") // one partition belongs to another owner
	Refused(t, s.Pool, "PS107", "select postern.protect_company('postern_internal.company')")
	Refused(t, s.owner, "PS107", "select postern.unprotect('shop.foreign_owned')")
	if got := Value[int](t, s.Pool, "select count(*) from postern.protected_table"); got != 0 {
		t.Errorf("%d tables are listed", got)
	}
	Fails(t, s.application, "42501", "select postern.protect_company('shop.voucher')")
	Fails(t, s.application, "42501", "select postern.unprotect('shop.voucher')")
	Fails(t, s.owner, "42P01", "select postern.protect_company('shop.no_such_table')")
}

// An administrator of Postern may list tables, and nothing else. Only the policies protect.
func TestUnlistedTableStaysProtected(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	administrator := s.Login(t, "postern_admin").Connect(t)
	Run(t, administrator, "delete from postern.protected_table")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2) })
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	if got := Value[string](t, s.Pool, "select schema_name || '.' || table_name || ' ' || protection from postern.protected_table"); got != "shop.voucher company" {
		t.Errorf("protected_table has %s", got)
	}
	Fails(t, administrator, "42501", "update postern.protected_table set table_name = 'other'")
}
