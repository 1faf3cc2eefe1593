package protect_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

const (
	lowerUUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
	otherUUID = "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
)

// companyTypes are types of a company column, with two companies, of which the first is ANN's. ANN also has codes that
// are not the canonical text of the second.
var companyTypes = []struct {
	name, create, column, own, other string
	lookAlikes                       []string
}{
	{"text", "", "text", "AB", "12", []string{"012", "ab"}},
	{"varchar", "", "varchar(4)", "AB", "1234", []string{"12345", "123"}},
	{"char", "", "char(4)", "AB", "1234", []string{"12345", "123", "1234x"}},
	{"short in char", "", "char(4)", "AB", "12", []string{"012", "12\u00a0", "120"}},
	{"char of one", "", "char", "A", "1", []string{"12", "01"}},
	{"smallint", "", "smallint", "-5", "12", []string{"012", "+12", "12.0", "12e0", "0xc", "65548", "１２"}},
	{"integer", "", "integer", "2147483647", "12", []string{"012", "+12", "12.0", "12e0", "4294967308", "1_2", "१२"}},
	{"negative", "", "integer", "0", "-12", []string{"-012", "- 12", "-0", "-12.0"}},
	{"bigint", "", "bigint", "-9223372036854775808", "12",
		[]string{"012", "+12", "18446744073709551628", "9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999"}},
	{"uuid", "", "uuid", lowerUUID, otherUUID,
		[]string{strings.ToUpper(otherUUID), strings.ReplaceAll(otherUUID, "-", ""), "b" + strings.ToUpper(otherUUID[1:]), strings.Replace(otherUUID, "-", "", 1)}},
	{"domain over integer", "create domain shop.firm as integer check (value > 0); create domain shop.firm2 as shop.firm", "shop.firm2", "7", "12", []string{"012", "-12"}},
	{"domain over uuid", "create domain shop.firm as uuid", "shop.firm", lowerUUID, otherUUID, []string{strings.ToUpper(otherUUID)}},
	{"domain over char", "create domain shop.firm as char(4)", "shop.firm", "AB", "1234", []string{"12345"}},
	{"domain over varchar", "create domain shop.firm as varchar(4)", "shop.firm", "AB", "1234", []string{"12345"}},
}

// An index on the company column is usable as it is: neither the column nor the values are converted to text.
func TestCompanyColumnsOfAnyType(t *testing.T) {
	for _, test := range companyTypes {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			codes := append([]string{test.own, test.other}, test.lookAlikes...)
			for _, code := range codes {
				Run(t, s.Pool, "select postern.create_company($1, $1) where not exists (select from postern.company where company = $1)", code)
				if code != test.other {
					Run(t, s.Pool, "select postern.grant_company('ANN', $1)", code)
				}
				// BEN has only the look-alikes, and so sees nothing.
				if code != test.own && code != test.other {
					Run(t, s.Pool, "select postern.grant_company('CARL', $1)", code)
				}
			}
			Run(t, s.owner, test.create)
			Run(t, s.owner, fmt.Sprintf(`
create table shop.voucher (voucher_id integer primary key, company %s, amount integer not null default 0);
create index by_company on shop.voucher (company);
insert into shop.voucher values (1, '%s'), (2, '%s'), (3, null)`, test.column, test.own, test.other))
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			before := s.catalog(t)
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			if after := s.catalog(t); after != before {
				t.Errorf("protecting again has changed\n%s\nto\n%s", before, after)
			}
			As(t, s.application, "CARL", func(tx pgx.Tx) { requireIDs(t, tx) })
			As(t, s.application, "ANN", func(tx pgx.Tx) {
				requireIDs(t, tx, 1)
				Run(t, tx, "set local enable_seqscan = off")
				plan := strings.Join(Values[string](t, tx, "explain (costs off) select voucher_id from shop.voucher"), "\n")
				// A column of a domain is shown like one of its base type, and found with the same index.
				if !regexp.MustCompile(`Index Cond: \((company|\(company\)::(text|integer|uuid|bpchar)) = ANY \((\$0|\(InitPlan (1|array_1)\)\.col1)\)\)`).MatchString(plan) {
					t.Errorf("the plan does not use the index as it is:\n%s", plan)
				}
				Run(t, tx, "insert into shop.voucher values (4, $1::text::"+test.column+")", test.own)
				Within(t, tx, func(tx pgx.Tx) {
					Fails(t, tx, "42501", "insert into shop.voucher values (5, $1::text::"+test.column+")", test.other)
				})
				Within(t, tx, func(tx pgx.Tx) {
					Fails(t, tx, "42501", "update shop.voucher set company = $1::text::"+test.column, test.other)
				})
				Run(t, tx, "delete from shop.voucher where voucher_id = 2")
				requireIDs(t, tx, 1, 4)
			})
			Run(t, s.Pool, "select postern.grant_company('BEN', $1), postern.revoke_company('BEN', '20')", test.other)
			As(t, s.application, "BEN", func(tx pgx.Tx) { requireIDs(t, tx, 2) })
			if got := Values[string](t, s.Pool, "select code || ': ' || detail from postern.doctor where object ~ 'voucher' and level = 'error'"); len(got) > 0 {
				t.Errorf("doctor finds %q", got)
			}
		})
	}
}

