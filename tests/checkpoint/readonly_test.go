package checkpoint_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// readOnly does something as Alice in a read-only transaction.
func (c *company) readOnly(t *testing.T, do func(tx pgx.Tx)) {
	t.Helper()
	tx, err := c.application.BeginTx(t.Context(), pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	do(tx)
}

// A read-only transaction of the primary can pass no gate, and its error says how to begin another one. It may ask,
// because the answer comes in a separate transaction.
func TestReadOnlyTransactionMayAskAndCannotPass(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, "select postern.register_action('sinwof.release', $1)", releaseGate)
	testsql.Run(t, c.administrator, "select postern.register_gate('SINWOF_LOOK', 'Look', 'Looked')")
	var challenge string
	c.readOnly(t, func(tx pgx.Tx) {
		challenge = testsql.Value[string](t, tx, "select postern.challenge($1, $2)", approveGate, approveParameters)
		testsql.Run(t, tx, "select postern.checkpoint('SINWOF_LOOK')") // the gate is inactive
	})
	ticket := c.answer(t, alice, challenge, alice, pins[alice], nil)
	for _, statement := range []string{
		"select postern.checkpoint('" + approveGate + "', '" + approveParameters + "')",
		"select postern.begin_action('sinwof.release')",
		"select postern.set_pin('739146')",
		"select postern.authenticate('" + challenge + "', 'ALICE', '837462')",
		"select postern.cancel('" + challenge + "')",
		"select postern.open_gates('" + ticket + "')",
	} {
		c.readOnly(t, func(tx pgx.Tx) {
			refused := testsql.Refused(t, tx, "25006", statement)
			if refused.Message != "Nothing can be written in a read-only transaction" || !strings.Contains(refused.Hint, "begin read write") {
				t.Errorf("%s: MESSAGE %q, HINT %q", statement, refused.Message, refused.Hint)
			}
		})
	}
	// The refused ticket is as good as before.
	err := c.as(t, alice, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		testsql.Run(t, tx, "select postern.checkpoint($1, $2)", approveGate, approveParameters)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	testdb.RequireCode(t, c.call(t, alice, "select postern.checkpoint($1, $2)", approveGate, approveParameters), "PS101")
}
