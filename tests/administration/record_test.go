// Package administration_test checks that every change of who may do what is an entry of the log.
package administration_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// record writes an entry as the functions of Postern do.
const record = `select postern_internal.record_administration('company_user', '{"company": "10", "userid": "ALICE"}',
  '{"is_default": false}', '{"is_default": true}', 'ALICE')`

func TestAdministeredEntryIsShownToAuditorsAndAdministrators(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user('BOB', 'Bob', session_user::name)")
	logID := testsql.Value[int64](t, database.Pool, record)
	for _, role := range []string{"postern_admin", "postern_auditor", "postern_sealer"} {
		connection := database.Login(t, role).Connect(t)
		got := testsql.Value[string](t, connection, `
select concat_ws(', ', kind, key, operation, before, after, message, about_userid, userid)
  from postern.administration_log where log_id = $1`, logID)
		want := `company_user, {"userid": "ALICE", "company": "10"}, changed, {"is_default": false}, {"is_default": true}, ` +
			`company user ALICE 10 changed: is_default, ALICE, BOB`
		if got != want {
			t.Errorf("%s sees:\n%s\nwant:\n%s", role, got, want)
		}
	}
	testsql.Fails(t, database.Login(t, "postern_user").Connect(t), "42501", "table postern.administration_log")
}

func TestAdministeredEntryIsNoCheckpoint(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	logID := testsql.Value[int64](t, database.Pool, record)
	for view, sql := range map[string]string{
		"checkpoint_log": "select count(*) from postern.checkpoint_log where log_id = $1",
		"receipts":       "select count(*) from (" + record + ") as r, postern.receipts() where $1 > 0",
	} {
		if got := testsql.Value[int](t, database.Pool, sql, logID); got != 0 {
			t.Errorf("%s has %d entries of the administration", view, got)
		}
	}
}

// The log's leaves are published, so whatever may name a person is behind a salt.
func TestLeafOfAdministeredEntryNamesNobody(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	logID := testsql.Value[int64](t, database.Pool, record)
	if !testsql.Value[bool](t, database.Pool, "select position('ALICE' in e::text) > 0 from postern_internal.checkpoint_entry as e where e.log_id = $1", logID) {
		t.Fatal("the entry does not name the user: the test shows nothing")
	}
	if testsql.Value[bool](t, database.Pool, "select position('ALICE' in encode(postern_internal.leaf_data(e), 'escape')) > 0 from postern_internal.checkpoint_entry as e where e.log_id = $1", logID) {
		t.Error("the leaf names the user")
	}
}
