package attack

import (
	"testing"

	"github.com/posternsql/postern/internal/testsql"
)

// A stolen PIN was used, and the thief has the ticket when the administrator acts. The naive version is the ticket of a
// user against whom nobody acted.
func TestApprovalDoesNotOutliveItsCredential(t *testing.T) {
	acts := map[string]string{
		"PIN reset":     "select postern.reset_pin('ALICE', '736154')",
		"user shut out": "select postern.set_user_active('ALICE', false), postern.set_user_active('ALICE', true)",
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, "ALICE", "BOB")
			connection := s.connect(t)
			stolen := approve(t, connection, "ALICE", releaseGate, "{}")
			unaffected := approve(t, connection, "BOB", releaseGate, "{}")
			testsql.Run(t, s.Pool, act)

			tx := begin(t, connection, "BOB")
			open(t, tx, unaffected)
			reach(t, tx, releaseGate, "{}")
			commit(t, tx)

			if got := status(t, connection, "ALICE", stolen); got != "expired" {
				t.Errorf("the ticket is %s", got)
			}
			tx = begin(t, connection, "ALICE")
			testsql.Refused(t, tx, "PS103", openGates, stolen)
			rollback(t, tx)
		})
	}
}
