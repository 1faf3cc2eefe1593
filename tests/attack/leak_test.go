package attack

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// secretPIN is a text that occurs nowhere by chance.
const secretPIN = "Zq7-correct-horse-31"

// watch collects what the server says on a connection. With client_min_messages = log this includes what it writes into
// its log, because messages for the log go to the client as well.
func (s *scene) watch(t testing.TB) (*pgx.Conn, func() string) {
	t.Helper()
	testsql.Run(t, s.Pool, "alter role "+s.application.Name+" set client_min_messages = log")
	connection, notices := s.listen(t)
	return connection, func() string {
		said := strings.Builder{}
		for _, notice := range *notices {
			said.WriteString(everything((*pgconn.PgError)(notice)) + "\n")
		}
		*notices = nil
		return said.String()
	}
}

// everything has each field of an error that can contain text.
func everything(e *pgconn.PgError) string {
	return strings.Join([]string{e.Message, e.Detail, e.Hint, e.Where, e.InternalQuery, e.SchemaName, e.TableName,
		e.ColumnName, e.DataTypeName, e.ConstraintName}, "\n")
}

// requireSilent fails if anything that a server said has the secret, in any spelling.
func requireSilent(t testing.TB, what, said string) {
	t.Helper()
	if strings.Contains(strings.ToLower(said), strings.ToLower(secretPIN)) || strings.Contains(said, fmt.Sprintf("%x", secretPIN)) {
		t.Errorf("%s tells the PIN: %s", what, said)
	}
}

func TestActivityShowsNoPIN(t *testing.T) {
	s := newScene(t, alice)
	s.givePIN(t, alice, secretPIN)
	holder, connection := s.connect(t), s.connect(t)
	asked := challenge(t, connection, alice, approveGate, invoice)

	// The attempt waits for another one, so that there is time to look.
	look := func(sql string, arguments ...any) string {
		hold := begin(t, holder, alice)
		testsql.Value[string](t, hold, authenticate, asked, alice, wrongPIN)
		tx := begin(t, connection, alice)
		done := make(chan error, 1)
		go func() {
			_, err := tx.Exec(t.Context(), sql, arguments...)
			done <- err
		}()
		waitUntilBlocked(t, s.Pool, connection.PgConn().PID())
		seen := testsql.Value[string](t, s.Pool, "select query from pg_catalog.pg_stat_activity where pid = $1", connection.PgConn().PID())
		rollback(t, hold)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		rollback(t, tx)
		return seen
	}
	naive := look(fmt.Sprintf("select postern.authenticate('%s', '%s', '%s')", asked, alice, secretPIN))
	if !strings.Contains(naive, secretPIN) {
		t.Fatalf("the naive client withstood: %s", naive)
	}
	requireSilent(t, "pg_stat_activity", look(authenticate, asked, alice, secretPIN))
}

func TestLogShowsNoPIN(t *testing.T) {
	s := newScene(t, alice)
	s.givePIN(t, alice, secretPIN)
	for _, setting := range []string{"log_statement = 'all'", "log_min_duration_statement = 0", "log_error_verbosity = 'verbose'"} {
		testsql.Run(t, s.Pool, "alter role "+s.application.Name+" set "+setting)
	}
	pass := func(connection *pgx.Conn) {
		testsql.Run(t, s.Pool, "select postern.unlock_user($1)", alice)
		asked := challenge(t, connection, alice, approveGate, invoice)
		answer(t, connection, alice, asked, alice, secretPIN)
		answer(t, connection, alice, asked, alice, secretPIN+"?")
		answer(t, connection, alice, asked, "NOBODY", secretPIN)
		tx := begin(t, connection, alice)
		refusedAndGoOn(t, tx, "PS107", "select postern.authenticate($1, $2, $3, $4)", asked, alice, secretPIN, strings.Repeat("c", 2001))
		testsql.Refused(t, tx, "PS101", "select postern.set_pin($1)", secretPIN)
		rollback(t, tx)
	}

	// A server that logs every statement also logs bound values, unless its administrator decides otherwise.
	connection, said := s.watch(t)
	pass(connection)
	if heard := said(); !strings.Contains(heard, secretPIN) {
		t.Fatalf("a server that logs parameters told nothing: %s", heard)
	}
	testsql.Run(t, s.Pool, "alter role "+s.application.Name+" set log_parameter_max_length = 0")
	connection, said = s.watch(t)
	pass(connection)
	heard := said()
	if !strings.Contains(heard, "postern.authenticate") {
		t.Fatalf("the server logged nothing: %s", heard)
	}
	requireSilent(t, "the server's log", heard)
}

