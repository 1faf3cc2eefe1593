package attack_test

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// changes are what somebody might write into the log by way of a redaction. ENTRY is an entry that the redaction does
// not reach, and RECORD is the log_id of its record.
var changes = map[string]string{
	"another outcome":           "update postern_internal.checkpoint_entry set outcome = 'cancelled' where log_id = ENTRY",
	"another user":              "update postern_internal.checkpoint_entry set userid = 'MALLORY' where log_id = ENTRY",
	"a comment removed alone":   "update postern_internal.checkpoint_entry set comment = null where log_id = ENTRY",
	"the same again":            "update postern_internal.checkpoint_entry set comment = comment where log_id = ENTRY",
	"another time":              "update postern_internal.checkpoint_entry set logged_at = logged_at + interval '1 microsecond' where log_id = ENTRY",
	"marked as redacted":        "update postern_internal.checkpoint_entry set redactions = array_fill(RECORD::bigint, array[11]) where log_id = ENTRY",
	"a salt replaced":           "update postern_internal.checkpoint_entry set salt = gen_random_uuid() where log_id = ENTRY",
	"by an older record":        strings.ReplaceAll(removal, "RECORD", "1"),
	"redacted with other words": strings.ReplaceAll(removal, "r.message", "'Never mind'"),
	"entries deleted":           "delete from postern_internal.checkpoint_entry where log_id = ENTRY",
	"all entries":               "truncate postern_internal.checkpoint_entry",
}

const removal = `
update postern_internal.checkpoint_entry as e
   set (userid, authenticated_by, assertion, message, parameters, approved_message, comment, session_role, client_addr, application_name, salt, salts, redactions)
     = (select r.userid, r.authenticated_by, r.assertion, r.message, r.parameters, r.approved_message, r.comment, r.session_role, r.client_addr, r.application_name, r.salt, r.salts, r.redactions
          from postern_internal.redacted_entry(e, '{5,8}', RECORD) as r)
 where e.log_id = ENTRY`

// A redaction is the one way to change the log. It removes personal values, and is no way to anything else: not even
// for the owner of the table, whose code it is.
func TestRedactionIsNoWayToChangeTheLog(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, comment) values ('passed', 'APP_PAY', 'ALICE', 'ALICE', 'Paid', '{}', 'Checked')")
	entry := testsql.Value[string](t, database.Pool, "select max(log_id)::text from postern_internal.checkpoint_entry")
	const record = "select postern_internal.record_administration('redaction', '{\"entries\": 1}', null, null)::text"
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			for _, partition := range []bool{false, true} {
				connection := database.Connect(t)
				testsql.Run(t, connection, "begin")
				testsql.Run(t, connection, "set local role postern_owner")
				recorded := testsql.Value[string](t, connection, record)
				statement := strings.NewReplacer("ENTRY", entry, "RECORD", recorded).Replace(change)
				if partition {
					table := testsql.Value[string](t, connection, "select tableoid::regclass::text from postern_internal.checkpoint_entry where log_id = "+entry)
					statement = strings.Replace(statement, "postern_internal.checkpoint_entry", table, 1)
					statement = strings.Replace(statement, "redacted_entry(e,", "redacted_entry(e::postern_internal.checkpoint_entry,", 1)
				}
				// naive: a trigger that lets through whatever a transaction does that has recorded a redaction
				testsql.Run(t, connection, "savepoint naive")
				testsql.Run(t, connection, "reset role; set local session_replication_role = replica")
				testsql.Run(t, connection, statement)
				testsql.Run(t, connection, "rollback to naive")
				testsql.Fails(t, connection, "55000", statement)
				testsql.Run(t, connection, "rollback")
			}
		})
	}
	// What is left: the removal itself, in the transaction that has recorded it and in no other.
	connection := database.Connect(t)
	testsql.Run(t, connection, "begin")
	recorded := testsql.Value[string](t, connection, record)
	statement := strings.NewReplacer("ENTRY", entry, "RECORD", recorded).Replace(removal)
	testsql.Run(t, connection, statement)
	testsql.Run(t, connection, "rollback")
	testsql.Run(t, connection, "begin")
	testsql.Run(t, connection, "savepoint recorded")
	recorded = testsql.Value[string](t, connection, record)
	testsql.Run(t, connection, "rollback to recorded")
	testsql.Fails(t, connection, "55000", strings.NewReplacer("ENTRY", entry, "RECORD", recorded).Replace(removal))
	testsql.Run(t, connection, "rollback")
	recorded = testsql.Value[string](t, connection, record)
	testsql.Fails(t, connection, "55000", strings.NewReplacer("ENTRY", entry, "RECORD", recorded).Replace(removal))
}

// Neither an administrator, nor somebody's code that a redactor calls, nor a look-alike function redacts anything.
func TestOnlyARedactorRedacts(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user('ALICE', 'Alice'), postern.set_user_active('ALICE', false)")
	for _, role := range []string{"postern_user", "postern_app", "postern_trusted_app", "postern_admin", "postern_auditor", "postern_sealer", "postern_event_worker"} {
		login := database.Login(t, role).Connect(t)
		testsql.Fails(t, login, "42501", "select postern.redact_log('ALICE', 'Request 17')")
		testsql.Fails(t, login, "42501", "select postern_internal.record_administration('redaction', '{}', null, null)")
		testsql.Fails(t, login, "42501", "update postern_internal.checkpoint_entry set comment = null")
		testsql.Fails(t, login, "42501", "set session_replication_role = replica")
		testsql.Fails(t, login, "42501", "set role postern_redactor")
	}
	redactor := database.Login(t, "postern_redactor").Connect(t)
	testsql.Run(t, redactor, "select postern.redact_log('ALICE', 'Request 17')")
	testsql.Fails(t, redactor, "42501", "update postern_internal.checkpoint_entry set comment = null")
	testsql.Fails(t, redactor, "42501", "select * from postern.checkpoint_log")
	// Names are resolved in pg_catalog first, whatever the caller's search_path is.
	testsql.Run(t, redactor, "create temporary table end_user (userid text, active boolean); create temporary table leaf (log_id bigint, leaf_number bigint, hashes bytea)")
	testsql.Run(t, redactor, "set search_path = pg_temp, postern_internal, postern")
	testsql.Run(t, redactor, "select postern.redact_log('ALICE', 'Request 17')")
}
