package administration_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const ada = "ADA"

// gated is a database with the administrator ADA, where the gate of the administration asks as value says.
func gated(t *testing.T, value string) (*testdb.Database, *testsql.Administrator) {
	t.Helper()
	database := newAdministered(t)
	administrator := testsql.NewAdministrator(t, database, ada)
	if value != "" {
		administrator.Do(t, fmt.Sprintf("select postern.set_setting('administration_gate', '%s')", value))
	}
	database.ForgetLog(t)
	return database, administrator
}

const switchOff = "select postern.set_gate_active('APP_PAY', false)"

func gateIsActive(t *testing.T, database *testdb.Database) bool {
	t.Helper()
	return testsql.Value[bool](t, database.Pool, "select active from postern.gate where gate_id = 'APP_PAY'")
}

func TestAdministrationAsksNobodyByDefault(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "")
	if err := ada.Try(t, switchOff); err != nil {
		t.Fatal(err)
	}
	if gateIsActive(t, database) {
		t.Error("the gate is active")
	}
}

func TestAdministratorApprovesTheChange(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	asked := ada.Asked(t, switchOff)
	if asked.Parameters.Changes != "Gate APP_PAY switched off" || asked.Parameters.Count != 1 || len(asked.Parameters.Digest) != 64 ||
		!strings.HasPrefix(asked.Message, "Gate APP_PAY switched off (changes: 1, digest: ") {
		t.Errorf("the request is %+v", asked)
	}
	if !gateIsActive(t, database) {
		t.Fatal("the gate was switched off without an approval")
	}
	if err := ada.Try(t, switchOff, ada.Answer(t, asked.Challenge, ada.PIN)); err != nil {
		t.Fatal(err)
	}
	if gateIsActive(t, database) {
		t.Error("the approved change was not made")
	}
	if got := testsql.Values[string](t, database.Pool, `
select l.userid || ' ' || l.outcome || ' ' || l.message
  from postern.checkpoint_log as l
 where l.transaction_id = (select a.transaction_id from postern.administration_log as a)`); len(got) != 1 || got[0] != "ADA passed "+asked.Message {
		t.Errorf("the log of the change has %q", got)
	}
	if left := testsql.Value[int](t, database.Pool, "select count(*)::int from postern_internal.unapproved_change"); left != 0 {
		t.Errorf("%d changes were not judged", left)
	}
}

func TestWrongPINAdministersNothing(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	ticket := ada.Answer(t, ada.Asked(t, switchOff).Challenge, "no such pin 1")
	testdb.RequireCode(t, ada.Try(t, switchOff, ticket), "PS102")
	if !gateIsActive(t, database) {
		t.Error("the gate was switched off")
	}
}

// One approval for all that the transaction changes, whatever its kind.
func TestTransactionIsApprovedOnce(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	const changes = `
select postern.create_company('10', 'Nordic Paper');
select postern.create_user('BOB', 'Bob; User EVE disabled');
select postern.grant_company('BOB', '10', true);
select postern.reset_pin('BOB', 'bob 83 917 4');
select postern.create_authority_class('10', 'CLERK');
select postern.add_authority_combination('10', 'CLERK', true, '1%');
select postern.set_user_authority_class('10', 'BOB', 'CLERK');
select postern.unlock_user('BOB');
select postern.set_setting('max_failures', '7');
select postern.create_session_key('k1', 'a secret of at least thirty-two bytes');
select postern.retire_session_key('k1');`
	asked := ada.Asked(t, changes)
	for _, want := range []string{
		`Company 10 added: name "Nordic Paper"`, `User BOB added: active true, description "Bob; User EVE disabled"`,
		"PIN of BOB reset", "User BOB unlocked", `Setting max_failures changed: value "5" -> "7"`,
		`class null -> "CLERK"`, `Authority combination`,
	} {
		if !strings.Contains(asked.Parameters.Changes, want) {
			t.Errorf("%q is not in the request: %s", want, asked.Parameters.Changes)
		}
	}
	if err := ada.Try(t, changes, ada.Answer(t, asked.Challenge, ada.PIN)); err != nil {
		t.Fatal(err)
	}
	if passes := testsql.Value[int](t, database.Pool, "select count(*)::int from postern.checkpoint_log where gate_id = 'POSTERN_ADMINISTRATION' and outcome = 'passed'"); passes != 1 {
		t.Errorf("the gate was passed %d times", passes)
	}
}

func TestManyChangesAreSummedUp(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	const changes = "select postern.create_company(lpad(n::text, 4, '0'), repeat('x', 200)) from generate_series(1, 100) as n"
	asked := ada.Asked(t, changes)
	if got := strings.Count(asked.Parameters.Changes, " added: "); got != 20 {
		t.Errorf("%d changes are shown", got)
	}
	if !strings.HasSuffix(asked.Parameters.Changes, " of company") || len(asked.Message) > 9000 || asked.Parameters.Count < 100 {
		t.Errorf("the request is %+v", asked)
	}
	ada.Do(t, changes)
	if got := testsql.Value[int](t, database.Pool, "select count(*)::int from postern.company"); got != 100 {
		t.Errorf("there are %d companies", got)
	}
}

