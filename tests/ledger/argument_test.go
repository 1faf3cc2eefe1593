package ledger_test

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// newScene has ANN, who works in company 10 and is connected to its ledger IL, and BEN, who works nowhere. Both company
// and ledger have a class C.
func newScene(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	Run(t, database.Pool, `
select postern.create_user(userid, userid) from unnest(array['ANN', 'BEN']) as userid;
select postern.create_company('10', '10'), postern.grant_company('ANN', '10'), postern.create_authority_class('10', 'C'),
       postern.create_ledger('10', 'IL'), postern.grant_ledger('10', 'IL', 'ANN'), postern.create_ledger_class('10', 'IL', 'C')`)
	return database
}

func TestBadArgumentsChangeNothing(t *testing.T) {
	database := newScene(t)
	huge, long := strings.Repeat("x", 10_000_000), strings.Repeat("x", 21)
	state := `
select jsonb_build_array((select jsonb_agg(r) from postern.authority_combination as r), (select jsonb_agg(c) from postern.authority_class as c),
       (select jsonb_agg(l) from postern.ledger as l), (select jsonb_agg(l) from postern.ledger_user as l),
       (select jsonb_agg(u) from postern.company_user as u), (select count(*) from postern.posting_combination))::text`
	before := Value[string](t, database.Pool, state)
	for _, test := range []struct {
		code, sql string
		values    []any
	}{
		{"PS201", "select postern.create_authority_class($1, 'X')", []any{nil, "", "no such company", huge}},
		{"PS301", "select postern.create_authority_class('10', $1)", []any{nil, "", " ", " X", "X\n", long, huge, "C", "MAX"}},
		{"PS201", "select postern.add_authority_combination($1, 'C', true)", []any{nil, "no such company"}},
		{"PS301", "select postern.add_authority_combination('10', $1, true)", []any{nil, "no such class", "c", huge, "MAX"}},
		{"PS301", "select postern.add_authority_combination('10', 'C', $1)", []any{nil}},
		{"PS301", "select postern.add_authority_combination('10', 'C', true, $1)", []any{nil, "", "  ", " 1", "1 ", "1\t", long, huge}},
		{"PS301", "select postern.add_authority_combination('10', 'C', true, code_j => $1)", []any{nil, "", "  ", long, huge}},
		{"PS301", "select postern.remove_authority_combination($1)", []any{nil, 0, -1, int64(1) << 62}},
		{"PS301", "select postern.remove_authority_combination((select rule_id from postern.authority_combination where class = 'MAX' and ledger_id is not distinct from $1))", []any{nil, "IL"}},
		{"PS201", "select postern.set_user_authority_class($1, 'ANN', 'C')", []any{nil, "no such company"}},
		{"PS201", "select postern.set_user_authority_class('10', $1, 'C')", []any{nil, "NOBODY", "BEN", huge}},
		{"PS301", "select postern.set_user_authority_class('10', 'ANN', $1)", []any{"", "no such class", huge}},
		{"PS201", "select postern.set_row_level_security($1, true)", []any{nil, "no such company"}},
		{"PS301", "select postern.set_row_level_security('10', $1)", []any{nil}},
		{"PS201", "select postern.create_ledger($1, 'X')", []any{nil, "no such company"}},
		{"PS301", "select postern.create_ledger('10', $1)", []any{nil, "", " ", "a\x1fb", long, huge, "IL"}},
		{"PS201", "select postern.grant_ledger($1, 'IL', 'ANN')", []any{nil, "no such company"}},
		{"PS301", "select postern.grant_ledger('10', $1, 'ANN')", []any{nil, "no such ledger", huge}},
		{"PS201", "select postern.grant_ledger('10', 'IL', $1)", []any{nil, "NOBODY", "BEN", huge}},
		{"PS201", "select postern.revoke_ledger('10', 'IL', $1)", []any{nil, "NOBODY"}},
		{"PS301", "select postern.revoke_ledger('10', $1, 'ANN')", []any{nil, "no such ledger"}},
		{"PS201", "select postern.revoke_ledger($1, 'IL', 'ANN')", []any{nil, "no such company"}},
		{"PS201", "select postern.create_ledger_class($1, 'IL', 'X')", []any{nil, "no such company"}},
		{"PS301", "select postern.create_ledger_class('10', $1, 'X')", []any{nil, "no such ledger"}},
		{"PS301", "select postern.create_ledger_class('10', 'IL', $1)", []any{nil, "", long, "C", "MAX"}},
		{"PS201", "select postern.add_ledger_combination($1, 'IL', 'C', true)", []any{nil, "no such company"}},
		{"PS301", "select postern.add_ledger_combination('10', 'IL', 'C', $1)", []any{nil}},
		{"PS301", "select postern.add_ledger_combination('10', $1, 'C', true)", []any{nil, "no such ledger"}},
		{"PS301", "select postern.add_ledger_combination('10', 'IL', $1, true)", []any{nil, "no such class", "MAX"}},
		{"PS301", "select postern.add_ledger_combination('10', 'IL', 'C', true, code_b => $1)", []any{nil, "", long}},
		{"PS201", "select postern.set_user_ledger_class($1, 'IL', 'ANN', 'C')", []any{nil, "no such company"}},
		{"PS301", "select postern.set_user_ledger_class('10', $1, 'ANN', 'C')", []any{nil, "no such ledger"}},
		{"PS301", "select postern.set_user_ledger_class('10', 'IL', 'ANN', $1)", []any{"", "no such class"}},
		{"PS201", "select postern.set_user_ledger_class('10', 'IL', $1, 'C')", []any{nil, "BEN"}},
		{"PS201", "select postern.posting_combination_id($1, '1')", []any{nil, "", "no such company", huge}},
		{"PS301", "select postern.posting_combination_id('10', $1)", []any{nil, "", " ", " 1", "1\x7f", long, huge}},
		{"PS301", "select postern.posting_combination_id('10', '1', code_j => $1)", []any{" ", "1 ", long, huge}},
	} {
		for _, value := range test.values {
			Refused(t, database.Pool, test.code, test.sql, value)
		}
	}
	if after := Value[string](t, database.Pool, state); after != before {
		t.Errorf("a refused call has changed\n%s\nto\n%s", before, after)
	}
	Run(t, database.Pool, "select postern.grant_company('BEN', '10')")
	Refused(t, database.Pool, "PS301", "select postern.set_user_ledger_class('10', 'IL', 'BEN', 'C')") // not connected
}

