package protect_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// keys has shop.supplier and shop.voucher, both protected. Voucher 3, of company 20, refers to a supplier of that
// company. The key is only on the supplier's number, so hidden rows count.
func (s *scene) keys(t *testing.T) {
	t.Helper()
	Run(t, s.owner, `
create table shop.supplier (supplier_id integer primary key, company text);
insert into shop.supplier values (1, '10'), (2, '20');
create table shop.voucher (voucher_id integer primary key, company text, supplier_id integer);
insert into shop.voucher values (1, '10', 1), (3, '20', 2);
select postern.protect_company('shop.supplier'), postern.protect_company('shop.voucher')`)
}

// migrator owns the tables, and is not an end user.
func (s *scene) migrator(t *testing.T) *pgx.Conn {
	t.Helper()
	return s.Login(t, s.owner.Config().User, "postern_admin").Connect(t)
}

const addSupplierKey = "alter table shop.voucher add constraint of_supplier foreign key (supplier_id) references shop.supplier"

func (s *scene) requireForced(t *testing.T) {
	t.Helper()
	if open := Values[string](t, s.Pool, `
select c.oid::regclass::text from pg_class as c
 where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`); len(open) > 0 {
		t.Errorf("row security is not forced on %q", open)
	}
}

func TestKeyIsValidatedPastRowSecurity(t *testing.T) {
	s := newScene(t)
	s.keys(t)
	migrator := s.migrator(t)

	// The naive way: an owner who is not an end user gets PS401, ...
	Run(t, migrator, addSupplierKey+" not valid")
	Refused(t, migrator, "PS401", "alter table shop.voucher validate constraint of_supplier")
	Run(t, migrator, "select postern.validate_constraint('shop.voucher', 'of_supplier')")
	s.requireForced(t)

	// ... a hidden row that violates the key is skipped, ...
	Run(t, migrator, "alter table shop.voucher drop constraint of_supplier")
	Run(t, s.Pool, "insert into shop.voucher values (4, '20', 99)")
	As(t, s.owner, "ANN", func(tx pgx.Tx) { Run(t, tx, addSupplierKey) })
	if !Value[bool](t, s.Pool, "select convalidated from pg_constraint where conname = 'of_supplier'") {
		t.Fatal("the naive version withstood")
	}
	Fails(t, migrator, "23503", "select postern.validate_constraint('shop.voucher', 'of_supplier')")
	As(t, s.owner, "ANN", func(tx pgx.Tx) {
		Within(t, tx, func(tx pgx.Tx) {
			Fails(t, tx, "23503", "select postern.validate_constraint('shop.voucher', 'of_supplier')")
		})
	})
	s.requireForced(t)
	Run(t, s.Pool, "delete from shop.voucher where voucher_id = 4")
	Run(t, migrator, "select postern.validate_constraint('shop.voucher', 'of_supplier')")

	// ... and a hidden row that is referred to counts as missing.
	Run(t, migrator, "alter table shop.voucher drop constraint of_supplier")
	Run(t, s.Pool, "update shop.voucher set company = '10' where voucher_id = 3")
	tx := Begin(t, s.owner, "ANN")
	Fails(t, tx, "23503", addSupplierKey)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	As(t, s.owner, "ANN", func(tx pgx.Tx) {
		Run(t, tx, addSupplierKey+" match full on delete set null deferrable initially deferred not valid")
		Run(t, tx, "comment on constraint of_supplier on shop.voucher is 'kept'")
		for range 2 { // the first time it is not valid, the second time it is
			Run(t, tx, "select postern.validate_constraint('shop.voucher', 'of_supplier')")
			if got := Value[string](t, tx, "select pg_catalog.pg_get_constraintdef(oid) || pg_catalog.obj_description(oid, 'pg_constraint') from pg_catalog.pg_constraint where conname = 'of_supplier'"); !strings.HasSuffix(got, " MATCH FULL ON DELETE SET NULL DEFERRABLE INITIALLY DEFERREDkept") {
				t.Errorf("the key is %s", got)
			}
		}
	})
	s.requireForced(t)
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 3) })
}

