// Package company_test tests what Postern says about who is a user of which company.
package company_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// newScene has ANN, who works in the companies 10 and 20, BEN, who works in 20, and CARL, who works nowhere.
func newScene(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	Run(t, database.Pool, `
select postern.create_user(userid, userid) from unnest(array['ANN', 'BEN', 'CARL']) as userid;
select postern.create_company(company, 'Company ' || company) from unnest(array['10', '20', '30']) as company;
select postern.grant_company('ANN', '10', true);
select postern.grant_company('ANN', '20');
select postern.grant_company('BEN', '20')`)
	return database
}

func TestUserSeesOnlyTheirCompanies(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	for userid, want := range map[string][]string{"ANN": {"10 ANN t", "20 ANN f"}, "BEN": {"20 BEN f"}, "CARL": {}} {
		As(t, application, userid, func(tx pgx.Tx) {
			for _, view := range []string{"user_finance_auth_pub", "company_finance_auth_pub", "company_finance_auth", "company_finance_auth1"} {
				got := Values[string](t, tx, "select concat_ws(' ', company, userid, is_default) from postern."+view+" order by 1")
				if !slices.Equal(got, want) {
					t.Errorf("%s sees %q in %s, want %q", userid, got, view, want)
				}
			}
		})
	}
}

// The list of companies is no secret. Their users are visible only to administrators.
func TestCompanyRecordIsOpenAndItsUsersAreNot(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	As(t, application, "CARL", func(tx pgx.Tx) {
		if got := Values[string](t, tx, "select name from postern.company order by 1"); !slices.Equal(got, []string{"Company 10", "Company 20", "Company 30"}) {
			t.Errorf("the companies are %q", got)
		}
	})
	for _, sql := range []string{
		"select from postern.company_user",
		"select postern.grant_company('CARL', '10')",
		"select postern.revoke_company('ANN', '10')",
		"select postern.create_company('40', 'x')",
		"update postern.company set name = 'x'",
	} {
		Fails(t, application, "42501", sql)
	}
}

func TestDeprecatedViewsSaySo(t *testing.T) {
	database := testdb.New(t)
	for _, view := range []string{"company_finance_auth_pub", "company_finance_auth", "company_finance_auth1"} {
		comment := Value[string](t, database.Pool, "select obj_description(('postern.' || $1)::regclass)", view)
		if !strings.Contains(comment, "deprecated: use postern.user_finance_auth_pub") {
			t.Errorf("the comment of %s does not name the view to use: %s", view, comment)
		}
	}
}

// A function in the user's WHERE must not see the rows of others, however low its declared cost is.
func TestViewsShowNobodyElsesRowToAFunction(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, `
create table public.seen (userid text); grant insert on public.seen to public;
create function public.look(userid text) returns boolean language plpgsql cost 0.0000001 as $$
begin insert into public.seen values (userid); return true; end $$`)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	As(t, application, "BEN", func(tx pgx.Tx) {
		for _, view := range []string{"user_finance_auth_pub", "company_finance_auth_pub", "company_finance_auth", "company_finance_auth1"} {
			Run(t, tx, "select from postern."+view+" where public.look(userid)")
		}
	})
	if got := Values[string](t, database.Pool, "select distinct userid from public.seen"); !slices.Equal(got, []string{"BEN"}) {
		t.Errorf("the function has seen rows of %q, want only BEN's", got)
	}
}

