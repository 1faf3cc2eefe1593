package administration_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// authenticate lets only one attempt into a transaction. What was administered there is no attempt.
func TestAdministeredEntryIsNoAttempt(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
select postern.create_user('ALICE', 'Alice', session_user::name);
select postern.reset_pin('ALICE', '839174');
select postern.register_gate('APP_PAY', 'Pay', 'Paid', active => true)`)
	challenge := testsql.Value[string](t, database.Pool, "select postern.challenge('APP_PAY')")
	tx, err := database.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, record)
	testsql.Run(t, tx, "select postern.authenticate($1, 'ALICE', '839174')", challenge)
	testsql.Refused(t, tx, "PS103", "select postern.authenticate($1, 'ALICE', '839174')", challenge)
}