// Whatever goes wrong while a PIN is used: no field of the error contains it.
func TestErrorsShowNoPIN(t *testing.T) {
	s := newScene(t, alice)
	s.givePIN(t, alice, secretPIN)
	testsql.Run(t, s.Pool, `
create function public.naive_authenticate(response text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  execute format('select 1 / 0 from postern_internal.credential where hash = %L', response);
  return true;
end $$;
grant execute on function public.naive_authenticate(text) to public`)
	connection, said := s.watch(t)
	_, err := connection.Exec(t.Context(), "select public.naive_authenticate($1)", secretPIN)
	var naive *pgconn.PgError
	if !errors.As(err, &naive) || !strings.Contains(everything(naive), secretPIN) {
		t.Fatalf("the naive version withstood: %v", err)
	}
	said()

	asked := challenge(t, connection, alice, approveGate, invoice)
	holder := s.connect(t)
	hold := begin(t, holder, alice)
	testsql.Value[string](t, hold, authenticate, asked, alice, wrongPIN)
	testsql.Run(t, s.Pool, "grant postern_admin to "+s.application.Name)
	for name, failing := range map[string]struct {
		code      string
		prepare   string
		sql       string
		arguments []any
	}{
		"lock timeout":      {"55P03", "set local lock_timeout = '10ms'", authenticate, []any{asked, alice, secretPIN}},
		"statement timeout": {"57014", "set local statement_timeout = '60ms'", authenticate, []any{asked, alice, secretPIN}},
		"read only":         {"25006", "set transaction read only", authenticate, []any{asked, alice, secretPIN}},
		"no challenge":      {"PS103", "select 1", authenticate, []any{"x.y", alice, secretPIN}},
		"PIN as challenge":  {"PS103", "select 1", authenticate, []any{secretPIN, alice, secretPIN}},
		"other scheme":      {"PS107", "select 1", "select postern.authenticate($1, $2, $3, null, 'TOTP')", []any{asked, alice, secretPIN}},
		"no user":           {"PS107", "select 1", authenticate, []any{asked, nil, secretPIN}},
		"set_pin":           {"PS101", "select 1", "select postern.set_pin($1)", []any{secretPIN}},
		"reset_pin":         {"PS107", "select 1", "select postern.reset_pin('NOBODY', $1)", []any{secretPIN}},
		"policy, too long":  {"PS109", "select 1", "select postern.set_pin($1)", []any{secretPIN + strings.Repeat("x", 200)}},
		"policy, repeated":  {"PS109", "select 1", "select postern.reset_pin($1, $2)", []any{alice, secretPIN + secretPIN}},
	} {
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, failing.prepare)
		_, err := tx.Exec(t.Context(), failing.sql, failing.arguments...)
		var got *pgconn.PgError
		if !errors.As(err, &got) || got.Code != failing.code {
			t.Errorf("%s: got %v, want the code %s", name, err, failing.code)
		} else {
			requireSilent(t, name, everything(got))
		}
		rollback(t, tx)
		requireSilent(t, name, said())
	}
	rollback(t, hold)
}

