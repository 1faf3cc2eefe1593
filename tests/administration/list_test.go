package administration_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// unlisted are the tables, and the columns of administered tables, that nobody has judged.
const unlisted = `
select c.relname || coalesce('.' || a.attname, '')
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace and n.nspname in ('postern', 'postern_internal')
  left join postern_internal.administered_table() as t on t.table_name = c.relname
  left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and t.kind is not null
 where c.relkind in ('r', 'p')
   and (not c.relispartition or c.relname !~ '^checkpoint_entry_[0-9_]+$')
   and (t.table_name is null
        or a.attname is not null
           and (select count(*) from postern_internal.administered_column() as l where l.table_name = c.relname and l.column_name = a.attname) <> 1)
 order by 1`

// A new column of a table that says who may do what is either recorded or excluded on purpose.
func TestEachTableAndColumnIsJudged(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	for _, name := range testsql.Values[string](t, database.Pool, unlisted) {
		t.Errorf("%s is in neither administered_table nor administered_column", name)
	}
	for _, name := range testsql.Values[string](t, database.Pool, `
select l.table_name || '.' || l.column_name
  from postern_internal.administered_column() as l
 where not exists (select from pg_catalog.pg_attribute as a
                    where a.attrelid = ('postern_internal.' || l.table_name)::regclass and a.attname = l.column_name)
union all
select t.table_name
  from postern_internal.administered_table() as t
 where (t.kind is null) <> (t.not_recorded_because is not null)
    or to_regclass('postern_internal.' || t.table_name) is null and to_regclass('postern.' || t.table_name) is null`) {
		t.Errorf("%s is listed, and is not there, or has no reason", name)
	}
	// The query finds what it is there to find.
	testsql.Run(t, database.Pool, "alter table postern_internal.gate add column forgotten text; create table postern_internal.forgotten (a text)")
	if got := testsql.Values[string](t, database.Pool, unlisted); len(got) != 2 || got[0] != "forgotten" || got[1] != "gate.forgotten" {
		t.Errorf("unlisted are %q", got)
	}
}

// Whatever is made of random octets or of a PIN stays out of the log.
func TestNoSecretIsRecorded(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
select postern.create_user('ALICE', 'Alice', session_user::name);
select postern.create_session_key('key-1', 'a secret of more than thirty-two octets'::bytea);
select postern.register_gate('APP_PAY', 'Pay', 'Paid');
update postern_internal.session_secret set secret = sha512('a');
update postern_internal.server_key set inner_pad = sha512('b');
update postern_internal.session_key set outer_pad = sha512('c')`)
	webhook := testsql.Value[string](t, database.Pool, "select postern.add_event_action('chat', 'SECURITY_CHECKPOINT_DENIED', 'webhook', 'https://chat.example.com:8443/T0K3N?key=5ECRET')")
	testsql.Run(t, database.Pool, "update postern_internal.event_action set template = 'TEMP1ATE'")
	testsql.Run(t, database.Pool, "select postern.reset_pin('ALICE', $1)", "839174")
	testsql.Run(t, database.Pool, "select postern.change_event_action('chat', 'SECURITY_CHECKPOINT_DENIED', 'webhook', 'https://chat.example.com:8443/T0K3N?key=0THER5ECRET')")
	testsql.Run(t, database.Pool, "delete from postern_internal.session_key")

	log := testsql.Value[string](t, database.Pool, "select string_agg(e::text, ' ') from postern_internal.checkpoint_entry as e")
	for _, secret := range append(testsql.Values[string](t, database.Pool, `
select encode(secret, 'hex') from postern_internal.session_secret
union all select encode(secret, 'hex') from postern_internal.webhook_secret
union all select encode(p, 'hex') from postern_internal.server_key, unnest(array[inner_pad, outer_pad]) as p
union all select encode(sha512('c'), 'hex')
union all select hash from postern_internal.credential where hash is not null`),
		webhook, "839174", "T0K3N", "5ECRET", "TEMP1ATE", "thirty-two") {
		if contains := testsql.Value[bool](t, database.Pool, "select strpos($1, $2) > 0", log, secret); contains || secret == "" {
			t.Errorf("the log has the secret %q", secret)
		}
	}
	// But it says that each was changed, and where a webhook goes.
	for _, one := range []struct{ what, where string }{
		{"the session secret", "kind = 'session_secret' and after = '{\"secret\": \"(not recorded)\"}'"},
		{"a server's key", "kind = 'server_key' and key = '{\"purpose\": \"pin\"}' and after = '{\"inner_pad\": \"(not recorded)\"}'"},
		{"a session key", "kind = 'session_key' and operation = 'changed'"},
		{"the PIN", "kind = 'credential' and about_userid = 'ALICE' and after ->> 'hash' = '(not recorded)' and before -> 'hash' = 'null'"},
		{"the webhook", "kind = 'event_action' and operation = 'added' and after ->> 'target' = 'https://chat.example.com:8443/...'"},
		{"the webhook's path", "kind = 'event_action' and operation = 'changed' and after ->> 'target' = 'https://chat.example.com:8443/...'"},
	} {
		if !testsql.Value[bool](t, database.Pool, "select exists (select from postern.administration_log where "+one.where+")") {
			t.Errorf("the log does not say that %s was changed", one.what)
		}
	}
}

// Approving changes rows of credential with each attempt. An entry by the verdict would tell it.
func TestAttemptsAreNotAdministered(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
select postern.create_user('ALICE', 'Alice', session_user::name);
select postern.reset_pin('ALICE', '839174');
update postern_internal.credential set must_change = false;
select postern.register_gate('APP_PAY', 'Pay', 'Paid', active => true);
select postern.set_setting('max_failures', '2')`)
	database.ForgetLog(t)
	for _, pin := range []string{"839174", "111111", "222222", "839174"} {
		challenge := testsql.Value[string](t, database.Pool, "select postern.challenge('APP_PAY')")
		testsql.Run(t, database.Pool, "select postern.authenticate($1, 'ALICE', $2)", challenge, pin)
	}
	if got := testsql.Value[string](t, database.Pool, "select string_agg(outcome::text, ' ' order by log_id) from postern_internal.checkpoint_entry"); got != "accepted denied locked refused" {
		t.Errorf("the log has: %s", got)
	}
}
