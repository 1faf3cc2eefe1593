package protect_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// ledgerScene has shop.voucher. ANN works in 10, which has row security, and in 20, which has not. She may see 1 and 3:
// 2 is not allowed, and 4 is of company 30. shop.combination has the combinations of the rows under the same numbers.
func ledgerScene(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	Run(t, s.Pool, `
grant references on postern.posting_combination to public;
select postern.grant_company('ANN', '20'),
       postern.create_authority_class('10', 'ONLY_A'), postern.add_authority_combination('10', 'ONLY_A', true, 'A'),
       postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'ONLY_A');
create table shop.combination (id integer, company text, posting_combination_id bigint);
insert into shop.combination values
  (1, '10', postern.posting_combination_id('10', 'A')), (2, '10', postern.posting_combination_id('10', 'B')),
  (3, '20', postern.posting_combination_id('20', 'B')), (4, '30', postern.posting_combination_id('30', 'A'));
grant select on shop.combination to public`)
	return s
}

const (
	createVoucher = `
create table shop.voucher (voucher_id integer, company text not null, posting_combination_id bigint not null);
insert into shop.voucher select * from shop.combination;`
	addKey  = `alter table shop.voucher add constraint key foreign key (company, posting_combination_id) references postern.posting_combination (company, posting_combination_id)`
	protect = `;select postern.protect_ledger('shop.voucher');`
)

func (s *scene) keyIsValid(t *testing.T) bool {
	t.Helper()
	return Value[bool](t, s.Pool, "select postern.ledger_key_is_valid('shop.voucher')")
}

func TestPolicyUsesOnlyAValidKey(t *testing.T) {
	for _, test := range []struct {
		name, sql string
		valid     bool
	}{
		{"key", createVoucher + addKey + protect, true},
		{"key that comes later", createVoucher + protect + addKey, true},
		{"no key", createVoucher + protect, false},
		{"key that went", createVoucher + addKey + protect + "alter table shop.voucher drop constraint key", false},
		{"not validated", createVoucher + addKey + " not valid" + protect, false},
		{"validated later", createVoucher + addKey + " not valid" + protect + "alter table shop.voucher validate constraint key", true},
		{"deferrable", createVoucher + addKey + " deferrable" + protect, false},
		{"nullable company", createVoucher + addKey + protect + "alter table shop.voucher alter company drop not null", false},
		{"nullable combination", createVoucher + addKey + protect + "alter table shop.voucher alter posting_combination_id drop not null", false},
		{"nullable, match full", createVoucher + addKey + " match full" + protect + "alter table shop.voucher alter company drop not null", true},
		{"other columns", createVoucher + "alter table shop.voucher add company2 text not null default '10', add id2 bigint;" +
			"update shop.voucher set id2 = (select posting_combination_id from shop.combination where id = 1); alter table shop.voucher alter id2 set not null;" +
			"alter table shop.voucher add foreign key (company2, id2) references postern.posting_combination (company, posting_combination_id)" + protect, false},
		{"columns renamed", createVoucher + addKey + protect + "alter table shop.voucher rename company to firm; alter table shop.voucher rename posting_combination_id to combination", true},
		{"inheritance", createVoucher + addKey + ";create table shop.archive () inherits (shop.voucher)" + protect, false},
		{"integer", strings.Replace(createVoucher, "bigint", "integer", 1) + addKey + protect, true},
		{"varchar", strings.Replace(createVoucher, "company text", "company varchar(20)", 1) + addKey + protect, true},
		{"collation", strings.Replace(createVoucher, "company text", `company text collate "POSIX"`, 1) + protect, false},
		{"numeric", strings.Replace(createVoucher, "bigint", "numeric", 1) + protect, false},
		{"partitions", strings.Replace(createVoucher, "not null);", "not null) partition by list (company); create table shop.ten partition of shop.voucher for values in ('10'); create table shop.rest partition of shop.voucher default;", 1) + addKey + protect, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := ledgerScene(t)
			Run(t, s.owner, test.sql)
			if got := s.keyIsValid(t); got != test.valid {
				t.Errorf("the key is used: %v", got)
			}
			As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 3) })
			As(t, s.application, "BEN", func(tx pgx.Tx) { requireIDs(t, tx, 3) })
			As(t, s.application, "CARL", func(tx pgx.Tx) { requireIDs(t, tx) })
			Refused(t, s.application, "PS401", "select from shop.voucher")
			before := s.catalog(t)
			if test.name != "columns renamed" {
				Run(t, s.owner, "select postern.protect_ledger('shop.voucher')")
			}
			if after := s.catalog(t); after != before {
				t.Errorf("protecting again has changed\n%s\nto\n%s", before, after)
			}
		})
	}
}