func TestOnlySomeKindsNeedTheApproval(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, " Gate, setting,gate ")
	if got := testsql.Value[string](t, database.Pool, "select value from postern.setting where name = 'administration_gate'"); got != "gate,setting" {
		t.Errorf("the setting is %q", got)
	}
	if err := ada.Try(t, "select postern.create_company('10', 'Nordic Paper')"); err != nil {
		t.Errorf("a company: %v", err)
	}
	for _, change := range []string{
		switchOff,
		"select postern.create_company('20', 'Other'); select postern.set_setting('max_failures', '7')",
		"select postern.set_setting('administration_gate', 'none')",
		"select postern.set_setting('administration_gate', 'gate')",
		// Whoever could do these would soon answer as an administrator.
		"select postern.create_user('EVE', 'Eve')",
		"select postern.reset_pin('ADA', 'ada 83 917 4')",
		"select postern.unlock_user('ADA')",
		"select postern.disallow_login(session_user)",
	} {
		if asked := ada.Asked(t, change); asked.Parameters.Changes == "" {
			t.Errorf("%s asks without saying why", change)
		}
	}
	for _, value := range []string{"gates", "gate,", ",", "gate;setting", "all,gate", "true", "null", "checkpoint_entry"} {
		testsql.Refused(t, ada.Conn, "PS107", "select postern.set_setting('administration_gate', $1)", value)
	}
	ada.Do(t, "select postern.set_setting('administration_gate', 'none')")
	if err := ada.Try(t, switchOff); err != nil {
		t.Fatal(err)
	}
}

// Whoever switches the gate on shows that he can answer. So a mistake locks nobody out.
func TestSwitchingItOnNeedsAnAnswer(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "")
	const on = "select postern.set_setting('administration_gate', 'all')"
	testsql.Refused(t, database.Pool, "PS401", on) // the superuser is no user
	stranger := database.Login(t, "postern_admin")
	testsql.Refused(t, stranger.Pool, "PS401", on)
	ticket := ada.Answer(t, ada.Asked(t, on).Challenge, "no such pin 1")
	testdb.RequireCode(t, ada.Try(t, on, ticket), "PS102")
	if got := testsql.Value[string](t, database.Pool, "select value from postern.setting where name = 'administration_gate'"); got != "none" {
		t.Fatalf("the setting is %q", got)
	}
	ada.Do(t, on)
	testsql.Refused(t, stranger.Pool, "PS401", switchOff)
	testsql.Refused(t, database.Pool, "PS401", "update postern_internal.gate set active = false where gate_id = 'APP_PAY'")
}

func TestOwnPINChangeAsksOnlyForTheOldPIN(t *testing.T) {
	t.Parallel()
	_, ada := gated(t, "all")
	const change = "select postern.set_pin('ada 83 917 4')"
	_, err := ada.Conn.Exec(t.Context(), change)
	asked := testdb.RequireCode(t, err, "PS101")
	if !strings.Contains(asked.Detail, "POSTERN_PIN_CHANGE") {
		t.Fatalf("it asks %s", asked.Detail)
	}
	challenge := testsql.Value[string](t, ada.Conn, "select postern.challenge('POSTERN_PIN_CHANGE')")
	if err := ada.Try(t, change, ada.Answer(t, challenge, ada.PIN)); err != nil {
		t.Fatal(err)
	}
	// The own PIN opens nothing else of that transaction.
	ada.PIN = "ada 83 917 4"
	challenge = testsql.Value[string](t, ada.Conn, "select postern.challenge('POSTERN_PIN_CHANGE')")
	ticket := ada.Answer(t, challenge, ada.PIN)
	if asked := ada.Asked(t, "select postern.set_pin('ada 10 482 9'); "+switchOff, ticket); asked.Parameters.Changes != "Gate APP_PAY switched off" {
		t.Errorf("it asks %+v", asked)
	}
}

