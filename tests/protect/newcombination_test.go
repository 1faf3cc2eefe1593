package protect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// newCodes makes empty ledgers of all kinds: keyed, free (without the key), fraction (with numeric ids) and internal.
// ANN may write A in company 10, and everything in 20 and in the internal ledgers of both. BEN works in 20.
func newCodes(t *testing.T) *scene {
	t.Helper()
	s := ledgerScene(t)
	Run(t, s.owner, `
create table shop.keyed (row_id integer primary key, company text not null, id bigint not null, ledger text,
                         foreign key (company, id) references postern.posting_combination (company, posting_combination_id));
create table shop.free (row_id integer primary key, company varchar(20), id bigint, ledger text);
create table shop.fraction (row_id integer primary key, company text, id numeric, ledger text);
create table shop.internal (row_id integer primary key, company text, id bigint, ledger text);
select postern.protect_ledger('shop.keyed', 'company', 'id'), postern.protect_ledger('shop.free', 'company', 'id'),
       postern.protect_ledger('shop.fraction', 'company', 'id'), postern.protect_ledger('shop.internal', 'company', 'id', 'ledger')`)
	Run(t, s.Pool, `
select postern.create_ledger(c, 'IL'), postern.grant_ledger(c, 'IL', 'ANN') from unnest(array['10', '20']) as c;
select postern.create_ledger_class('10', 'IL', 'ONLY_A'), postern.add_ledger_combination('10', 'IL', 'ONLY_A', true, 'A'),
       postern.set_user_ledger_class('10', 'IL', 'ANN', 'ONLY_A')`)
	return s
}

var ledgers = []string{"keyed", "free", "fraction", "internal"}

