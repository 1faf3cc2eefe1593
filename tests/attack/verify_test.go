package attack

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// tellingVerify is a verify function that reveals its verdict in every possible way: a wrong response raises an error,
// and a right one locks, changes settings, warns and notifies.
const tellingVerify = `
create table public.card (userid text primary key);
create function public.verify(userid text, response text, challenge jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if userid is null or response <> 'alice 7391 pin' then
    raise exception 'wrong';
  end if;
  perform from public.card;
  perform pg_advisory_xact_lock(4711);
  perform set_config('verify.verdict', 'right', false);
  raise warning 'right';
  notify verified;
  return true;
end $$`

// naiveVerify answers with a random ticket, and counts. It only hides errors from the caller.
const naiveVerify = `
create table public.naive_attempt (verdict boolean not null);
create function public.naive_authenticate(userid text, response text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_right boolean;
begin
  begin
    is_right := public.verify(userid, response, '{}');
  exception when others or assert_failure then
    is_right := false;
  end;
  insert into public.naive_attempt values (is_right);
  return gen_random_uuid()::text;
end $$;
grant execute on function public.naive_authenticate(text, text) to public`

// observation is what somebody sees who authenticates, looks around in the same transaction, and rolls back.
type observation struct {
	outcome string // "a ticket", or the error
	alive   bool   // whether the connection still works
	notices string
	locks   string
	setting string
}

// observer is a session that its own actions may end.
type observer struct {
	scene      *scene
	connection *pgx.Conn
	notices    *[]*pgconn.Notice
}

// observe runs a statement that returns a ticket.
func (o *observer) observe(t testing.TB, settings, statement string, arguments ...any) observation {
	t.Helper()
	if o.connection == nil || o.connection.IsClosed() {
		o.connection, o.notices = o.scene.listen(t)
		testsql.Run(t, o.connection, settings)
	}
	tx := begin(t, o.connection, alice)
	*o.notices = nil
	ticket := ""
	err := tx.QueryRow(t.Context(), statement, arguments...).Scan(&ticket)
	seen := observation{outcome: "a ticket", notices: printout(*o.notices)}
	if err != nil {
		seen.outcome = testdb.Code(err) + " " + err.Error()
	}
	if seen.alive = !o.connection.IsClosed(); !seen.alive {
		return seen
	}
	if err == nil {
		seen.locks = testsql.Value[string](t, tx, `
select coalesce(string_agg(format('%s %s %s %s', l.locktype, l.relation::regclass, l.objid, l.mode), E'\n' order by l.locktype, l.relation, l.objid, l.mode), '')
  from pg_catalog.pg_locks as l
 where l.pid = pg_catalog.pg_backend_pid() and l.locktype <> 'virtualxid'`)
		seen.setting = testsql.Value[string](t, tx, "select coalesce(pg_catalog.current_setting('verify.verdict', true), '')")
	}
	rollback(t, tx)
	return seen
}

// userSettings are the settings that anybody may change, each with the values to try.
const userSettings = `
select s.name, v.value
  from pg_catalog.pg_settings as s
 cross join lateral (
         select pg_catalog.unnest(array['on', 'off']) where s.vartype = 'bool'
         union all select pg_catalog.unnest(s.enumvals) where s.vartype = 'enum'
         union all select pg_catalog.unnest(array[s.min_val, s.max_val]) where s.vartype in ('integer', 'real')
         union all select coalesce(s.boot_val, '') where s.vartype = 'string'
         union all select pg_catalog.unnest(array['SQL_ASCII', 'LATIN1']) where s.name = 'client_encoding'
         union all select 'public, pg_catalog' where s.name = 'search_path'
         union all select 'all' where s.name in ('plpgsql.extra_errors', 'plpgsql.extra_warnings')
       ) as v (value)
 where s.context = 'user'
   and v.value <> s.setting
   and s.name not in ('role', 'session_authorization')
 order by s.name, v.value`

