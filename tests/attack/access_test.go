package attack

import (
	"fmt"
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
