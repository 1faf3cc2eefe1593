// Package protect_test tests what protection promises on an application's own tables. What a user may not see is not
// returned, changed, counted or hinted at.
package protect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// scene has ANN, who works in company 10, BEN in 20, CARL in none, and an application with its own tables.
type scene struct {
	*testdb.Database
	// owner owns the tables and may protect them.
	owner *pgx.Conn
	// application has all grants on the tables, and may assert any end user.
	application *pgx.Conn
	// observer is a role that passes row security. The application may become it.
	observer string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	database := testdb.New(t)
	Run(t, database.Pool, `
select postern.create_user(userid, userid) from unnest(array['ANN', 'BEN', 'CARL']) as userid;
select postern.create_company(company, company) from unnest(array['10', '20', '30']) as company;
select postern.grant_company('ANN', '10');
select postern.grant_company('BEN', '20')`)
	owner := database.Login(t, "postern_admin", "postern_trusted_app")
	Run(t, database.Pool, "create schema shop authorization "+pgx.Identifier{owner.Name}.Sanitize())
	s := &scene{Database: database, owner: owner.Connect(t)}
	s.observer = pgx.Identifier{database.Login(t).Name}.Sanitize()
	Run(t, s.Pool, "alter role "+s.observer+" bypassrls")
	s.application = database.Login(t, "postern_trusted_app", strings.Trim(s.observer, `"`)).Connect(t)
	Run(t, s.owner, `
grant usage on schema shop to public;
alter default privileges in schema shop grant all on tables to public`)
	return s
}

// vouchers creates shop.voucher: 1 and 2 are of company 10, 3 and 4 of 20, 5 of none.
func (s *scene) vouchers(t *testing.T) {
	t.Helper()
	Run(t, s.owner, `
create table shop.voucher (voucher_id integer primary key, company text, amount integer not null);
insert into shop.voucher values (1, '10', 1), (2, '10', 2), (3, '20', 4), (4, '20', 8), (5, null, 16)`)
}

// ids are the vouchers that q sees.
func ids(t *testing.T, q Querier) []int32 {
	t.Helper()
	return Values[int32](t, q, "select voucher_id from shop.voucher order by 1")
}

func requireIDs(t *testing.T, q Querier, want ...int32) {
	t.Helper()
	if got := ids(t, q); !slices.Equal(got, want) {
		t.Errorf("the visible vouchers are %v, want %v", got, want)
	}
}

// catalog is everything that protection can change about the tables of the schema shop, including OIDs.
func (s *scene) catalog(t *testing.T) string {
	t.Helper()
	return strings.Join(Values[string](t, s.Pool, `
select format('policy %s %s %s %s %s', p.oid, p.polrelid::regclass, p.polname, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_policy as p join pg_class as c on c.oid = p.polrelid where c.relnamespace = 'shop'::regnamespace
 union all
select format('trigger %s %s', t.oid, pg_get_triggerdef(t.oid))
  from pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace = 'shop'::regnamespace
 union all
select format('table %s %s %s', c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity)
  from pg_class as c where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p')
 union all
select p::text from postern.protected_table as p
 order by 1`), "\n")
}

// ledger creates three protected ledgers, each with one row that ANN sees and one of BEN's: shop.entry without the key,
// shop.keyed with it, and the internal ledger shop.internal. shop.open has the rows of shop.entry and is not protected.
func (s *scene) ledger(t *testing.T) {
	t.Helper()
	Run(t, s.Pool, `
create table shop.combination as
  select c.company, postern.posting_combination_id(c.company, 'A') as id from (values ('10'), ('20')) as c (company);
grant select on shop.combination to public;
select postern.create_ledger('10', 'IL'), postern.grant_ledger('10', 'IL', 'ANN'), postern.create_ledger('20', 'IL'), postern.grant_ledger('20', 'IL', 'BEN')`)
	Run(t, s.Pool, "grant references on postern.posting_combination to "+pgx.Identifier{s.owner.Config().User}.Sanitize())
	Run(t, s.owner, `
create table shop.open (entry_id integer, company text, posting_combination_id bigint);
insert into shop.open select row_number() over (), company, id from shop.combination;
create table shop.entry as select * from shop.open;
create table shop.keyed (entry_id integer, company text not null, posting_combination_id bigint not null,
                         foreign key (company, posting_combination_id) references postern.posting_combination);
insert into shop.keyed select * from shop.open;
create table shop.internal as select *, 'IL' as ledger_id from shop.open;
select postern.protect_ledger('shop.entry'), postern.protect_ledger('shop.keyed'), postern.protect_ledger('shop.internal', ledger_column => 'ledger_id')`)
	Run(t, s.Pool, "grant all on all tables in schema shop to public")
}