// Without the key, a row may combine a combination of company 10 or 20 with another company.
func TestDroppingTheKeyOpensNothing(t *testing.T) {
	s := ledgerScene(t)
	Run(t, s.owner, createVoucher+addKey+protect)
	reader := s.Login(t, "postern_trusted_app").Connect(t)
	Run(t, reader, "prepare vouchers as select voucher_id from shop.voucher order by 1")
	see := func(want ...int32) {
		t.Helper()
		As(t, reader, "ANN", func(tx pgx.Tx) {
			requireIDs(t, tx, want...)
			if got := Values[int32](t, tx, "execute vouchers"); len(got) != len(want) {
				t.Errorf("prepared before: %v, want %v", got, want)
			}
		})
	}
	see(1, 3)
	Run(t, s.owner, "alter table shop.voucher drop constraint key")
	Run(t, s.Pool, `
insert into shop.voucher
select 5, '30', posting_combination_id from shop.combination where id = 1 union all
select 6, '20', posting_combination_id from shop.combination where id = 1 union all
select 7, '10', posting_combination_id from shop.combination where id = 3 union all
select 8, '10', -1 union all select 9, '10', 0 union all select 10, '10', 9223372036854775807 union all select 11, '10', -9223372036854775808`)
	see(1, 3)
	// A key that is not validated guarantees nothing about these rows.
	Run(t, s.owner, addKey+" not valid")
	see(1, 3)
	// The key is really validated, including rows that the owner may not see.
	tx := Begin(t, s.owner, "CARL")
	Fails(t, tx, "23503", "alter table shop.voucher validate constraint key")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	tx = Begin(t, s.owner, "CARL")
	Fails(t, tx, "23503", strings.Replace(addKey, "key", "another", 1))
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	see(1, 3)
	Run(t, s.Pool, "delete from shop.voucher where voucher_id > 4")
	Run(t, s.owner, "alter table shop.voucher validate constraint key")
	see(1, 3)
	if !s.keyIsValid(t) {
		t.Error("the key is not used")
	}
}

func TestOwnerAndPermissivePoliciesDoNotOpenALedger(t *testing.T) {
	s := ledgerScene(t)
	Run(t, s.owner, createVoucher+addKey+protect+"create policy everything on shop.voucher using (true)")
	for _, connection := range []*pgx.Conn{s.application, s.owner} {
		As(t, connection, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 3) })
		As(t, connection, "CARL", func(tx pgx.Tx) { requireIDs(t, tx) })
		Refused(t, connection, "PS401", "select from shop.voucher")
	}
}

func TestEachLedgerPartitionIsProtected(t *testing.T) {
	s := ledgerScene(t)
	Run(t, s.owner, strings.Replace(createVoucher, "not null);", `not null) partition by list (company);
create table shop.ten partition of shop.voucher for values in ('10');
create table shop.rest partition of shop.voucher default;`, 1)+protect)
	see := func(wanted map[string]int) {
		t.Helper()
		As(t, s.application, "ANN", func(tx pgx.Tx) {
			requireIDs(t, tx, 1, 3)
			for table, want := range wanted {
				if got := Value[int](t, tx, "select count(*) from "+table); got != want {
					t.Errorf("%d rows in %s, want %d", got, table, want)
				}
			}
		})
	}
	see(map[string]int{"shop.ten": 1, "shop.rest": 1})
	Run(t, s.owner, `
alter table shop.voucher detach partition shop.rest;
create table shop.twenty partition of shop.voucher for values in ('20')`)
	Run(t, s.Pool, "insert into shop.voucher select * from shop.combination where id = 3")
	see(map[string]int{"shop.ten": 1})
	Run(t, s.owner, "select postern.protect_ledger('shop.voucher')")
	see(map[string]int{"shop.ten": 1, "shop.twenty": 1})
	As(t, s.application, "CARL", func(tx pgx.Tx) {
		if got := Value[int](t, tx, "select count(*) from shop.twenty"); got != 0 {
			t.Errorf("CARL sees %d rows of the new partition", got)
		}
	})
}

// The planner evaluates whether the key is valid. So whatever invalidates the key must invalidate the plans made with
// it.
func TestPlansThatTrustedTheKeyAreForgotten(t *testing.T) {
	for _, test := range []struct{ name, change, rows string }{
		{"no key", "alter table shop.voucher drop constraint key", "insert into shop.voucher select 5, '20', posting_combination_id from shop.combination where id = 1"},
		{"deferrable key", "alter table shop.voucher alter constraint key deferrable", "alter table shop.voucher disable trigger all; insert into shop.voucher select 5, '20', posting_combination_id from shop.combination where id = 1"},
		{"nullable company", "alter table shop.voucher alter company drop not null", "insert into shop.voucher select 5, null, posting_combination_id from shop.combination where id = 1"},
		{"heir", "create table shop.archive () inherits (shop.voucher)", "insert into shop.archive select 5, '20', posting_combination_id from shop.combination where id = 1"},
		{"table that becomes an heir", "create table shop.archive (like shop.voucher)", "insert into shop.archive select 5, '20', posting_combination_id from shop.combination where id = 1; alter table shop.archive inherit shop.voucher"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := ledgerScene(t)
			Run(t, s.owner, createVoucher+addKey+protect)
			Run(t, s.application, "set plan_cache_mode = force_generic_plan; prepare vouchers as select voucher_id from shop.voucher order by 1")
			see := func() {
				t.Helper()
				As(t, s.application, "ANN", func(tx pgx.Tx) {
					if got := Values[int32](t, tx, "execute vouchers"); !slices.Equal(got, []int32{1, 3}) {
						t.Errorf("the rows are %v, want 1 and 3", got)
					}
				})
			}
			see()
			Run(t, s.owner, test.change)
			Run(t, s.Pool, test.rows)
			see()
			if s.keyIsValid(t) {
				t.Error("the key is still used")
			}
		})
	}
}