// onEach runs a test for each kind of ledger, as ANN, and rolls it back.
func (s *scene) onEach(t *testing.T, do func(t *testing.T, tx pgx.Tx, table string)) {
	for _, table := range ledgers {
		t.Run(table, func(t *testing.T) {
			tx := Begin(t, s.application, "ANN")
			do(t, tx, "shop."+table)
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A statement's map is older than the code strings that the statement creates. RETURNING evaluates the USING condition
// too.
func TestOneStatementCreatesACodeStringAndItsRow(t *testing.T) {
	s := newCodes(t)
	Run(t, s.owner, `
create function shop.fill() returns trigger language plpgsql as $$
begin
  new.id := coalesce(new.id, postern.posting_combination_id(new.company, 'A', 'by a trigger'));
  return new;
end $$;
create trigger fill before insert on shop.keyed for each row execute function shop.fill();
create trigger fill before insert on shop.free for each row execute function shop.fill();
create trigger fill before insert on shop.fraction for each row execute function shop.fill();
create trigger fill before insert on shop.internal for each row execute function shop.fill()`)
	for name, sql := range map[string]string{
		"values":      "insert into {table} values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL')",
		"returning":   "insert into {table} values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL') returning id",
		"trigger":     "insert into {table} (row_id, company, ledger) values (1, '10', 'IL') returning id",
		"conflict":    "insert into {table} values (0, '20', postern.posting_combination_id('20', 'A'), 'IL'), (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL') on conflict (row_id) do update set id = excluded.id returning id",
		"update":      "update {table} set company = '10', id = postern.posting_combination_id('10', 'A', '1') where row_id = 0 returning id",
		"merge":       "merge into {table} as r using (values (1)) as v on r.row_id = v.column1 when not matched then insert values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL')",
		"with":        "with code as materialized (select postern.posting_combination_id('10', 'A', '1') as id) insert into {table} select 1, '10', id, 'IL' from code returning id",
		"prepared":    "prepare p as insert into {table} values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL') returning id; execute p; deallocate p",
		"in a block":  "do $$ begin insert into {table} values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL'); exception when division_by_zero then null; end $$",
		"old and new": "insert into {table} select n, '10', postern.posting_combination_id('10', 'A', nullif(n, 1)::text), 'IL' from generate_series(1, 2) as n returning id",
	} {
		t.Run(name, func(t *testing.T) {
			s.onEach(t, func(t *testing.T, tx pgx.Tx, table string) {
				Run(t, tx, "insert into "+table+" values (0, '20', postern.posting_combination_id('20', 'B'), 'IL')")
				Run(t, tx, strings.ReplaceAll(sql, "{table}", table))
				if got := Value[int](t, tx, "select count(*) from "+table+" as r join postern.posting_combination as p on p.company = r.company and p.posting_combination_id = r.id where r.company = '10' and p.code_a = 'A'"); got == 0 {
					t.Error("the row is not there")
				}
			})
		})
	}
}

// More than fit into the existing blocks, in two companies in turn: their ids neither ascend nor are consecutive.
func TestOneStatementCreatesManyCodeStrings(t *testing.T) {
	s := newCodes(t)
	s.onEach(t, func(t *testing.T, tx pgx.Tx, table string) {
		ids := Values[int64](t, tx, "insert into "+table+`
select n, c.company, postern.posting_combination_id(c.company, 'A', n::text), 'IL'
  from generate_series(1, 1000) as n cross join lateral (select case when n % 2 = 0 then '10' else '20' end) as c (company)
returning id::bigint`)
		if len(ids) != 1000 || slices.IsSorted(ids) {
			t.Errorf("%d rows are there", len(ids))
		}
	})
}

// The ids may be far behind the end of the map that the statement would otherwise have.
func TestNewIDsMayBeFarBehindAllOthers(t *testing.T) {
	s := newCodes(t)
	Run(t, s.Pool, `
create function shop.far(code text) returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Twenty extents, as somebody takes who loads hundreds of thousands.
  update postern_internal.combination_block set company = '30', size = 32768, given = 32768, counted = true
   where first_id in (select b.first_id from postern_internal.combination_block as b where b.company is null and b.size = 32768 order by b.first_id limit 20);
  return postern.posting_combination_id('20', code);
end $$`)
	s.onEach(t, func(t *testing.T, tx pgx.Tx, table string) {
		Run(t, tx, "insert into "+table+" select 1, '20', shop.far('far'), 'IL' returning id")
	})
}

// What the user may not see is refused as always, whether new or not, and whatever is in the settings that anybody may
// write.
func TestNewCodeStringsOpenNothing(t *testing.T) {
	s := newCodes(t)
	other := Value[int64](t, s.Pool, "select posting_combination_id from shop.combination where company = '30'")
	denied := Value[int64](t, s.Pool, "select posting_combination_id from shop.combination where id = 2")
	s.onEach(t, func(t *testing.T, tx pgx.Tx, table string) {
		for _, last := range []string{"", "1", "128", "999999999999999999", "x", "-1", "99999999999999999999999"} {
			Run(t, tx, "select set_config('postern.last_combination', $1, true)", last)
			for _, returning := range []string{"", " returning row_id"} {
				for _, row := range []string{
					"'10', postern.posting_combination_id('10', 'B', 'new')",
					"'20', postern.posting_combination_id('10', 'A', 'new')",
					"'10', postern.posting_combination_id('20', 'A', 'new')",
					"null, postern.posting_combination_id('10', 'A', 'new')",
					"'10', postern.posting_combination_id('10', 'A', 'new') + 1",
					"'10', null",
				} {
					if table == "shop.keyed" && strings.Contains(row, "null") {
						continue // NOT NULL refuses it
					}
					Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", "insert into "+table+" values (1, "+row+", 'IL')"+returning) })
				}
				for _, company := range []string{"10", "20", "30"} {
					Within(t, tx, func(tx pgx.Tx) {
						Fails(t, tx, "42501", "insert into "+table+" values (1, $1, $2, 'IL')"+returning, company, other)
					})
					Within(t, tx, func(tx pgx.Tx) {
						Fails(t, tx, "42501", "insert into "+table+" values (1, $1, $2, 'IL')"+returning, company, denied)
					})
				}
			}
		}
		if table == "shop.internal" {
			Within(t, tx, func(tx pgx.Tx) {
				Fails(t, tx, "42501", "insert into shop.internal values (1, '10', postern.posting_combination_id('10', 'A', 'new'), 'XL')")
			})
		}
		if table == "shop.fraction" {
			Within(t, tx, func(tx pgx.Tx) {
				Fails(t, tx, "42501", "insert into shop.fraction values (1, '10', postern.posting_combination_id('10', 'A', 'new') + 0.5)")
			})
			Within(t, tx, func(tx pgx.Tx) {
				Fails(t, tx, "42501", "insert into shop.fraction values (1, '10', 'NaN'::numeric + postern.posting_combination_id('10', 'A', 'new'))")
			})
		}
	})
}

// The functions of the policies reveal to nobody whether an id of another company exists, or what it stands for.
func TestFunctionsForNewCodeStringsTellNothing(t *testing.T) {
	s := newCodes(t)
	Run(t, s.Pool, "insert into shop.combination values (5, '30', postern.posting_combination_id('30', 'A', 'far'))")
	tx := Begin(t, s.application, "ANN")
	for _, id := range []int64{Value[int64](t, tx, "select posting_combination_id from shop.combination where id = 4"), 1 << 40, 1} {
		if !Value[bool](t, tx, "select set_config('postern.last_combination', $1::bigint::text, true) <> '' and postern.has_new_combinations()", id) {
			t.Errorf("%d: known to be there", id)
		}
		if Value[bool](t, tx, "select postern.is_new_keyed_combination_allowed($1) or postern.is_new_combination_allowed('30', $1) or postern.is_new_combination_allowed('10', $1)", id) {
			t.Errorf("id %d of another company is allowed", id)
		}
	}
	stranger := s.Login(t).Connect(t)
	Fails(t, stranger, "42501", "select postern.has_new_combinations()")
}

// Later statements see the new combinations through the map. They check no single row, which would take many times as
// long.
func TestLaterStatementsUseTheMap(t *testing.T) {
	s := newCodes(t)
	s.onEach(t, func(t *testing.T, tx pgx.Tx, table string) {
		const isNew = "select postern.has_new_combinations()"
		if Value[bool](t, tx, isNew) {
			t.Error("new before anything was created")
		}
		if got := Value[bool](t, tx, "insert into "+table+" values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL') returning postern.has_new_combinations()"); !got {
			t.Error("not new in the statement that created it")
		}
		if Value[bool](t, tx, isNew) {
			t.Error("still new in a later statement")
		}
		Within(t, tx, func(tx pgx.Tx) { Run(t, tx, "select postern.posting_combination_id('10', 'A', '2')") })
		if Value[bool](t, tx, isNew) {
			t.Error("new after a rollback")
		}
		if got := Value[int](t, tx, "select count(*) from "+table); got != 1 {
			t.Errorf("%d rows of %s are visible, want 1", got, table)
		}
	})
}

// A documented condition in a view with a check option, which calls a function.
func TestViewWithACheckOptionTakesNewCodeStrings(t *testing.T) {
	s := newCodes(t)
	Run(t, s.owner, `
create table shop.plain (company text, id bigint);
create view shop.checked as select p.company, p.id from shop.plain as p where authorize_comb_finance_api.is_allowed(p.company, p.id) = 'TRUE' with check option;
grant select, insert on shop.plain, shop.checked to public`)
	tx := Begin(t, s.application, "ANN")
	Run(t, tx, "insert into shop.checked values ('10', postern.posting_combination_id('10', 'A', 'new'))")
	Within(t, tx, func(tx pgx.Tx) {
		Fails(t, tx, "44000", "insert into shop.checked values ('10', postern.posting_combination_id('10', 'B', 'new'))")
	})
}

func TestRepeatableReadTakesNewCodeStrings(t *testing.T) {
	s := newCodes(t)
	for _, table := range ledgers {
		Run(t, s.application, "begin isolation level repeatable read")
		Run(t, s.application, "select postern.assume_user('ANN')")
		Run(t, s.application, "insert into shop."+table+" values (1, '10', postern.posting_combination_id('10', 'A', '1'), 'IL') returning id")
		Run(t, s.application, "rollback")
	}
}