// Whatever a session sets, it sees the same for a right response, a wrong one, and an unknown name.
func TestNoSettingTellsTheVerdict(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, tellingVerify)
	testsql.Run(t, s.Pool, naiveVerify)
	testsql.Run(t, s.Pool, registerScheme, codeScheme, "public.verify(text,text,jsonb)")
	connection := s.connect(t)
	testsql.Run(t, connection, "do $$ begin end $$") // loads PL/pgSQL, whose settings are in pg_settings from now on
	question := challenge(t, connection, alice, approveGate, invoice)

	naive := &observer{scene: s}
	const naiveAuthenticate = "select public.naive_authenticate($1, $2)"
	if naive.observe(t, "reset all", naiveAuthenticate, alice, pins[alice]) == naive.observe(t, "reset all", naiveAuthenticate, alice, wrongPIN) {
		t.Fatal("naive: locks, settings and warnings do not tell the verdict")
	}
	naive = &observer{scene: s}
	if !naive.observe(t, "set exit_on_error = on", naiveAuthenticate, alice, pins[alice]).alive ||
		naive.observe(t, "set exit_on_error = on", naiveAuthenticate, alice, wrongPIN).alive {
		t.Fatal("naive: exit_on_error does not tell the verdict")
	}

	// The attempt comes from a table, so that the statement has the same text for each attempt.
	testsql.Run(t, s.Pool, `
create table public.attempt (challenge text, username text, response text, scheme text);
grant select on public.attempt to public`)
	testsql.Run(t, s.Pool, "insert into public.attempt (challenge) values ($1)", question)
	const genuine = "select postern.authenticate(a.challenge, a.username, a.response, null, a.scheme)::text from public.attempt as a"

	type setting struct{ Name, Value string }
	rows, err := connection.Query(t.Context(), userSettings)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[setting])
	if err != nil {
		t.Fatal(err)
	}
	tickets := 0
	for _, scheme := range []string{"PIN", codeScheme} {
		o := &observer{scene: s}
		for _, setting := range settings {
			if o.connection == nil || o.connection.IsClosed() {
				o.connection, o.notices = s.listen(t)
			}
			// A session can have these only from its start, or not with this value.
			if _, err := o.connection.Exec(t.Context(), "select pg_catalog.set_config($1, $2, false)", setting.Name, setting.Value); err != nil {
				continue
			}
			set := "select pg_catalog.set_config(" + literal(setting.Name) + ", " + literal(setting.Value) + ", false)"
			see := func(username, response string) observation {
				testsql.Run(t, s.Pool, "update public.attempt set username = $1, response = $2, scheme = $3", username, response, scheme)
				return o.observe(t, set, genuine)
			}
			right := see(alice, pins[alice])
			for _, other := range []struct{ username, response string }{{alice, wrongPIN}, {"NOBODY", pins[alice]}} {
				got := see(other.username, other.response)
				// Planning again takes more locks. If the verdict were the cause, that would happen each time.
				for range 4 {
					if got == right {
						break
					}
					right, got = see(alice, pins[alice]), see(other.username, other.response)
				}
				if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", right); got != want {
					t.Errorf("%s with %s = %s: a right response shows %s\n%s with %s shows %s",
						scheme, setting.Name, setting.Value, difference(want, got), other.username, other.response, difference(got, want))
				}
			}
			if right.outcome == "a ticket" {
				tickets++
			}
			if !o.connection.IsClosed() {
				if _, err := o.connection.Exec(t.Context(), "reset "+pgx.Identifier(strings.Split(setting.Name, ".")).Sanitize()); err != nil {
					// Since PostgreSQL 16, settings of one transaction cannot be reset.
					o.connection.Close(t.Context())
				}
			}
		}
	}
	if tickets < len(settings) {
		t.Errorf("only %d attempts of %d with a ticket", tickets, 2*len(settings))
	}
	t.Logf("%d settings and values, %d attempts with a ticket", len(settings), tickets)
}

// Whether a verify function writes, waits or stops: an attempt is an attempt, and only a later transaction learns the
// verdict.
func TestVerifyFunctionTeachesNothing(t *testing.T) {
	const right, wrong = "alice 7391 pin", "guess"
	for name, test := range map[string]struct {
		// ifRight is what only a right response does, and ifWrong what only a wrong one does.
		ifRight, ifWrong string
		settings         string
		want             string // the outcome of the right response
	}{
		"raises as if it was cancelled":  {"null", "raise query_canceled", "select 1", "accepted"},
		"is cancelled by a timeout":      {"perform pg_sleep(60)", "null", "set local statement_timeout = '300ms'", "denied"},
		"writes":                         {"insert into public.used values (1)", "null", "select 1", "denied"},
		"uses a sequence":                {"perform nextval('public.number')", "null", "select 1", "denied"},
		"locks a row":                    {"perform from public.used for update", "null", "select 1", "denied"},
		"makes itself a transaction id":  {"perform pg_current_xact_id()", "null", "select 1", "accepted"},
		"makes the transaction writable": {"perform set_config('transaction_read_only', 'off', true)", "null", "select 1", "denied"},
		"commits":                        {"commit", "null", "select 1", "denied"},
		"notifies":                       {"notify verified", "null", "select 1", "accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, alice)
			testsql.Run(t, s.Pool, "create table public.used (number integer); create sequence public.number")
			testsql.Run(t, s.Pool, fmt.Sprintf(`
create function public.verify(userid text, response text, challenge jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if userid is not null and response = 'alice 7391 pin' then
    %s;
    return true;
  end if;
  %s;
  return false;
end $$`, test.ifRight, test.ifWrong))
			testsql.Run(t, s.Pool, registerScheme, codeScheme, "public.verify(text,text,jsonb)")
			connection, ear := s.connect(t), s.connect(t)
			testsql.Run(t, ear, "listen verified")
			question := challenge(t, connection, alice, approveGate, invoice)
			attempt := func(response string) string {
				t.Helper()
				tx := begin(t, connection, alice)
				if response == right { // on a busy machine a wrong one may take as long as the timeout
					testsql.Run(t, tx, test.settings)
				}
				ticket := testsql.Value[string](t, tx, authenticateScheme, question, alice, response, codeScheme)
				testsql.Run(t, tx, "set local statement_timeout = 0")
				commit(t, tx)
				return ticket
			}
			if got := status(t, connection, alice, attempt(wrong)); got != "denied" {
				t.Errorf("a wrong response is %s", got)
			}
			if got := status(t, connection, alice, attempt(right)); got != test.want {
				t.Errorf("a right response is %s, want %s", got, test.want)
			}
			if n := testsql.Value[int](t, s.Pool, "select count(*) from public.used"); n != 0 {
				t.Errorf("%d rows are left", n)
			}
			if testsql.Value[bool](t, s.Pool, "select is_called from public.number") {
				t.Error("a number of the sequence is used")
			}
			testsql.Run(t, ear, "select 1")
			if err := waitForNotification(t, ear, 100*time.Millisecond); err == nil {
				t.Error("a notification has come")
			}
		})
	}
}

// waitForNotification returns an error if none comes in time.
func waitForNotification(t testing.TB, connection *pgx.Conn, timeout time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	_, err := connection.WaitForNotification(ctx)
	return err
}