func TestLedgerPlanHasInitPlansOnly(t *testing.T) {
	s := ledgerScene(t)
	Run(t, s.owner, createVoucher+addKey+protect)
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		Run(t, tx, "set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0; set local min_parallel_table_scan_size = 0")
		plan := strings.Join(Values[string](t, tx, "explain (costs off) select sum(voucher_id) from shop.voucher"), "\n")
		initPlans := regexp.MustCompile(`(?m)^ *InitPlan `).FindAllString(plan, -1)
		if len(initPlans) != 2 || strings.Contains(plan, "SubPlan") || !strings.Contains(plan, "Parallel Seq Scan") {
			t.Errorf("the plan evaluates more than InitPlans:\n%s", plan)
		}
		if got := Value[int](t, tx, "select sum(voucher_id) from shop.voucher"); got != 4 {
			t.Errorf("a parallel plan sums up to %d", got)
		}
	})
}

// The posting combinations are protected by company, and a reference to them shows them to nobody.
func TestPostingCombinationsAreProtected(t *testing.T) {
	s := ledgerScene(t)
	Run(t, s.owner, createVoucher+addKey)
	for userid, want := range map[string]int{"ANN": 3, "BEN": 1, "CARL": 0} {
		As(t, s.application, userid, func(tx pgx.Tx) {
			if got := Value[int](t, tx, "select count(*) from postern.posting_combination"); got != want {
				t.Errorf("%s sees %d posting combinations, want %d", userid, got, want)
			}
		})
	}
	for _, sql := range []string{
		"insert into postern.posting_combination values ('10', 1, 'A')",
		"update postern.posting_combination set code_a = 'B'",
		"delete from postern.posting_combination",
		"truncate postern.posting_combination",
	} {
		Fails(t, s.application, "42501", sql)
	}
}

func TestLedgerProtectionRefusesWithTheFix(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
alter table shop.voucher add posting_combination_id bigint, add ledger_id text, add half real;
create view shop.sight as select * from shop.voucher`)
	Run(t, s.Pool, `
create table shop.foreign_owned (company text, posting_combination_id bigint);
create extension file_fdw schema public;
create server files foreign data wrapper file_fdw;
create foreign table shop.distant (company text, posting_combination_id bigint) server files options (filename '/dev/null')`)
	for _, test := range []struct{ arguments, hint string }{
		{"null", "Pass the name of a table"},
		{"'shop.sight'", "security_invoker = true"},
		{"'shop.distant'", "on the server that holds it"},
		{"'shop.foreign_owned'", "Have its owner call this"},
		{"'shop.voucher', 'firm'", "Its columns are"},
		{"'shop.voucher', 'half'", "column of type text or character varying or character or smallint or integer or bigint or uuid"},
		{"'shop.voucher', 'company', 'combination'", "combination_column => "},
		{"'shop.voucher', 'company', 'company'", "column of type bigint or integer or numeric"},
		{"'shop.voucher', 'company', 'half'", "column of type bigint or integer or numeric"},
		{"'shop.voucher', 'company', null", "combination_column => "},
		{"'shop.voucher', ledger_column => 'no_ledger'", "ledger_column => "},
		{"'shop.voucher', ledger_column => 'amount'", "column of type text or character varying"},
	} {
		if got := Refused(t, s.owner, "PS107", "select postern.protect_ledger("+test.arguments+")"); !strings.Contains(got.Hint, test.hint) {
			t.Errorf("%s: %s; want the hint %s", test.arguments, got.Hint, test.hint)
		}
	}
	Run(t, s.owner, "select postern.protect_ledger('shop.voucher')")
	Refused(t, s.owner, "PS107", "select postern.protect_company('shop.voucher')")
	Refused(t, s.owner, "PS107", "select postern.protect_ledger('shop.voucher', ledger_column => 'ledger_id')")
	Run(t, s.owner, "select postern.unprotect('shop.voucher'); select postern.protect_ledger('shop.voucher', ledger_column => 'ledger_id')")
}
