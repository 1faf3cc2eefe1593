package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testsql"
)

var accessCalls = []string{
	"select postern.user_access('ALICE')",
	"select * from postern.access_report()",
	"select postern.access_report_head()",
}

func TestOnlyAdministratorsAndAuditorsReadAccess(t *testing.T) {
	s := newScene(t, alice)
	for _, role := range everybody {
		connection := loginOf(t, s.Database, role)
		for _, call := range accessCalls {
			if role == "postern_admin" || role == "postern_auditor" {
				testsql.Run(t, connection, call)
			} else {
				requireDenied(t, connection, call)
			}
		}
	}
}

// Whoever may also read access guesses, looks whether the guess locked the credential, and rolls back. No attempt is
// then counted. user_account hides such users, so a page that reads the table instead is the naive version.
func TestAccessRevealsNoVerdictThatIsNotCommitted(t *testing.T) {
	s := newScene(t, alice, bob)
	s.set(t, "max_failures", "1")
	testsql.Run(t, s.Pool, `
create schema naive; grant usage on schema naive to public;
create function naive.user_access(userid text) returns jsonb language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('locked_until', case when c.locked_until > statement_timestamp() then c.locked_until end)
    from postern_internal.credential as c
   where c.userid = $1
$$`)
	both := s.Login(t, "postern_trusted_app", "postern_auditor", "postern_admin").Connect(t)
	guess := func(pin, look string) string {
		asked := challenge(t, both, alice, approveGate, invoice)
		tx := begin(t, both, alice)
		defer rollback(t, tx)
		testsql.Value[string](t, tx, authenticate, asked, alice, pin)
		return testsql.Value[string](t, tx, look)
	}
	const naive = "select (naive.user_access('ALICE') ->> 'locked_until' is null)::text"
	if right, wrong := guess(pins[alice], naive), guess(wrongPIN, naive); right == wrong {
		t.Fatalf("the naive version withstood: %s and %s", right, wrong)
	}
	s.requireUntouched(t)

	for _, pin := range []string{pins[alice], wrongPIN} {
		for _, look := range []string{
			"select postern.user_access('ALICE')",
			"select postern.user_access('alice')",
			"select * from postern.access_report()",
			"select * from postern.access_report('ALICD', 1)",
		} {
			asked := challenge(t, both, alice, approveGate, invoice)
			tx := begin(t, both, alice)
			testsql.Value[string](t, tx, authenticate, asked, alice, pin)
			if got := testsql.Refused(t, tx, "PS107", look); got.Message != "This transaction has answered a challenge" {
				t.Errorf("%s: %s", look, got.Message)
			}
			rollback(t, tx)
		}
		// In the statement that guesses, the page still shows the state before it.
		asked := challenge(t, both, alice, approveGate, invoice)
		tx := begin(t, both, alice)
		if got := testsql.Value[string](t, tx, fmt.Sprintf("select coalesce((postern.user_access('ALICE') ->> 'locked_until'), '-') || left(%s, 0)",
			"postern.authenticate($1, $2, $3)::text"), asked, alice, pin); got != "-" {
			t.Errorf("the page shows the verdict of its own statement: %s", got)
		}
		rollback(t, tx)
	}
	s.requireUntouched(t)
	// Other people's pages say nothing about the attempt, and stay readable.
	asked := challenge(t, both, alice, approveGate, invoice)
	tx := begin(t, both, alice)
	testsql.Value[string](t, tx, authenticate, asked, alice, wrongPIN)
	testsql.Run(t, tx, "select postern.user_access('BOB')")
	rollback(t, tx)
}

// Somebody who may ask what a rule would show finds code strings that they may not read: they ask for one pattern after
// another, and look whether anybody would gain. An administrator of another database has the role, but no right here.
func TestPreviewIsNoOracleForCodeStrings(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
select postern.create_company('10', 'Company 10'), postern.create_company('20', 'Company 20'), postern.set_row_level_security('10', true);
select postern.create_authority_class('10', 'SALES');
select postern.grant_company('ALICE', '10'), postern.set_user_authority_class('10', 'ALICE', 'SALES');
select postern.posting_combination_id('10', '7304'), postern.posting_combination_id('10', '7319');
create schema naive; grant usage on schema naive to public`)
	// The naive version counts for whoever has the role, and nothing else.
	definition := testsql.Value[string](t, s.Pool, "select pg_get_functiondef('postern.access_impact(jsonb)'::regprocedure)")
	naive := strings.Replace(strings.Replace(definition, "postern.access_impact", "naive.access_impact", 1), "perform postern_internal.require_allowed_login('postern_admin');", "", 1)
	testsql.Run(t, s.Pool, naive)
	testsql.Run(t, s.Pool, "revoke execute on function naive.access_impact from public; grant execute on function naive.access_impact to postern_admin")
	const ask = `select exists (select from %s.access_impact(jsonb_build_object('rules', jsonb_build_array(jsonb_build_object(
  'company', $1::text, 'class', 'SALES', 'allowed', true, 'code_a', $2::text)))) as i where i.combinations > 0)`
	search := func(q testsql.Querier) string {
		found := ""
		for len(found) < 4 {
			before := found
			for digit := range 10 {
				if guess := fmt.Sprint(found, digit); testsql.Value[bool](t, q, fmt.Sprintf(ask, "naive"), "10", guess+"%") {
					found = guess
					break
				}
			}
			if found == before {
				break
			}
		}
		return found
	}
	elsewhere := stranger(t, s.Database, "postern_admin")
	connection := elsewhere.Connect(t)
	if got := search(connection); got != "7304" {
		t.Fatalf("the naive version withstood: found %q", got)
	}

	// The refusal comes first, and is the same for what exists and for what does not.
	for _, guess := range [][2]string{{"10", "7304"}, {"10", "9%"}, {"99", "7304"}, {"10", ""}} {
		requireNotAllowed(t, connection, elsewhere.Name, fmt.Sprintf(ask, "postern"), guess[0], guess[1])
	}
	requireNotAllowed(t, connection, elsewhere.Name, "select * from postern.access_impact(null)")
	for _, role := range everybody {
		if role != "postern_admin" {
			requireDenied(t, loginOf(t, s.Database, role), "select * from postern.access_impact('{}')")
		}
	}
	// An administrator may ask. A pattern stays a pattern, whatever it looks like.
	administrator := loginOf(t, s.Database, "postern_admin")
	for pattern, want := range map[string]bool{"73%": true, "74%": false, "') or true --": false, "$1": false, "%' or '1'='1": false, `73\%`: false} {
		if got := testsql.Value[bool](t, administrator, fmt.Sprintf(ask, "postern"), "10", pattern); got != want {
			t.Errorf("%s: got %v, want %v", pattern, got, want)
		}
	}
}