func TestKeyOfPartitionsIsValidatedPastRowSecurity(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.supplier (supplier_id integer primary key, company text) partition by list (supplier_id);
create table shop.supplier_rest partition of shop.supplier default;
insert into shop.supplier values (1, '10');
create table shop.voucher (voucher_id integer, company text, supplier_id integer) partition by list (voucher_id);
create table shop.voucher_rest partition of shop.voucher default;
insert into shop.voucher values (1, '10', 1), (3, '20', 99);
select postern.protect_company('shop.supplier'), postern.protect_company('shop.voucher')`)
	As(t, s.owner, "ANN", func(tx pgx.Tx) { Run(t, tx, addSupplierKey) })
	migrator := s.migrator(t)
	Fails(t, migrator, "23503", "select postern.validate_constraint('shop.voucher', 'of_supplier')")
	s.requireForced(t)
	Refused(t, migrator, "PS107", "select postern.validate_constraint('shop.voucher_rest', 'of_supplier')")
	Run(t, s.Pool, "delete from shop.voucher where voucher_id = 3")
	Run(t, migrator, "select postern.validate_constraint('shop.voucher', 'of_supplier')")
	s.requireForced(t)
}

// If the referenced table belongs to somebody else, like postern.posting_combination, PostgreSQL looks up each row.
func TestKeyToAnotherOwnersTableIsValidatedPastRowSecurity(t *testing.T) {
	s := newScene(t)
	s.ledger(t)
	Run(t, s.Pool, "insert into shop.entry values (9, '20', 99999)")
	Run(t, s.owner, "alter table shop.entry add constraint combination foreign key (company, posting_combination_id) references postern.posting_combination not valid")
	migrator := s.migrator(t)
	Fails(t, migrator, "23503", "select postern.validate_constraint('shop.entry', 'combination')")
	Run(t, s.Pool, "delete from shop.entry where entry_id = 9")
	Run(t, migrator, "select postern.validate_constraint('shop.entry', 'combination')")
}

func TestValidatingRefusesWithTheFix(t *testing.T) {
	s := newScene(t)
	s.keys(t)
	Run(t, s.Pool, addSupplierKey+"; alter table shop.voucher add constraint positive check (voucher_id > 0) not valid")
	for arguments, hint := range map[string]string{
		"null, 'of_supplier'":                  "It has: none",
		"'shop.voucher', null":                 "It has: of_supplier",
		"'shop.voucher', 'positive'":           "alter table ... validate constraint",
		"'shop.supplier', 'of_supplier'":       "It has: none",
		"'shop.voucher', 'no such constraint'": "It has: of_supplier",
	} {
		if got := Refused(t, s.owner, "PS107", "select postern.validate_constraint("+arguments+")"); !strings.Contains(got.Hint, hint) {
			t.Errorf("%s: HINT %q lacks %q", arguments, got.Hint, hint)
		}
	}
	if got := Refused(t, s.application, "PS107", "select postern.validate_constraint('shop.voucher', 'of_supplier')"); !strings.Contains(got.Hint, "set role "+s.owner.Config().User) {
		t.Errorf("whoever is not the owner is told: %s", got.Hint)
	}
}

// Other checks when a table's owner changes it see every row, whoever the owner is. docs/company.md says so.
func TestOtherValidationsSeeHiddenRows(t *testing.T) {
	s := newScene(t)
	s.keys(t)
	Run(t, s.Pool, "insert into shop.voucher values (5, '20', 2), (6, '20', null)")
	migrator := s.migrator(t)
	for sql, code := range map[string]string{
		"alter table shop.voucher add check (supplier_id <> 2)":                                                                                              "23514",
		"alter table shop.voucher add constraint c check (supplier_id <> 2) not valid; alter table shop.voucher validate constraint c":                       "23514",
		"alter table shop.voucher alter supplier_id set not null":                                                                                            "23502",
		"create unique index on shop.voucher (supplier_id)":                                                                                                  "23505",
		"alter table shop.voucher add unique (supplier_id)":                                                                                                  "23505",
		"alter table shop.voucher add exclude (supplier_id with =)":                                                                                          "23P01",
		"create table shop.whole (like shop.voucher) partition by list (voucher_id); alter table shop.whole attach partition shop.voucher for values in (1)": "23514",
	} {
		Fails(t, migrator, code, sql)
	}
}

// PostgreSQL uses the owner's query here too. docs/company.md says what to do.
func TestPartitionsThatComeOrGoUnderAKey(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.supplier (supplier_id integer primary key, company text) partition by list (supplier_id);
create table shop.supplier_1 partition of shop.supplier for values in (1);
create table shop.supplier_2 partition of shop.supplier for values in (2);
insert into shop.supplier values (1, '10'), (2, '20');
create table shop.voucher (voucher_id integer, company text, supplier_id integer) partition by list (voucher_id);
create table shop.late (voucher_id integer, company text, supplier_id integer);
insert into shop.late values (3, '20', 2);
`+addSupplierKey+`;
select postern.protect_company('shop.supplier'), postern.protect_company('shop.voucher'), postern.protect_company('shop.late')`)
	migrator := s.migrator(t)
	for _, change := range []string{
		"alter table shop.voucher attach partition shop.late for values in (3)",
		"alter table shop.supplier detach partition shop.supplier_2",
	} {
		attach := strings.Contains(change, "attach partition")
		if attach {
			Run(t, s.Pool, "update shop.late set supplier_id = 99")
		} else {
			Run(t, s.Pool, "alter table shop.voucher attach partition shop.late for values in (3)")
		}
		As(t, s.owner, "ANN", func(tx pgx.Tx) { Run(t, tx, change) }) // the row of company 20 is skipped
		Fails(t, migrator, "23503", "select postern.validate_constraint('shop.voucher', 'of_supplier')")
		s.requireForced(t)
		if attach {
			Run(t, s.Pool, "alter table shop.voucher detach partition shop.late; update shop.late set supplier_id = 2; alter table shop.late drop constraint if exists of_supplier")
		} else {
			Run(t, s.Pool, "alter table shop.supplier attach partition shop.supplier_2 for values in (2); alter table shop.voucher detach partition shop.late; alter table shop.late drop constraint if exists of_supplier")
		}
	}
	// An owner who is not an end user suspends the force for it, in one transaction.
	Run(t, s.Pool, "alter table shop.voucher attach partition shop.late for values in (3)")
	Refused(t, migrator, "PS401", "alter table shop.supplier detach partition shop.supplier_2")
	Fails(t, migrator, "23503", `
alter table shop.voucher no force row level security;
alter table shop.late no force row level security;
alter table shop.supplier_2 no force row level security;
alter table shop.supplier detach partition shop.supplier_2;
alter table shop.late force row level security;
alter table shop.voucher force row level security`)
	s.requireForced(t)
}
