package ledger_test

import (
	"slices"
	"testing"

	. "github.com/posternsql/postern/internal/testsql"
)

// Which of the codes A_1, AB1, A%1, A[1 and A\1 a rule matches, in the policy and in the function alike.
func TestBracketsEscapeAWildcard(t *testing.T) {
	database := newScene(t)
	codes := []string{"A_1", "AB1", "A%1", "A[1", `A\1`}
	Run(t, database.Pool, `
select postern.set_user_authority_class('10', 'ANN', 'C'), postern.set_row_level_security('10', true);
create table public.entry (code text, company text, posting_combination_id bigint);
grant select on public.entry to public`)
	for _, code := range codes {
		Run(t, database.Pool, "insert into public.entry values ($1, '10', postern.posting_combination_id('10', $1))", code)
	}
	Run(t, database.Pool, "select postern.protect_ledger('public.entry'), postern.add_authority_combination('10', 'C', true)")
	application := database.Login(t, "postern_trusted_app").Connect(t)
	for _, test := range []struct {
		pattern string
		denied  []string
	}{
		{"A_1", codes},
		{"A[_]1", []string{"A_1"}},
		{"A[%]1", []string{"A%1"}},
		{"A[[]1", []string{"A[1"}},
		{"A[1", []string{"A[1"}},
		{"A[[]%", []string{"A[1"}},
		{`A\1`, []string{`A\1`}},
		{`A\_`, []string{`A\1`}},
		{`A\_1`, nil},
	} {
		rule := Value[int64](t, database.Pool, "select postern.add_authority_combination('10', 'C', false, $1)", test.pattern)
		tx := Begin(t, application, "ANN")
		for question, sql := range map[string]string{
			"policy":   "select c from unnest($1::text[]) with ordinality as c (c, n) where c not in (select code from public.entry) order by n",
			"function": "select c from unnest($1::text[]) with ordinality as c (c, n) where not postern.is_code_string_allowed('10', c) order by n",
		} {
			if got := Values[string](t, tx, sql, codes); !slices.Equal(got, test.denied) {
				t.Errorf("a rule that does not allow %s: the %s does not allow %q, want %q", test.pattern, question, got, test.denied)
			}
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		Run(t, database.Pool, "select postern.remove_authority_combination($1)", rule)
	}
}

// The brackets do not count as characters of the code: any code of 20 characters can be named.
func TestEscapesDoNotCountAsCharacters(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, "select postern.add_authority_combination('10', 'C', true, repeat('[_]', 20))")
	Refused(t, database.Pool, "PS301", "select postern.add_authority_combination('10', 'C', true, repeat('[_]', 21))")
	Refused(t, database.Pool, "PS301", "select postern.add_authority_combination('10', 'C', true, repeat('[_]', 20) || '1')")
	Refused(t, database.Pool, "PS301", "select postern.add_authority_combination('10', 'C', true, repeat('[a]', 7))")
}
