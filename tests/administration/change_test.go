package administration_test

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// lastMessages returns the messages of the entries behind a log_id, oldest first.
func lastMessages(t *testing.T, database *testdb.Database, after int64) string {
	t.Helper()
	return strings.Join(testsql.Values[string](t, database.Pool,
		"select message from postern.administration_log where log_id > $1 order by log_id", after), "\n")
}

func highest(t *testing.T, database *testdb.Database) int64 {
	t.Helper()
	return testsql.Value[int64](t, database.Pool, "select postern.highest_log_id()")
}

// Whoever may do something else afterwards is on the record, whatever the function was.
func TestEveryChangeOfWhoMayDoWhatIsRecorded(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	for _, one := range []struct{ change, want string }{
		{"select postern.register_gate('APP_PAY', 'Pay', 'Paid')", "gate APP_PAY added"},
		{"select postern.register_gate('APP_PAY', 'Pay', 'Paid')", ""},
		{"select postern.set_gate_active('APP_PAY', true)", "gate APP_PAY changed: active, active_administered"},
		{"select postern.set_gate_message('APP_PAY', 'Paid at last')", "gate APP_PAY changed: message, message_administered"},
		{"select postern.make_gate_exclusive('APP_PAY')", "gate APP_PAY changed: exclusive"},
		{"select postern.set_setting('max_failures', '3')", "setting max_failures changed: value"},
		{"select postern.set_setting('max_failures', '3')", ""},
		{"select postern.create_user('ALICE', 'Alice')", "user ALICE added"},
		{"select postern.set_user_description('ALICE', 'Alice B.')", "user ALICE changed: description"},
		{"select postern.reset_pin('ALICE', '839174')", "credential ALICE changed: hash\ncredential ALICE changed: unlocked_at"},
		{"select postern.unlock_user('ALICE')", "credential ALICE changed: unlocked_at"},
		{"select postern.set_user_db_role('ALICE', session_user::name)", "user ALICE changed: db_role"},
		{"select postern.set_user_db_role('ALICE', null)", "user ALICE changed: db_role"},
		{"select postern.create_session_key('key-1', sha256('x'))", "session key key-1 added"},
		{"select postern.retire_session_key('key-1')", "session key key-1 changed: retired_at"},
		{"create function public.check_card(userid text, response text, challenge jsonb) returns boolean language sql security definer set search_path = pg_catalog as 'select false'; select postern.register_scheme('CARD', 'public.check_card(text, text, jsonb)')", "scheme CARD added"},
		{"select postern.set_scheme_enabled('CARD', false)", "scheme CARD changed: enabled"},
		{"select postern.create_company('10', 'Ten')", "company 10 added\nauthority class MAX 10 added\nauthority combination MAX 10 1 added"},
		{"select postern.set_company_name('10', 'Tenth')", "company 10 changed: name"},
		{"select postern.set_row_level_security('10', true)", "company 10 changed: row_level_security"},
		{"select postern.grant_company('ALICE', '10')", "company user ALICE 10 added"},
		{"select postern.grant_company('ALICE', '10', true)", "company user ALICE 10 changed: is_default"},
		{"select postern.create_authority_class('10', 'SALES')", "authority class SALES 10 added"},
		{"select postern.add_authority_combination('10', 'SALES', true, '3%')", "authority combination SALES 10 2 added"},
		{"select postern.set_user_authority_class('10', 'ALICE', 'SALES')", "company user ALICE 10 changed: class"},
		{"select postern.remove_authority_combination(2)", "authority combination SALES 10 2 removed"},
		{"select postern.create_ledger('10', 'IFRS')", "ledger 10 IFRS added\nauthority class MAX 10 IFRS added\nauthority combination MAX 10 3 IFRS added"},
		{"select postern.grant_ledger('10', 'IFRS', 'ALICE')", "ledger user ALICE 10 IFRS added"},
		{"select postern.create_ledger_class('10', 'IFRS', 'ALL')", "authority class ALL 10 IFRS added"},
		{"select postern.add_ledger_combination('10', 'IFRS', 'ALL', true)", "authority combination ALL 10 4 IFRS added"},
		{"select postern.set_user_ledger_class('10', 'IFRS', 'ALICE', 'ALL')", "ledger user ALICE 10 IFRS changed: class"},
		{"select postern.revoke_ledger('10', 'IFRS', 'ALICE')", "ledger user ALICE 10 IFRS removed"},
		{"select postern.grant_ledger('10', 'IFRS', 'ALICE'); select postern.revoke_company('ALICE', '10')", "ledger user ALICE 10 IFRS added\ncompany user ALICE 10 removed\nledger user ALICE 10 IFRS removed"},
		{"select postern.register_action('Pay', 'APP_PAY')", "action Pay added"},
		{"select postern.register_action('Pay', null, '{APP_PAY}')", "action Pay changed: checkpoint, legacy_checkpoints"},
		{"select postern.remove_action('Pay')", "action Pay removed"},
		{"create table public.invoice (company text not null, amount numeric); select postern.protect_company('public.invoice')", "protection invoice public added"},
		{"select postern.unprotect('public.invoice')", "protection invoice public removed"},
		{"select postern.protect_gate('public.invoice', 'APP_PAY')", "protection APP_PAY invoice public added"},
		{"select postern.unprotect_gate('public.invoice', 'APP_PAY')", "protection APP_PAY invoice public removed"},
		{"select postern.add_event_action('chat', 'SECURITY_CHECKPOINT_DENIED', 'webhook', 'https://chat.example.com/T0K3N')", "event action chat added\nwebhook secret chat 1 added"},
		{"select postern.rotate_webhook_secret('chat')", "webhook secret chat 1 changed: expires_at\nwebhook secret chat 2 added"},
		{"select postern.change_event_action('chat', 'SECURITY_CHECKPOINT_DENIED', 'webhook', 'https://chat.example.com/0TH3R')", "event action chat changed: target"},
		{"select postern.remove_event_action('chat')", "event action chat removed\nwebhook secret 1 1 removed\nwebhook secret 1 2 removed"},
		{"select postern.set_event_enabled('SECURITY_CHECKPOINT_DENIED', false)", "event SECURITY_CHECKPOINT_DENIED changed: enabled"},
		{"select postern.set_user_active('ALICE', false)", "user ALICE changed: active"},
	} {
		before := highest(t, database)
		testsql.Run(t, database.Pool, one.change)
		if got := lastMessages(t, database, before); got != one.want {
			t.Errorf("%s\nis recorded as:\n%s\nwant:\n%s", one.change, got, one.want)
		}
	}
}