// Administrators enrol their own authenticator app with their own PIN, and need no approval of the administration.
func TestOwnAppIsEnrolledWithTheOwnPIN(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "")
	testsql.Run(t, database.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	ada.Do(t, "select postern.set_setting('administration_gate', 'all')")
	ticket := ada.Answer(t, testsql.Value[string](t, ada.Conn, "select postern.challenge('POSTERN_TOTP_ENROL')"), ada.PIN)
	tx := ada.Begin(t, pgx.TxOptions{})
	testsql.Run(t, tx, "select postern.open_gates($1::text)", ticket)
	key, err := otp.NewKeyFromURL(testsql.Value[string](t, tx, "select postern.enrol_totp()"))
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatalf("the enrolment: %v", err)
	}
	// Her own PIN enrols nobody else, and opens no other change of that transaction.
	asked := ada.Asked(t, "select postern.remove_totp('ADA')")
	if !strings.Contains(asked.Parameters.Changes, "Credential ADA changed: totp_pending") {
		t.Errorf("it asks %s", asked.Parameters.Changes)
	}

	confirm := &struct{ Challenge string }{}
	_, err = ada.Conn.Exec(t.Context(), "select postern.confirm_totp()")
	if err := json.Unmarshal([]byte(testdb.RequireCode(t, err, "PS101").Detail), confirm); err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(key.Secret(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ticket = testsql.Value[string](t, ada.Conn, "select postern.authenticate($1, 'ADA', $2, scheme => 'TOTP')::text", confirm.Challenge, code)
	if asked := ada.Asked(t, "select postern.confirm_totp(); "+switchOff, ticket); asked.Parameters.Changes != "Gate APP_PAY switched off" {
		t.Errorf("it asks %s", asked.Parameters.Changes)
	}
	if err := ada.Try(t, "select postern.confirm_totp()", ticket); err != nil {
		t.Fatalf("the confirmation: %v", err)
	}
	if got := testsql.Value[string](t, database.Pool, "select totp from postern.user_account where userid = 'ADA'"); got != "set" {
		t.Errorf("the app is %s", got)
	}
	// A code is no answer at the gate of the administration.
	testsql.Refused(t, ada.Conn, "PS107", "select postern.authenticate($1, 'ADA', $2, scheme => 'TOTP')", ada.Asked(t, switchOff).Challenge, code)
}

// A receiver that answers 410 is disabled by the worker, who is nobody. An administrator with the worker's role is not
// spared.
func TestWorkerDisablesAGoneReceiver(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	ada.Do(t, "select postern.add_event_action('TELL', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'channel', null, null, false)")
	const gone = "select postern.disable_gone_event_action('TELL', 'channel', '410 Gone')"
	both := database.Login(t, "postern_admin", "postern_event_worker")
	testsql.Refused(t, both.Pool, "PS401", gone)
	ada.Asked(t, "select postern.remove_event_action('TELL')")
	worker := database.Login(t, "postern_event_worker")
	testsql.Run(t, worker.Pool, gone)
	if testsql.Value[bool](t, database.Pool, "select disabled_at is null from postern_internal.event_action where name = 'TELL'") {
		t.Error("the action is enabled")
	}
}

// Nobody can answer any more: the owner of Postern lifts the gate, and the log says who did.
func TestOwnerLiftsTheGate(t *testing.T) {
	t.Parallel()
	database, ada := gated(t, "all")
	const lift = "select postern_internal.lift_administration_gate('Ada has left, case 17')"
	testsql.Fails(t, ada.Conn, "42501", lift)
	testsql.Refused(t, database.Pool, "PS107", "select postern_internal.lift_administration_gate(' ')")
	testsql.Run(t, database.Pool, lift)
	if err := ada.Try(t, switchOff); err != nil {
		t.Error(err)
	}
	if got := testsql.Value[string](t, database.Pool, "select message from postern.administration_log where kind = 'administration_gate'"); got != "Gate POSTERN_ADMINISTRATION lifted by the owner of Postern: Ada has left, case 17" {
		t.Errorf("the log says %q", got)
	}
	if testsql.Value[bool](t, database.Pool, "select stops from postern_internal.gate where gate_id = 'POSTERN_ADMINISTRATION'") {
		t.Error("the gate still stops")
	}
}

// The files of an application are approved once. Their digests come first in the request.
func TestApplicationOfFilesIsApprovedOnce(t *testing.T) {
	t.Parallel()
	_, ada := gated(t, "all")
	digest := strings.Repeat("0f", 32)
	apply := "select postern.record_apply('{" + digest + "}', 1, 1, 0); select postern.create_company('10', 'Nordic Paper'); " + switchOff
	asked := ada.Asked(t, apply)
	if !strings.HasPrefix(asked.Parameters.Changes, "configuration applied: 1 created, 1 changed, 0 removed; SHA-256 "+digest+"; ") ||
		!strings.Contains(asked.Parameters.Changes, "Gate APP_PAY switched off") {
		t.Errorf("it asks %s", asked.Parameters.Changes)
	}
	ada.Do(t, apply)
}

// The same transaction is sent twice, so a recorded value that differs each time may not be part of what is approved.
func TestApprovalIsOfNothingThatDiffersEachTime(t *testing.T) {
	t.Parallel()
	database := newAdministered(t)
	columns := testsql.Values[string](t, database.Pool, `
select distinct a.attname::text
  from postern_internal.administered_column() as c
  join postern_internal.administered_table() as t on t.table_name = c.table_name and t.kind is not null
  join pg_catalog.pg_attribute as a on a.attrelid = ('postern_internal.' || c.table_name)::regclass and a.attname = c.column_name
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where c.treatment in ('key', 'recorded')
   and (a.atttypid = 'timestamptz'::regtype or a.attidentity <> '' or pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ 'nextval|random|clock|now')
 order by 1`)
	if len(columns) < 5 {
		t.Fatalf("only %q were found", columns)
	}
	for _, column := range columns {
		switch column {
		case "installation_id", "built_at": // only the owner installs, without an approval
		case "since", "until": // months
		case "class_id", "event_action_id": // entries have the name instead
		default:
			if testsql.Value[bool](t, database.Pool, "select postern_internal.repeatable_change(jsonb_build_object($1::text, '7')) = jsonb_build_object($1::text, '7')", column) {
				t.Errorf("%s is part of what is approved", column)
			}
		}
	}
}