// A session may make the parser print what it works on, to the server's log and to itself.
func TestDebugOutputShowsNoPIN(t *testing.T) {
	s := newScene(t, alice)
	s.givePIN(t, alice, secretPIN)
	testsql.Run(t, s.Pool, `
create function public.naive_authenticate(response text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_right boolean;
begin
  select c.hash = encode(sha256(response::bytea), 'hex') into is_right from postern_internal.credential as c;
  return is_right;
end $$;
grant execute on function public.naive_authenticate(text) to public`)
	connection, said := s.watch(t)
	testsql.Run(t, connection, "set debug_pretty_print = off")
	for _, setting := range []string{"debug_print_parse", "debug_print_rewritten", "debug_print_plan"} {
		testsql.Run(t, connection, "set "+setting+" = on")
	}
	// A plan shows a value as its bytes, in decimal.
	bytes := strings.Trim(fmt.Sprint([]byte(secretPIN)), "[]")
	testsql.Run(t, connection, "set plan_cache_mode = force_custom_plan")
	testsql.Run(t, connection, "select public.naive_authenticate(pg_catalog.current_setting('naive.pin', true))")
	testsql.Run(t, connection, "select pg_catalog.set_config('naive.pin', $1, false)", secretPIN)
	said()
	testsql.Run(t, connection, "select public.naive_authenticate(pg_catalog.current_setting('naive.pin', true))")
	digest := testsql.Value[string](t, s.Pool, "select pg_catalog.encode(pg_catalog.convert_to(pg_catalog.encode(pg_catalog.sha256($1::bytea), 'hex'), 'UTF8'), 'escape')", secretPIN)
	if heard := unwrap(said()); !strings.Contains(heard, bytes) && !strings.Contains(heard, strings.Trim(fmt.Sprint([]byte(digest)), "[]")) {
		t.Fatal("the naive version withstood")
	}

	asked := challenge(t, connection, alice, approveGate, invoice)
	said()
	tx := begin(t, connection, alice)
	testsql.Value[string](t, tx, "select postern.authenticate($1, $2, pg_catalog.current_setting('naive.pin', true))::text", asked, alice)
	commit(t, tx)
	heard := unwrap(said())
	if !strings.Contains(heard, "parse tree") {
		t.Fatal("nothing was printed")
	}
	requireSilent(t, "the parse tree", heard)
	if strings.Contains(heard, bytes) {
		t.Error("a plan has the PIN as bytes")
	}
}

// unwrap undoes the line breaks in a printed tree.
func unwrap(text string) string { return strings.Join(strings.Fields(text), " ") }

// A dump, a backup or the disk shows no PIN: it is in no row, and its hash alone does not help.
func TestTablesHoldNoPIN(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "create table public.naive_credential as select $1::text as pin", secretPIN)
	s.givePIN(t, alice, secretPIN)
	connection := s.connect(t)
	asked := challenge(t, connection, alice, approveGate, invoice)
	answer(t, connection, alice, asked, alice, secretPIN)
	answer(t, connection, alice, asked, alice, secretPIN+"?")

	contents := func(table string) string {
		return strings.Join(testsql.Values[string](t, s.Pool, "select r::pg_catalog.text from "+table+" as r"), "\n")
	}
	if !strings.Contains(contents("public.naive_credential"), secretPIN) {
		t.Fatal("the naive version withstood")
	}
	for _, table := range testsql.Values[string](t, s.Pool, `
select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c
 where c.relowner = 'postern_owner'::pg_catalog.regrole and c.relkind = 'r'`) {
		requireSilent(t, table, contents(table))
	}
	// bcrypt of the PIN itself could be guessed offline. This one hashes a digest with a key that is not in the row.
	if testsql.Value[bool](t, s.Pool, "select c.hash = public.crypt($1, c.hash) from postern_internal.credential as c", secretPIN) {
		t.Error("the hash is of the bare PIN")
	}
	if _, err := connection.Exec(t.Context(), "select hash from postern_internal.credential"); testdb.Code(err) != "42501" {
		t.Errorf("reading the hash: %v", err)
	}
}

// explaining is auto_explain as an administrator may load it, to find slow statements.
const explaining = `
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_verbose = on`