func TestRepeatedCallsChangeNothing(t *testing.T) {
	database := newScene(t)
	for range 2 {
		Run(t, database.Pool, "select postern.grant_ledger('10', 'IL', 'ANN'), postern.set_user_ledger_class('10', 'IL', 'ANN', 'C'), postern.set_user_authority_class('10', 'ANN', 'C')")
	}
	if got := Value[string](t, database.Pool, "select class from postern.ledger_user"); got != "C" {
		t.Errorf("the class in the ledger is %s", got)
	}
	add := "select postern.add_authority_combination('10', 'C', true, '3%')"
	if first, second := Value[int64](t, database.Pool, add), Value[int64](t, database.Pool, add); first != second {
		t.Errorf("the same rule has two ids, %d and %d", first, second)
	}
	find := "select postern.posting_combination_id('10', '3000', $1, '5')"
	if first, second := Value[int64](t, database.Pool, find, nil), Value[int64](t, database.Pool, find, ""); first != second {
		t.Errorf("blank has two ids, %d and %d", first, second)
	}
	// A user has one class per company: a new one replaces it.
	Run(t, database.Pool, "select postern.set_user_authority_class('10', 'ANN', 'MAX')")
	if got := Value[string](t, database.Pool, "select class from postern.company_user where userid = 'ANN'"); got != "MAX" {
		t.Errorf("the class is %s", got)
	}
}

// Becoming a user of the company again does not restore what one could see before.
func TestRevokedUserStartsAnew(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.set_user_authority_class('10', 'ANN', 'MAX')")
	Run(t, database.Pool, "select postern.revoke_company('ANN', '10')")
	Run(t, database.Pool, "select postern.grant_company('ANN', '10')")
	if got := Value[string](t, database.Pool, "select coalesce(class, 'none') || ', ' || (select count(*) from postern.ledger_user) from postern.company_user"); got != "none, 0" {
		t.Errorf("class and ledgers: %s", got)
	}
}

func TestOnlyUsersOfTheCompanyCreateCombinations(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	Refused(t, application, "PS401", "select postern.posting_combination_id('10', '1')")
	Refused(t, Begin(t, application, "BEN"), "PS201", "select postern.posting_combination_id('10', '1')")
}