// A ledger's company column may have the same types. With a key, where PostgreSQL allows one, the combination
// determines the company.
func TestLedgersWithCompanyColumnsOfAnyType(t *testing.T) {
	for _, test := range companyTypes {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			for _, code := range append([]string{test.own, test.other}, test.lookAlikes...) {
				Run(t, s.Pool, "select postern.create_company($1, $1) where not exists (select from postern.company where company = $1)", code)
				Run(t, s.Pool, "select postern.create_ledger($1, 'IL')", code)
				if code != test.other {
					Run(t, s.Pool, "select postern.grant_company('ANN', $1)", code)
					Run(t, s.Pool, "select postern.grant_ledger($1, 'IL', 'ANN')", code)
				}
			}
			Run(t, s.owner, test.create)
			Run(t, s.owner, fmt.Sprintf(`
create table shop.voucher (voucher_id integer, company %s, posting_combination_id bigint, ledger_id text);
create table shop.internal (like shop.voucher);
select postern.protect_ledger('shop.voucher'), postern.protect_ledger('shop.internal', ledger_column => 'ledger_id')`, test.column))
			id := map[string]int64{}
			for _, code := range append([]string{test.own, test.other}, test.lookAlikes...) {
				id[code] = Value[int64](t, s.Pool, "select postern.posting_combination_id($1, 'A')", code)
			}
			add := "with row as (insert into shop.internal select $1::integer, $2::text::" + test.column + ", $3::bigint, 'IL' returning *) insert into shop.voucher select * from row"
			Run(t, s.Pool, add, 1, test.own, id[test.own])
			Run(t, s.Pool, add, 2, test.other, id[test.other])
			Run(t, s.Pool, add, 3, test.own, id[test.other])
			for _, code := range test.lookAlikes {
				Run(t, s.Pool, add, 4, test.other, id[code])
			}
			As(t, s.application, "ANN", func(tx pgx.Tx) {
				requireIDs(t, tx, 1)
				if got := Values[int32](t, tx, "select voucher_id from shop.internal"); !slices.Equal(got, []int32{1}) {
					t.Errorf("the rows of the internal ledger are %v, want 1", got)
				}
				for _, table := range []string{"voucher", "internal"} {
					insert := "insert into shop." + table + " values (5, $1::text::" + test.column + ", postern.posting_combination_id($2, 'new', $3), 'IL') returning voucher_id"
					Run(t, tx, insert, test.own, test.own, table)
					for _, code := range test.lookAlikes {
						Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", insert, test.other, code, table) })
					}
				}
			})
			if got := Values[string](t, s.Pool, "select code || ': ' || detail from postern.doctor where object ~ 'voucher|internal' and level = 'error'"); len(got) > 0 {
				t.Errorf("doctor finds %q", got)
			}
			if test.column == "char(4)" {
				Run(t, s.Pool, "delete from shop.voucher where voucher_id > 2")
				Run(t, s.Pool, "alter table shop.voucher alter company set not null, alter posting_combination_id set not null, add foreign key (company, posting_combination_id) references postern.posting_combination")
				if !s.keyIsValid(t) {
					t.Error("the key is not used")
				}
				As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1) })
			}
		})
	}
}
