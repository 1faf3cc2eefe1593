package attack

import (
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// Somebody who may name a company can try a code that a cast takes for another company, or a code that makes a cast
// fail for everybody in it. MALLORY has such codes, and none of the ledgers' companies.
func TestCodesThatLookLikeAnotherCompanyOpenNothing(t *testing.T) {
	for _, test := range []struct {
		column, cast  string
		taken, broken string // codes that a cast takes for 1234 or otherUUID, and codes that it fails for
	}{
		{"integer", "integer", "01234", "99999999999"},
		{"bigint", "bigint", "+1234", "9223372036854775808"},
		{"smallint", "smallint", "001234", "70000"},
		{"char(4)", "char(4)", "12345", ""},
		{"varchar(4)", "varchar(4)", "12345", ""},
		{"uuid", "uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99"},
	} {
		t.Run(test.column, func(t *testing.T) {
			s := newScene(t, mallory)
			company := "1234"
			if test.column == "uuid" {
				company = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
			}
			Run(t, s.Pool, "select postern.create_company(c, c) from unnest($1::text[]) as c", []string{company, test.taken})
			Run(t, s.Pool, "select postern.grant_company($1, $2)", mallory, test.taken)
			for _, table := range []string{"naive", "guarded"} {
				Run(t, s.Pool, "create table public."+table+" (company "+test.column+"); grant all on public."+table+" to public")
				Run(t, s.Pool, "insert into public."+table+" values ($1::text::"+test.column+")", company)
			}
			Run(t, s.Pool, "create policy naive on public.naive using (company = any (array(select c.company::"+test.cast+" from postern.current_companies() as c))); alter table public.naive enable row level security")
			Run(t, s.Pool, "select postern.protect_company('public.guarded')")
			application := s.application.Connect(t)
			see := func(table string) int {
				seen := 0
				As(t, application, mallory, func(tx pgx.Tx) { seen = Value[int](t, tx, "select count(*) from public."+table) })
				return seen
			}
			if see("naive") != 1 {
				t.Fatal("the attack shows nothing on a naive policy")
			}
			if see("guarded") != 0 {
				t.Errorf("%s is taken for %s", test.taken, company)
			}
			As(t, application, mallory, func(tx pgx.Tx) {
				Within(t, tx, func(tx pgx.Tx) {
					Fails(t, tx, "42501", "insert into public.guarded values ($1::text::"+test.column+")", company)
				})
			})
			if test.broken == "" {
				return
			}
			Run(t, s.Pool, "select postern.create_company($1, 'x'), postern.grant_company($2, $1), postern.grant_company($2, $3)", test.broken, mallory, company)
			tx := Begin(t, application, mallory)
			if _, err := tx.Exec(t.Context(), "select from public.naive"); err == nil {
				t.Fatal("no cast of a naive policy fails")
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if see("guarded") != 1 {
				t.Error("a code that is no value closes another company")
			}
		})
	}
}
