package protect_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// Dropping something that the policy needs must not open the table.
func TestTableThatLosesPosternIsClosed(t *testing.T) {
	for name, drop := range map[string]string{
		"the schema":           "drop schema postern cascade",
		"both schemas":         "drop schema postern, postern_internal cascade",
		"a function":           "drop function postern.current_companies() cascade",
		"another function":     "drop function postern.require_user_role() cascade",
		"the user":             "drop function postern.current_userid() cascade",
		"the tables beneath":   "drop table postern_internal.company_user cascade",
		"all that it can call": "drop function postern.current_companies(), postern.require_user_role() cascade",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.vouchers(t)
			Run(t, s.owner, "create table shop.naive as select * from shop.voucher; select postern.protect_company('shop.voucher'), postern.protect_company('shop.naive')")
			Run(t, s.owner, "alter policy postern_permit on shop.naive using (true) with check (true)")
			tx := Begin(t, s.application, "ANN")
			requireIDs(t, tx, 1, 2)
			if got := count(t, tx, "shop.naive"); got != 2 {
				t.Fatalf("%d rows of the naive version", got)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			Run(t, s.Pool, drop)
			for _, connection := range []*pgx.Conn{s.application, s.owner} {
				if got, err := tryCount(t, connection, "shop.voucher"); err == nil && got > 0 {
					t.Errorf("%d rows are shown", got)
				}
				if strings.Contains(drop, "function postern.current_companies()") || strings.Contains(drop, "schema") {
					if got := count(t, connection, "shop.naive"); got != 5 {
						t.Errorf("the naive version withstood: %d rows", got)
					}
					Fails(t, connection, "42501", "insert into shop.voucher values (6, '20', 32)")
					if got := Run(t, connection, "delete from shop.voucher"); got != 0 {
						t.Errorf("%d rows were deleted", got)
					}
				}
			}
		})
	}
}

func tryCount(t *testing.T, q Querier, table string) (int, error) {
	t.Helper()
	rows, err := q.Query(t.Context(), "select count(*) from "+table)
	if err != nil {
		return 0, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
}

// The permissive policy costs nothing: it is no longer part of the query that runs.
func TestThePolicyThatPermitsIsPlannedAway(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		for sql, asked := range map[string]int{
			"select * from shop.voucher": 1, "insert into shop.voucher values (6, '10', 1)": 1,
			"delete from shop.voucher": 1, "update shop.voucher set amount = 0": 2, // existing and new rows
		} {
			plan := strings.Join(Values[string](t, tx, "explain (verbose, costs off) "+sql), "\n")
			if strings.Contains(plan, " OR ") || strings.Count(plan, "Function Call: postern.current_companies()") != asked {
				t.Errorf("%s: the plan still has the permissive policy, or asks too often for companies:\n%s", sql, plan)
			}
		}
	})
}

// Without that policy nobody sees anything, and nothing says why.
func TestLostPermissionComesBack(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	before := s.catalog(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	Run(t, s.owner, "drop policy postern_permit on shop.voucher")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx) })
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2) })

	Run(t, s.owner, "drop policy postern_permit on shop.voucher; select postern.unprotect('shop.voucher')")
	if got := s.catalog(t); got != before {
		t.Errorf("before:\n%s\nafter unprotect:\n%s", before, got)
	}

	// Somebody may have dropped it on purpose, to permit less with a policy of their own.
	Run(t, s.owner, `
select postern.protect_company('shop.voucher');
drop policy postern_permit on shop.voucher;
create policy small on shop.voucher using (amount = 1);
select postern.protect_company('shop.voucher')`)
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1) })
}

// The comment of the policy says what was there before. The owner of the table may change it.
func TestUnprotectRestoresRowSecurity(t *testing.T) {
	const nothing, enabled, forced = "", "alter table shop.voucher enable row level security;", "alter table shop.voucher force row level security;"
	const small = "create policy small on shop.voucher using (amount = 1);"
	for _, test := range []struct{ name, first, then, want string }{
		{"neither", nothing, nothing, "f f"},
		{"enabled", enabled, nothing, "t f"},
		{"enabled and forced", enabled + forced, nothing, "t t"},
		{"forced alone", forced, nothing, "f t"},
		{"a policy that was off", small, nothing, "f f"},
		{"a policy that was on", enabled + small, nothing, "t f"},
		{"a policy that came since", nothing, small, "t t"},
		{"the same, where one was off", "create policy other on shop.voucher using (true);", small, "t t"},
		{"no longer listed", forced, "delete from postern.protected_table;", "f t"},
		{"protected again", forced, "alter table shop.voucher disable row level security; select postern.protect_company('shop.voucher');", "f t"},
		{"weakened and protected again", enabled, "alter policy postern_company on shop.voucher using (true); select postern.protect_company('shop.voucher');", "t f"},
		{"without the comment", nothing, "comment on policy postern_company on shop.voucher is null;", "f f"},
		{"with another comment", nothing, `comment on policy postern_company on shop.voucher is 'Before protection: {"enabled": 7}';`, "f f"},
		{"with half a comment", nothing, `comment on policy postern_company on shop.voucher is 'Before protection: {"enabled"}';`, "f f"},
		{"without the comment, where it was on", enabled, "comment on policy postern_company on shop.voucher is null;", "t t"},
		{"dropped and protected again", nothing, "drop policy postern_company on shop.voucher; select postern.protect_company('shop.voucher');", "f f"},
		{"all dropped and protected again", nothing, "drop policy postern_company on shop.voucher; drop policy postern_permit on shop.voucher; select postern.protect_company('shop.voucher');", "t t"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.vouchers(t)
			Run(t, s.owner, test.first+"select postern.protect_company('shop.voucher')")
			Run(t, s.owner, test.then+"select 1")
			Run(t, s.owner, "select postern.unprotect('shop.voucher')")
			if got := Value[string](t, s.Pool, "select format('%s %s', relrowsecurity, relforcerowsecurity) from pg_class where oid = 'shop.voucher'::regclass"); got != test.want {
				t.Errorf("enabled and forced: %s, want %s", got, test.want)
			}
			if got := Values[string](t, s.Pool, "select polname from pg_policy where polrelid = 'shop.voucher'::regclass and polname like 'postern%'"); len(got) > 0 {
				t.Errorf("after unprotect, the policies %q are left", got)
			}
		})
	}
}

// A table that the application had closed stays closed, whether it is protected once or twice.
func TestProtectingAgainOpensNothing(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "alter table shop.voucher enable row level security")
	for range 2 {
		Run(t, s.owner, "select postern.protect_company('shop.voucher')")
		As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx) })
	}
}
