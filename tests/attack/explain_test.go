package attack

import (
	"testing"

	"github.com/posternsql/postern/internal/testsql"
)

// A security barrier hides rows from functions of the reader, but evaluates comparisons that cannot leak. EXPLAIN
// ANALYZE then counts the hidden rows that match. Somebody who may read the users and is in ALICE's session could try
// PINs for free.
func TestPlansCountNoHiddenRows(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `grant postern_auditor, postern_admin to "`+s.application.Name+`"`)
	testsql.Run(t, s.Pool, `
create view public.naive_user with (security_barrier) as
  select c.userid, c.failures
    from postern_internal.credential as c
   where not exists (select from postern_internal.checkpoint_entry as l
                      where l.transaction_id = pg_catalog.pg_current_xact_id_if_assigned() and l.userid = c.userid);
grant select on public.naive_user to public`)
	connection := s.connect(t)
	challenge := challenge(t, connection, alice, approveGate, invoice)
	testsql.Run(t, s.Pool, "update postern_internal.credential set failures = 1")

	// seen has a plan for each condition, after a response that is rolled back.
	seen := func(response string, queries []string) []string {
		tx := begin(t, connection, alice)
		defer rollback(t, tx)
		testsql.Value[string](t, tx, authenticate, challenge, alice, response)
		plans := []string{}
		for _, setting := range []string{"", "set local enable_seqscan = off", "set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_seqscan = on"} {
			testsql.Run(t, tx, setting)
			for _, query := range queries {
				plans = append(plans, query+": "+explain(t, tx, query))
			}
		}
		return plans
	}
	naive := []string{"select from public.naive_user where failures = 0"}
	if right, wrong := seen(pins[alice], naive), seen(wrongPIN, naive); right[0] == wrong[0] {
		t.Fatalf("naive: the plan is %s either way", right[0])
	}

	queries := []string{
		"select from postern.user_account where userid = 'ALICE' and failures = 0",
		"select from postern.user_account where failures > 1",
		"select from postern.user_account where locked_until is null",
		"select from postern.user_account order by failures desc limit 1",
		"select from postern.user_account as a join (values (0)) as v (n) on v.n = a.failures",
		"select from postern.checkpoint_log where outcome = 'denied'",
		"select from postern.checkpoint_log where scheme = 'PIN' and transaction_id = pg_catalog.pg_current_xact_id()",
	}
	right, wrong := seen(pins[alice], queries), seen(wrongPIN, queries)
	for i := range right {
		if right[i] != wrong[i] {
			t.Errorf("for a right response:\n%s\nfor a wrong one:\n%s", right[i], wrong[i])
		}
	}
}
