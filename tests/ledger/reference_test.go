package ledger_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// The examples of the reference as printed, with an alias in place of <alias>.
func TestExamplesOfTheReferenceRunAsPrinted(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, `
select postern.add_authority_combination('10', 'C', true, '3%'), postern.add_ledger_combination('10', 'IL', 'C', true, '_1%'),
       postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'C'),
       postern.set_user_ledger_class('10', 'IL', 'ANN', 'C'), postern.grant_company('BEN', '10');
create table public.balance (company text, ledger_id text, posting_combination_id numeric, amount integer);
insert into public.balance
values ('10', 'IL', postern.posting_combination_id('10', '3000'), 1), ('10', 'IL', postern.posting_combination_id('10', '4100'), 2),
       ('10', 'IL', postern.posting_combination_id('10', '3100'), 4), ('10', 'XL', postern.posting_combination_id('10', '3100'), 8);
set search_path = public, postern;
create view public.general as
   select * from balance a where
'TRUE' = (SELECT Authorize_Comb_Finance_API.Is_Allowed(a.company, a.posting_combination_id) FROM dual);
create view public.internal as
   select * from balance a where
'TRUE' = (SELECT Int_Led_Auth_Comb_Finance_API.Is_Allowed(a.company, a.ledger_id, a.posting_combination_id) FROM dual);
grant select on public.general, public.internal to public;
reset search_path`)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	for userid, want := range map[string][]int32{"ANN": {1, 4, 8, 2, 4}, "BEN": {}} {
		As(t, application, userid, func(tx pgx.Tx) {
			got := append(Values[int32](t, tx, "select amount from public.general order by 1"), Values[int32](t, tx, "select amount from public.internal order by 1")...)
			if !slices.Equal(got, want) {
				t.Errorf("%s sees %v, want %v", userid, got, want)
			}
		})
	}
	As(t, application, "ANN", func(tx pgx.Tx) {
		for sql, want := range map[string]string{
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 128)":                                                                  "TRUE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 128::bigint)":                                                          "TRUE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 128::numeric)":                                                         "TRUE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', '128')":                                                                "TRUE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 128.5)":                                                                "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 'NaN')":                                                                "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', 1e100)":                                                                "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', -128)":                                                                 "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed('10', null)":                                                                 "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed(null, 128)":                                                                  "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed_Codestring('10', '3', null, null, null, null, null, null, null, null, null)": "TRUE",
			"select Authorize_Comb_Finance_API.Is_Allowed_Codestring('10', '4', null, null, null, null, null, null, null, null, null)": "FALSE",
			"select Authorize_Comb_Finance_API.Is_Allowed_Codestring('20', '3', null, null, null, null, null, null, null, null, null)": "FALSE",
			"select Int_Led_Auth_Comb_Finance_API.Is_Allowed('10', 'IL', 129)":                                                         "TRUE",
			"select Int_Led_Auth_Comb_Finance_API.Is_Allowed('10', 'IL', 128)":                                                         "FALSE",
			"select Int_Led_Auth_Comb_Finance_API.Is_Allowed('10', 'XL', 129)":                                                         "FALSE",
			"select Int_Led_Auth_Comb_Finance_API.Is_Allowed('10', null, 129)":                                                         "FALSE",
		} {
			if got := Value[string](t, tx, sql); got != want {
				t.Errorf("%s: got %s, want %s", sql, got, want)
			}
		}
		Within(t, tx, func(tx pgx.Tx) {
			Refused(t, tx, "PS301", "select Authorize_Comb_Finance_API.Is_Allowed_Codestring('10', null, '1', null, null, null, null, null, null, null, null)")
		})
	})
}

func TestExplanations(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, `
select postern.add_authority_combination('10', 'C', true, '3%', ' '), postern.add_authority_combination('10', 'C', false, '%', '%', 'X'),
       postern.posting_combination_id('10', '3000'), postern.posting_combination_id('10', '3000', '5'), postern.posting_combination_id('10', '3000', null, 'X')`)
	explain := func(arguments string) string {
		return Value[string](t, database.Pool, `
select concat_ws(' | ', allowed, reason, class, (select r.allowed from postern.authority_combination as r where r.rule_id = e.rule_id), code_part, pattern, value)
  from postern.explain_access(`+arguments+`) as e`)
	}
	for _, test := range []struct{ arguments, want string }{
		{"'NOBODY', '10', 128", "f | There is no such user."},
		{"null, null, null", "f | There is no such user."},
		{"'ANN', '20', 128", "f | There is no such company."},
		{"'BEN', '10', 128", "f | The user is not a user of the company."},
		{"'ANN', '10', 1", "f | The company has no such posting combination."},
		{"'ANN', '10', null", "f | The company has no such posting combination."},
		{"'ANN', '10', 128.4", "f | The company has no such posting combination."},
		{"'ANN', '10', 128", "t | Row level security is switched off in the company."},
		{"'ANN', '10', 128, 'XL'", "f | There is no such internal ledger in the company."},
	} {
		if got := explain(test.arguments); got != test.want {
			t.Errorf("explain(%s): got %s, want %s", test.arguments, got, test.want)
		}
	}
	Run(t, database.Pool, "select postern.set_row_level_security('10', true)")
	for _, test := range []struct{ arguments, want string }{
		{"'ANN', '10', 128", "f | The user has no authority class in the company."},
		{"'ANN', '10', 128, 'IL'", "t | The user is connected to the internal ledger, and no class narrows that."},
	} {
		if got := explain(test.arguments); got != test.want {
			t.Errorf("explain(%s): got %s, want %s", test.arguments, got, test.want)
		}
	}
	Run(t, database.Pool, "select postern.set_user_authority_class('10', 'ANN', 'C'), postern.set_user_ledger_class('10', 'IL', 'ANN', 'C')")
	for _, test := range []struct{ arguments, want string }{
		{"'ANN', '10', 128", "t | A combination of the class allows it, and none says that it is not allowed. | C | t | A | 3% | 3000"},
		{"'ANN', '10', 129", "f | No combination of the class allows it. | C | t | B |   | 5"},
		{"'ANN', '10', 130", "f | A combination of the class says that it is not allowed. | C | f | C | X | X"},
		{"'ANN', '10', 128, 'IL'", "f | No combination of the class allows it. | C"},
	} {
		if got := explain(test.arguments); got != test.want {
			t.Errorf("explain(%s): got %s, want %s", test.arguments, got, test.want)
		}
	}
}
