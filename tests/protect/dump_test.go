package protect_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/server"
	. "github.com/posternsql/postern/internal/testsql"
)

// pg_dump with an end user's own role dumps that user's rows. It sets restrict_nonsystem_relation_kind, with which a
// policy that reads a view fails.
func TestEndUserDumpsTheRowsOfTheUser(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	s.ledger(t)
	Run(t, s.owner, `
select postern.protect_company('shop.voucher');
create table shop.naive as select * from shop.open;
alter table shop.naive enable row level security;
create policy companies on shop.naive using (company in (select a.company from postern.user_finance_auth_pub as a))`)
	login := s.Login(t, "postern_user")
	Run(t, s.Pool, "select postern.create_user('DAN', 'Dan', $1)", login.Name)
	Run(t, s.Pool, "select postern.grant_company('DAN', '10'), postern.grant_ledger('10', 'IL', 'DAN')")
	dump := func(table string) (string, string, error) {
		var out, problems bytes.Buffer
		err := s.Server.Run(t.Context(), server.Program{
			Name:      "pg_dump",
			Arguments: []string{"--enable-row-security", "--data-only", "--inserts", "--table=" + table, "--dbname=user=" + login.Name + " password=" + login.Password + " dbname=" + s.Name},
			Stdout:    &out, Stderr: &problems,
		})
		return out.String(), problems.String(), err
	}
	for table, want := range map[string]int{"shop.voucher": 2, "shop.entry": 1, "shop.keyed": 1, "shop.internal": 1} {
		out, problems, err := dump(table)
		if got := strings.Count(out, "\nINSERT "); err != nil || got != want || strings.Contains(out, "'20'") {
			t.Errorf("%s: dumped %d rows, want %d; error: %v, %s\n%s", table, got, want, err, problems, out)
		}
	}
	if _, problems, err := dump("shop.naive"); err == nil || !strings.Contains(problems, "non-system view") {
		t.Errorf("a policy that reads a view was dumped: %v, %s", err, problems)
	}
}
