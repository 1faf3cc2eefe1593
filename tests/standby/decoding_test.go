package standby_test

import (
	"bytes"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	. "github.com/posternsql/postern/internal/testsql"
)

// What docs/security.md says of a login with REPLICATION and nothing else. Logical decoding asks for no grant.
func TestLogicalDecodingShowsWhatGrantsHide(t *testing.T) {
	requireBinaries(t)
	logical := start(t, server.Options{Settings: map[string]string{"wal_level": "logical"}})
	superuser := connect(t, logical, "", "")
	if _, err := install.Install(t.Context(), superuser.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	password := rand.Text()
	Run(t, superuser, "create role watcher login replication password '"+password+"'")
	watcher := connect(t, logical, "watcher", password)
	for _, table := range []string{"credential", "ticket", "session_key", "checkpoint_entry"} {
		Fails(t, watcher, "42501", "select from postern_internal."+table)
	}
	Run(t, watcher, "select pg_create_logical_replication_slot('before', 'test_decoding')")
	seen := func(slot, text string) bool {
		t.Helper()
		return Value[bool](t, watcher, "select coalesce(bool_or(strpos(c.data, $2) > 0), false) from pg_logical_slot_peek_changes($1, null, null) as c", slot, text)
	}

	const typed = "mistyped 8391 pin"
	Run(t, superuser, "select postern.create_session_key('web', decode(repeat('c0ffee00', 8), 'hex'))")
	Run(t, superuser, "select postern.create_user('ANN', 'Ann'); select postern.reset_pin('ANN', 'ann 48 29 13')")
	Run(t, superuser, "begin; select postern.assume_user('ANN'); select postern.authenticate(postern.challenge('POSTERN_PIN_CHANGE'), '"+typed+"', 'ann 48 29 13'); commit")
	Run(t, superuser, "select postern.set_user_active('ANN', false)")
	for what, text := range map[string]string{
		"the hash of a PIN":         Value[string](t, superuser, "select hash from postern_internal.credential"),
		"a ticket":                  Value[string](t, superuser, "select ticket::text from postern_internal.ticket"),
		"a verdict":                 "verdict[postern_internal.verdict]:'denied'",
		"a session key":             Value[string](t, superuser, `select inner_pad::text from postern_internal.session_key`),
		"the log, with typed names": typed,
	} {
		if !seen("before", text) {
			t.Errorf("%s is not seen", what)
		}
	}
	if seen("before", "ann 48 29 13") {
		t.Error("a PIN is seen")
	}

	folder := t.TempDir()
	key, heads := filepath.Join(folder, "log.key"), filepath.Join(folder, "heads")
	run := func(arguments ...string) {
		t.Helper()
		var out, complaints bytes.Buffer
		if code := cli.Main(t.Context(), arguments, nil, &out, &complaints); code != 0 {
			t.Fatal(arguments, code, complaints.String())
		}
	}
	run("log", "key", "create", "--key", key, "--origin", "erp.example.com/log")
	run("log", "seal", "--key", key, "--heads", heads, "--database-url", logical.URL)
	Run(t, watcher, "select pg_create_logical_replication_slot('between', 'test_decoding')")
	run("log", "redact", "--user", typed, "--reason", "Request 2026-17", "--key", key, "--heads", heads, "--yes", "--database-url", logical.URL)
	if Value[bool](t, superuser, "select exists (select from postern_internal.checkpoint_entry as e where strpos(e::text, $1) > 0)", typed) {
		t.Fatal("nothing was redacted")
	}
	// A slot keeps the values until it has been read beyond them. The redaction itself does not show them again.
	if !seen("before", typed) {
		t.Error("a slot that lags has lost the value")
	}
	if !seen("between", "table postern_internal.checkpoint_entry") || seen("between", typed) {
		t.Error("the redaction is not seen, or it shows the value")
	}
	Run(t, watcher, "select count(*) from pg_logical_slot_get_changes('before', null, null)")
	if seen("before", typed) {
		t.Error("a slot that was read shows the value")
	}

	// With the old row in each change, the redaction gives out what it removes.
	Run(t, superuser, `do $$ declare part regclass; begin
  for part in select relid from pg_partition_tree('postern_internal.checkpoint_entry') loop
    execute format('alter table %s replica identity full', part);
  end loop;
end $$`)
	Run(t, superuser, "select postern.set_user_active('ANN', true)")
	const again = "mistyped 4711 pin"
	Run(t, superuser, "begin; select postern.assume_user('ANN'); select postern.authenticate(postern.challenge('POSTERN_PIN_CHANGE'), '"+again+"', 'ann 48 29 13'); commit")
	run("log", "seal", "--key", key, "--heads", heads, "--database-url", logical.URL)
	Run(t, watcher, "select count(*) from pg_logical_slot_get_changes('between', null, null)")
	if seen("between", again) {
		t.Fatal("the slot was not read")
	}
	run("log", "redact", "--user", again, "--reason", "Request 2026-18", "--key", key, "--heads", heads, "--yes", "--database-url", logical.URL)
	if !strings.Contains(strings.Join(Values[string](t, watcher, "select data from pg_logical_slot_peek_changes('between', null, null)"), "\n"), again) {
		t.Error("replica identity full shows no old value; docs/log.md says that it does")
	}
	Run(t, watcher, "select pg_drop_replication_slot(s) from unnest('{before,between}'::text[]) as s")
}