func TestMirroredFunctionsAgree(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	authorized := map[string]bool{"ANN 10": true, "ANN 20": true, "BEN 20": true}
	for _, userid := range []string{"ANN", "BEN", "CARL"} {
		for _, company := range []any{"10", "20", "30", "no such company", "", " ", nil} {
			tx := Begin(t, application, userid)
			text, _ := company.(string)
			want := authorized[userid+" "+text]
			if got := Value[bool](t, tx, "select user_finance_api.is_authorized($1)", company); got != want {
				t.Errorf("is_authorized: %s in %v: %v", userid, company, got)
			}
			if got := Value[bool](t, tx, "select user_finance_api.is_user_authorized($1)", company); got != want {
				t.Errorf("is_user_authorized: %s in %v: %v", userid, company, got)
			}
			if got := Value[string](t, tx, "select user_finance_api.is_allowed($1)", company) == "TRUE"; got != want {
				t.Errorf("is_allowed: %s in %v: %v", userid, company, got)
			}
			for _, call := range []struct {
				sql       string
				arguments []any
			}{
				{"select user_finance_api.exist_current_user($1)", []any{company}},
				{"select user_finance_api.exist($1, $2)", []any{company, userid}},
			} {
				Within(t, tx, func(tx pgx.Tx) {
					if want {
						Run(t, tx, call.sql, call.arguments...)
					} else {
						Refused(t, tx, "PS201", call.sql, call.arguments...)
					}
				})
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestMissingSessionIsAnError(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_app").Connect(t)
	for _, sql := range []string{
		"select user_finance_api.is_authorized('10')",
		"select user_finance_api.is_user_authorized('10')",
		"select user_finance_api.is_allowed('10')",
		"select user_finance_api.exist_current_user('10')",
		"select from postern.user_finance_auth_pub",
		"select from postern.company_finance_auth_pub",
		"select from postern.company_finance_auth",
		"select from postern.company_finance_auth1",
	} {
		Refused(t, application, "PS401", sql)
	}
	Refused(t, application, "PS401", "select user_finance_api.exist('10', 'ANN')")
	// An administrator may ask without a session, because the question names the user.
	Run(t, database.Login(t, "postern_admin").Connect(t), "select user_finance_api.exist('10', 'ANN')")
}

func TestOneCompanyIsTheDefault(t *testing.T) {
	database := newScene(t)
	defaults := func() []string {
		return Values[string](t, database.Pool, "select company from postern.company_user where userid = 'ANN' and is_default")
	}
	Run(t, database.Pool, "select postern.grant_company('ANN', '30', true)")
	if got := defaults(); !slices.Equal(got, []string{"30"}) {
		t.Errorf("the default is %q", got)
	}
	Run(t, database.Pool, "select postern.grant_company('ANN', '30')") // granting twice is harmless
	Run(t, database.Pool, "select postern.grant_company('ANN', '10', null)")
	if got := defaults(); !slices.Equal(got, []string{"30"}) {
		t.Errorf("the default is %q", got)
	}
	Run(t, database.Pool, "select postern.revoke_company('ANN', '30')")
	Run(t, database.Pool, "select postern.revoke_company('ANN', '30')") // so is revoking
	if got := defaults(); len(got) > 0 {
		t.Errorf("the default is %q", got)
	}
}

func TestBadArguments(t *testing.T) {
	database := newScene(t)
	for _, test := range []struct {
		code, sql string
		arguments []any
	}{
		{"PS107", "select postern.create_company($1, 'x')", []any{nil}},
		{"PS107", "select postern.create_company($1, 'x')", []any{" "}},
		{"PS107", "select postern.create_company($1, 'x')", []any{" 40"}},
		{"PS107", "select postern.create_company($1, 'x')", []any{"4\n0"}},
		{"PS107", "select postern.create_company($1, 'x')", []any{strings.Repeat("4", 37)}},
		{"PS107", "select postern.create_company($1, 'x')", []any{"10"}},
		{"PS107", "select postern.create_company('40', $1)", []any{nil}},
		{"PS107", "select postern.create_company('40', $1)", []any{strings.Repeat("x", 10_000_000)}},
		{"PS201", "select postern.grant_company($1, '10')", []any{nil}},
		{"PS201", "select postern.grant_company($1, '10')", []any{"NOBODY"}},
		{"PS201", "select postern.grant_company('ANN', $1)", []any{nil}},
		{"PS201", "select postern.grant_company('ANN', $1)", []any{strings.Repeat("x", 10_000_000)}},
		{"PS201", "select postern.revoke_company($1, '10')", []any{"NOBODY"}},
		{"PS201", "select postern.revoke_company('ANN', $1)", []any{"no such company"}},
	} {
		Refused(t, database.Pool, test.code, test.sql, test.arguments...)
	}
}

func TestConcurrentDefaultsLeaveOne(t *testing.T) {
	database := newScene(t)
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := database.Pool.Exec(t.Context(), "select postern.grant_company('ANN', $1, true)", []string{"10", "20", "30"}[i%3])
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := Value[int](t, database.Pool, "select count(*) from postern.company_user where userid = 'ANN' and is_default"); got != 1 {
		t.Errorf("ANN has %d default companies, want 1", got)
	}
}
