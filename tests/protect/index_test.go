package protect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// asked is the form in which a plan compares companies: "array", which an index can use, or "hash", which many
// companies need.
func asked(t *testing.T, plan string) string {
	t.Helper()
	hash, array := strings.Contains(plan, "hashed SubPlan"), strings.Contains(plan, "= ANY (")
	switch {
	case hash == array, perRow.MatchString(plan):
		return plan
	case hash:
		return "hash"
	}
	return "array"
}

// Both forms show the same rows. A prepared statement and a plan that a function keeps follow the index as it is
// created and dropped. They keep nobody's companies for the next user of the session.
func TestIndexDecidesHowThePolicyComparesCompanies(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
select postern.protect_company('shop.voucher');
create function shop.total() returns bigint language plpgsql as $$ begin return (select sum(amount) from shop.voucher); end $$`)
	Run(t, s.application, "set plan_cache_mode = force_generic_plan; prepare vouchers as select voucher_id from shop.voucher order by 1")
	for _, step := range []struct{ change, want string }{
		{"", "hash"},
		{"create index by_company on shop.voucher (company)", "array"},
		{"alter table shop.voucher rename company to firm", "array"},
		{"drop index shop.by_company", "hash"},
		{"create index by_company on shop.voucher (amount, firm)", "hash"},
		{"create index partial on shop.voucher (firm) where amount > 1", "hash"},
		{"create index expression on shop.voucher (upper(firm))", "hash"},
		{"create index hashed on shop.voucher using hash (firm)", "hash"},
		{"alter table shop.voucher rename firm to company", "hash"},
		{"alter table shop.voucher add unique (company, voucher_id)", "array"},
	} {
		Run(t, s.owner, step.change)
		for _, user := range []struct {
			userid string
			rows   []int32
			total  int64
		}{{"ANN", []int32{1, 2}, 3}, {"BEN", []int32{3, 4}, 12}, {"ANN", []int32{1, 2}, 3}} {
			As(t, s.application, user.userid, func(tx pgx.Tx) {
				plan := strings.Join(Values[string](t, tx, "explain (costs off) execute vouchers"), "\n")
				if got := asked(t, plan); got != step.want {
					t.Errorf("after %q companies are asked for by %s, want %s", step.change, got, step.want)
				}
				if got := Values[int32](t, tx, "execute vouchers"); !slices.Equal(got, user.rows) {
					t.Errorf("after %q, %s sees %v, want %v", step.change, user.userid, got, user.rows)
				}
				if got := Value[int64](t, tx, "select shop.total()"); got != user.total {
					t.Errorf("after %q the function tells %s %d", step.change, user.userid, got)
				}
			})
		}
		As(t, s.application, "CARL", func(tx pgx.Tx) {
			if got := Values[int32](t, tx, "execute vouchers"); len(got) > 0 {
				t.Errorf("after %q CARL sees %v", step.change, got)
			}
		})
		Refused(t, s.application, "PS401", "execute vouchers")
	}
}

// Each worker makes its own hash. A function in the user's WHERE, which sees rows in the workers too, runs after it,
// however low its declared cost is.
func TestHashOfCompaniesStaysParallel(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
create function shop.trap(company text) returns boolean language plpgsql immutable parallel safe cost 0.0000001 as $$
begin if company is distinct from '10' then raise exception 'seen: %', company; end if; return true; end $$;
create table shop.open as select * from shop.voucher;
create view shop.naive with (security_invoker) as
  select * from shop.open as v where exists (select from postern.user_finance_auth_pub as c where c.company = v.company);
select postern.protect_company('shop.voucher')`)
	Run(t, s.Pool, "grant all on all tables in schema shop to public")
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		// The attack: with the condition in a view, the function sees the rows first.
		Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "P0001", "select count(*) from shop.naive where shop.trap(company)") })
		Run(t, tx, "set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0; set local min_parallel_table_scan_size = 0; set local parallel_leader_participation = off")
		const query = "select count(*) from shop.voucher where shop.trap(company)"
		plan := strings.Join(Values[string](t, tx, "explain (costs off) "+query), "\n")
		if asked(t, plan) != "hash" || !strings.Contains(plan, "Parallel Seq Scan") {
			t.Errorf("the plan has no parallel hash of companies:\n%s", plan)
		}
		if got := Value[int](t, tx, query); got != 2 {
			t.Errorf("a parallel plan counts %d rows", got)
		}
	})
	Refused(t, s.application, "PS401", "select count(*) from shop.voucher")
}

// A code is found among thousands as among two, and a code that is missing is not found.
func TestUserOfManyCompanies(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.Pool, `
select postern.create_company('C' || n, 'C') from generate_series(1, 3000) as n;
select postern.grant_company('CARL', 'C' || n) from generate_series(1, 3000) as n where n % 3 <> 0`)
	Run(t, s.owner, `
insert into shop.voucher select 10 + n, 'C' || n, 1 from generate_series(1, 3000) as n;
select postern.protect_company('shop.voucher')`)
	for _, change := range []string{"", "create index by_company on shop.voucher (company)"} {
		Run(t, s.owner, change)
		As(t, s.application, "CARL", func(tx pgx.Tx) {
			if got := Value[string](t, tx, "select count(*) || ' ' || count(*) filter (where right(company, -1)::integer % 3 = 0) from shop.voucher"); got != "2000 0" {
				t.Errorf("after %q CARL sees %s, want 2000 0", change, got)
			}
		})
	}
}