// auto_explain logs statements inside functions, with the values for which their plans were made.
func TestExplainedStatementsShowNoPIN(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive_set_pin(new_pin text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update postern_internal.credential set hash = postern_internal.hash_pin(new_pin, postern_internal.bcrypt_salt());
end $$`)
	// A superuser, because nobody else may load it; the session's own user otherwise.
	testsql.Run(t, s.Pool, "alter role "+s.application.Name+" superuser")
	connection, said := s.watch(t)
	testsql.Run(t, connection, explaining)
	secret := []byte(secretPIN + secretPIN) // at least 32 bytes
	// The arguments come from a setting. The statement at the top has arguments of its own, which its sender has to
	// hide.
	testsql.Run(t, connection, "select pg_catalog.set_config('test.pin', $1, false), pg_catalog.set_config('test.secret', $2, false)",
		secretPIN, fmt.Sprintf("%x", secret))
	const pin = "pg_catalog.current_setting('test.pin')"
	tx := begin(t, connection, alice)
	said()
	testsql.Run(t, tx, "select public.naive_set_pin("+pin+")")
	if heard := said(); !strings.Contains(heard, secretPIN) {
		t.Fatalf("the naive version withstood: %s", heard)
	}
	rollback(t, tx)

	do := func(statements ...string) {
		t.Helper()
		tx := begin(t, connection, alice)
		for _, statement := range statements {
			testsql.Run(t, tx, statement)
		}
		commit(t, tx)
	}
	asked := literal(challenge(t, connection, alice, approveGate, invoice))
	said()
	do("select postern.reset_pin('ALICE', " + pin + ")")
	pinAsked := literal(challenge(t, connection, alice, pinGate, "{}"))
	do("select pg_catalog.set_config('test.ticket', postern.authenticate(" + pinAsked + ", 'ALICE', " + pin + ")::text, false)")
	do("select postern.open_gates(pg_catalog.current_setting('test.ticket'))", "select postern.set_pin("+pin+" || ' and new')")
	do("select postern.authenticate(" + asked + ", 'ALICE', " + pin + " || ' and new')")
	do("select postern.authenticate(" + asked + ", 'NOBODY', " + pin + ")")
	do("select postern.create_session_key('explained', pg_catalog.decode(pg_catalog.current_setting('test.secret'), 'hex'))")
	for _, refused := range []string{"repeat(" + pin + ", 9)", pin + " || " + pin, "left(" + pin + ", 3)"} {
		testsql.Refused(t, connection, "PS109", "select postern.reset_pin('ALICE', "+refused+")")
	}
	heard := said()
	if !strings.Contains(heard, "update postern_internal.credential") || !strings.Contains(heard, "insert into postern_internal.session_key") {
		t.Fatalf("nothing was explained: %s", heard)
	}
	requireSilent(t, "auto_explain", heard)
	for _, row := range testsql.Values[string](t, s.Pool, `
select pg_catalog.encode(inner_pad, 'hex') from postern_internal.session_key
union all select pg_catalog.encode(outer_pad, 'hex') from postern_internal.session_key
union all select hash from postern_internal.credential`) {
		if strings.Contains(heard, row) {
			t.Error("auto_explain tells a key or a hash")
		}
	}
	if !s.worksAs(t, connection, alice, approveGate, invoice, secretPIN+" and new") {
		t.Error("the PIN was not changed")
	}
}

// The numbers of denials are for monitoring. An attempt in the caller's own transaction is not among them, because that
// transaction can still roll it back.
func TestCountedOutcomesHideTheCallersAttempt(t *testing.T) {
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
create function public.naive_count(since pg_catalog.pg_snapshot) returns bigint language sql security definer as $$
  select count(*) from postern_internal.checkpoint_entry as e where e.outcome in ('denied', 'locked') and e.transaction_id >= pg_catalog.pg_snapshot_xmax(since)
$$`)
	since := testsql.Value[string](t, database.Pool, "select until::text from postern.count_outcomes(null)")
	for outcome, naive := range map[string]int64{"accepted": 0, "denied": 1, "locked": 1} {
		tx, err := database.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Within(t, tx, func(tx pgx.Tx) {
			testsql.Run(t, tx, `insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters)
values ($1::postern_internal.outcome, 'G', 'ALICE', 'm', '{}')`, outcome)
			if got := testsql.Value[int64](t, tx, "select public.naive_count($1::text::pg_catalog.pg_snapshot)", since); got != naive {
				t.Fatalf("the naive version withstood: it counts %d for an attempt that was %s", got, outcome)
			}
			if got := testsql.Value[int64](t, tx, "select denied + locked + refused from postern.count_outcomes($1::text::pg_catalog.pg_snapshot)", since); got != 0 {
				t.Errorf("%d denials are counted for an attempt that was %s", got, outcome)
			}
		})
		rollback(t, tx)
	}
}
