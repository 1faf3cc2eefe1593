package attack

import (
	"testing"

	"github.com/posternsql/postern/internal/testsql"
)

// Upkeep deletes a ticket three hours after it expired. Whoever types the name of somebody who has left, with any
// response, would make a new one each time.
func TestWrongAttemptsKeepNobodyFromBeingForgotten(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, mallory)
	s.set(t, "all_users_valid", "true")
	testsql.Run(t, s.Pool, "select postern.set_user_active($1, false)", alice)
	connection := s.connect(t)
	answer(t, connection, mallory, challenge(t, connection, mallory, approveGate, invoice), alice, "wrong")
	// naive: any ticket counts
	if !testsql.Value[bool](t, s.Pool, "select exists (select from postern_internal.ticket as t where $1 in (t.userid, t.authenticated_by))", alice) {
		t.Fatal("naive: the attempt made no ticket")
	}
	testsql.Run(t, s.Pool, "select postern_internal.require_redactable($1)", alice)
	// A ticket that may have opened gates has the salt of what it opened.
	testsql.Run(t, s.Pool, "update postern_internal.ticket set verdict = 'accepted'")
	testsql.Refused(t, s.Pool, "55000", "select postern_internal.require_redactable($1)", alice)
}
