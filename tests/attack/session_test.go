package attack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveIdentity trusts a setting and, without one, the current role.
const naiveIdentity = `
create function public.naive_assume_user(userid text) returns void language sql
as $$ select set_config('naive.session', userid, false) $$;
create function public.naive_userid() returns text language sql
as $$ select coalesce(nullif(current_setting('naive.session', true), ''), current_user) $$`

const (
	currentUserid = "select postern.current_userid()"
	naiveUserid   = "select public.naive_userid()"
	setSession    = "select set_config('postern.session', $1, $2)"
	readSession   = "select current_setting('postern.session')"
)

// requireNobody asks Postern in every way who the user is, and acts as the user. Everything must fail with code.
func requireNobody(t testing.TB, tx pgx.Tx, code, ticket, challenge string) {
	t.Helper()
	for _, attempt := range []struct {
		statement string
		arguments []any
	}{
		{currentUserid, nil},
		{"select fnd_session_api.get_fnd_user()", nil},
		{checkpoint, []any{approveGate, invoice}},
		{"select postern.challenge($1, $2)", []any{approveGate, invoice}},
		{"select postern.set_pin('another 7391 pin')", nil},
		{"select postern.ticket_status($1::uuid)", []any{ticket}},
		{openGates, []any{ticket}},
		{authenticate, []any{challenge, alice, pins[alice]}},
		{"select postern.cancel($1)", []any{challenge}},
	} {
		refusedAndGoOn(t, tx, code, attempt.statement, attempt.arguments...)
	}
}

func TestForgedSessionHasNoUser(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveIdentity)
	intruder := s.Login(t, "postern_user").Connect(t)
	testsql.Run(t, intruder, "set naive.session = 'ALICE'")
	if got := testsql.Value[string](t, intruder, naiveUserid); got != alice {
		t.Fatalf("naive: the user is %s", got)
	}

	ticket := approve(t, s.connect(t), alice, approveGate, invoice)
	question := challenge(t, s.connect(t), alice, approveGate, invoice)
	tx := begin(t, s.connect(t), bob)
	genuine := testsql.Value[string](t, tx, readSession)
	rollback(t, tx)
	for name, setting := range map[string]string{
		"a name":               alice,
		"a digest and a name":  strings.Repeat("0", 64) + "\t" + alice,
		"nobody's name":        strings.Repeat("0", 64) + "\t",
		"a short digest":       "0" + alice,
		"a name in the digest": strings.Repeat(alice, 20),
		"white space":          " ",
		"another's digest":     strings.Replace(genuine, bob, alice, 1),
		"a digest of BOB's":    genuine,
		"many":                 strings.Repeat("f", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			for _, local := range []bool{true, false} {
				tx, err := intruder.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				testsql.Run(t, tx, setSession, setting, local)
				requireNobody(t, tx, "PS402", ticket, question)
				rollback(t, tx)
			}
		})
	}
	// Nor by settings that a connection may bring along.
	config := s.application.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["postern.session"] = alice
	poisoned, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer poisoned.Close(t.Context())
	refused := "PS402"
	if os.Getenv(testdb.PoolerVariable) != "" {
		refused = "PS401" // the pooler drops the setting
	}
	testsql.Refused(t, poisoned, refused, currentUserid)
	// The forged user does not outlive the transaction in which the application asserted one.
	tx = begin(t, poisoned, bob)
	if got := testsql.Value[string](t, tx, currentUserid); got != bob {
		t.Errorf("the user is %s, want %s", got, bob)
	}
	rollback(t, tx)
}

func TestSavedSessionIsWorthlessInAnotherTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveIdentity)
	connection, other := s.connect(t), s.connect(t)

	testsql.Run(t, connection, "select public.naive_assume_user('ALICE')")
	naive := testsql.Value[string](t, connection, "select current_setting('naive.session')")
	testsql.Run(t, other, "select set_config('naive.session', $1, false)", naive)
	if got := testsql.Value[string](t, other, naiveUserid); got != alice {
		t.Fatalf("naive: the user is %s", got)
	}

	ticket := approve(t, connection, alice, approveGate, invoice)
	question := challenge(t, connection, alice, approveGate, invoice)
	live := begin(t, connection, alice)
	saved := testsql.Value[string](t, live, readSession)
	replay := func(connection *pgx.Conn) {
		t.Helper()
		tx, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, tx, setSession, saved, true)
		requireNobody(t, tx, "PS402", ticket, question)
		rollback(t, tx)
	}
	replay(other) // while it is still valid in its own transaction
	if got := testsql.Value[string](t, live, currentUserid); got != alice {
		t.Errorf("the user is %s", got)
	}
	commit(t, live)
	replay(connection)
	replay(other)

	// If it is set for the whole session, it is refused from the next transaction on.
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, setSession, testsql.Value[string](t, tx, readSession), false)
	commit(t, tx)
	testsql.Refused(t, connection, "PS402", currentUserid)

	// A savepoint takes back what was asserted after it.
	tx = begin(t, connection, alice)
	testsql.Run(t, tx, "savepoint one")
	testsql.Run(t, tx, "select postern.assume_user($1)", bob)
	testsql.Run(t, tx, "rollback to savepoint one")
	if got := testsql.Value[string](t, tx, currentUserid); got != alice {
		t.Errorf("the user is %s, want %s", got, alice)
	}
	rollback(t, tx)
}

// A pool hands one connection from client to client. The next client must not get what the previous one left.
func TestNextClientOfPooledConnectionInheritsNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveIdentity)
	testsql.Run(t, s.Pool, naiveBearer)
	pooled := s.connect(t)

	// Naive: identity and gates belong to the connection.
	testsql.Run(t, pooled, "select public.naive_assume_user('ALICE')")
	testsql.Run(t, pooled, bearerOpenGates, testsql.Value[string](t, pooled, bearerApprove))
	if got := testsql.Value[string](t, pooled, naiveUserid); got != alice {
		t.Fatalf("naive: the next client is %s", got)
	}
	testsql.Run(t, pooled, bearerCheckpoint, approveGate, invoice)

	question := challenge(t, pooled, alice, approveGate, invoice)
	for name, leave := range map[string]func(t *testing.T, tx pgx.Tx){
		"commit":             commitIn,
		"rollback":           rollbackIn,
		"error":              func(t *testing.T, tx pgx.Tx) { _, _ = tx.Exec(t.Context(), "select 1 / 0"); rollback(t, tx) },
		"settings put aside": func(t *testing.T, tx pgx.Tx) { keepSetting(t, tx); commit(t, tx) },
	} {
		t.Run(name, func(t *testing.T) {
			testsql.Run(t, pooled, "reset postern.session")
			ticket := approve(t, pooled, alice, approveGate, invoice)
			tx := begin(t, pooled, alice)
			open(t, tx, ticket)
			reach(t, tx, approveGate, invoice)
			leave(t, tx)

			next, err := pooled.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			code := "PS401"
			if name == "settings put aside" {
				code = "PS402"
			}
			requireNobody(t, next, code, ticket, question)
			rollback(t, next)
			next = begin(t, pooled, bob)
			refusedAndGoOn(t, next, "PS101", checkpoint, approveGate, invoice)
			refusedAndGoOn(t, next, "PS103", openGates, ticket)
			rollback(t, next)
			next = begin(t, pooled, alice)
			refusedAndGoOn(t, next, "PS101", checkpoint, approveGate, invoice)
			rollback(t, next)
		})
	}
}

func commitIn(t *testing.T, tx pgx.Tx)   { commit(t, tx) }
func rollbackIn(t *testing.T, tx pgx.Tx) { rollback(t, tx) }

// keepSetting makes the session's setting outlive the transaction.
func keepSetting(t testing.TB, tx pgx.Tx) {
	t.Helper()
	testsql.Run(t, tx, setSession, testsql.Value[string](t, tx, readSession), false)
}

// A setting that is no session, ticket or action of this transaction lets nobody pass. The error says how to clear it.
func TestSettingLeftBehindSaysHowItIsCleared(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	pooled := s.connect(t)
	for _, left := range []string{"x", "open", "", " ", strings.Repeat("0", 32), "{00000000-0000-0000-0000-000000000000}", "0000000-00000-0000-0000-000000000000",
		"00000000-0000-0000-0000-00000000000\u0660", strings.Repeat("-", 36), strings.Repeat("x", 1<<20)} {
		for _, setting := range []string{"postern.ticket", "postern.exclusive_tickets", "postern.action"} {
			testsql.Run(t, pooled, "select set_config($1, $2, false)", setting, left)
		}
		ticket := approve(t, pooled, alice, approveGate, invoice)
		tx := begin(t, pooled, alice)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		refusedAndGoOn(t, tx, "PS103", openGates, "00000000-0000-0000-0000-000000000000")
		open(t, tx, ticket)
		reach(t, tx, approveGate, invoice)
		commit(t, tx)
	}
	testsql.Run(t, pooled, "discard all")

	testsql.Run(t, pooled, setSession, "x", false)
	refused := testsql.Refused(t, pooled, "PS402", currentUserid)
	for _, way := range []string{"reset postern.session", "discard all"} {
		if !strings.Contains(refused.Hint, way) {
			t.Errorf("the HINT does not name %s: %s", way, refused.Hint)
		}
		testsql.Run(t, pooled, setSession, "x", false)
		testsql.Run(t, pooled, way)
		testsql.Refused(t, pooled, "PS401", currentUserid)
	}
}

// A program that builds tokens from a user's input, or checks them before PostgreSQL does, may read the first of two
// claims. PostgreSQL keeps the last one.
func TestAmbiguousTokenStartsNoSession(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, mallory)
	secret := strings.Repeat("s", 32)
	testsql.Run(t, s.Pool, "select postern.create_session_key('k', $1)", []byte(secret))
	application := s.Login(t, "postern_app").Connect(t)
	encode := base64.RawURLEncoding.EncodeToString
	sign := func(header, claims string) string {
		content := encode([]byte(header)) + "." + encode([]byte(claims))
		digest := hmac.New(sha256.New, []byte(secret))
		digest.Write([]byte(content))
		return content + "." + encode(digest.Sum(nil))
	}
	const header = `{"alg":"HS256","kid":"k"}`
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"sub":"ALICE","aud":%q,"iat":%d,"exp":%d,"jti":"1"}`, s.Name, now, now+60)
	with := func(more string) string { return strings.Replace(claims, "{", "{"+more+",", 1) }

	const naive = "select $1::json ->> 'sub', (select value from json_each_text($1::json) where key = 'sub' limit 1)"
	var last, first string
	if err := s.Pool.QueryRow(t.Context(), naive, with(`"sub":"MALLORY"`)).Scan(&last, &first); err != nil || last != alice || first != mallory {
		t.Fatalf("naive: the last one is %s, the first one %s: %v", last, first, err)
	}
	if got := testsql.Value[string](t, application, "select postern.begin_session($1)", sign(header, claims)); got != alice {
		t.Fatalf("the user is %s", got)
	}
	for name, token := range map[string]string{
		"two subjects":                sign(header, with(`"sub":"MALLORY"`)),
		"the same one twice":          sign(header, with(`"sub":"ALICE"`)),
		"two subjects, one escaped":   sign(header, with(`"s\u0075b":"MALLORY"`)),
		"two lifetimes":               sign(header, with(`"exp":1`)),
		"two audiences":               sign(header, with(`"aud":["erp"]`)),
		"two claims of somebody's":    sign(header, with(`"role":"clerk","role":"manager"`)),
		"two algorithms":              sign(`{"alg":"none","alg":"HS256","kid":"k"}`, claims),
		"two keys":                    sign(`{"kid":"x","alg":"HS256","kid":"k"}`, claims),
		"another case":                sign(header, strings.Replace(claims, "sub", "SUB", 1)),
		"two objects":                 sign(header, claims+claims),
		"something behind":            sign(header, claims+"x"),
		"something behind the header": sign(header+"x", claims),
		"no UTF-8":                    sign(header, with("\"role\":\"\xff\"")),
		"half a surrogate":            sign(header, with(`"role":"\ud800"`)),
		"an array":                    sign(header, "["+claims+"]"),
	} {
		if refused := testsql.Refused(t, application, "PS402", "select postern.begin_session($1)", token); t.Failed() {
			t.Fatalf("%s: DETAIL is %s", name, refused.Detail)
		}
	}
}

// Several transactions in one message of the simple protocol have the same transaction_timestamp(), so a saved session
// is valid in all of them. An attacker gains nothing: whoever writes the message was the user in its first transaction,
// and could have kept that open. But a gate that is open in one of them is closed in the next, and no later message
// accepts the saved session.
func TestTransactionsOfOneMessageShareNoGate(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create table public.naive_open (opened_at timestamptz not null);
grant all on public.naive_open to public`)
	connection, notices := s.listen(t)

	testsql.Run(t, connection, `
begin; insert into public.naive_open values (transaction_timestamp()); commit;
begin;
do $$ begin raise notice '%', exists (select from public.naive_open as o where o.opened_at = transaction_timestamp()); end $$;
commit`)
	if len(*notices) != 1 || (*notices)[0].Message != "t" {
		t.Fatal("naive: the gate is closed in the second transaction of the message")
	}

	ticket := approve(t, connection, alice, approveGate, invoice)
	reachGate := "select postern.checkpoint(" + literal(approveGate) + ", " + literal(invoice) + ");"
	replay := "select set_config('postern.session', current_setting('attack.saved'), true);"
	_, err := connection.Exec(t.Context(), `
begin;
select postern.assume_user('ALICE');
select set_config('attack.saved', current_setting('postern.session'), false);
select postern.open_gates(`+literal(ticket)+`::uuid);`+reachGate+`
commit;
begin;`+replay+reachGate+`
commit`)
	testdb.RequireCode(t, err, "PS101")
	testsql.Run(t, connection, "rollback")
	s.requireLogged(t, approveGate)
	_, err = connection.Exec(t.Context(), "begin;"+replay+reachGate+"commit")
	testdb.RequireCode(t, err, "PS402")
	testsql.Run(t, connection, "rollback")
}

// The current database role is not the user: any member can SET ROLE.
func TestCurrentRoleIsNotTheUser(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, naiveIdentity)
	clerk := s.Login(t, "postern_user")
	manager := s.Login(t, "postern_user")
	testsql.Run(t, s.Pool, "grant "+pgx.Identifier{manager.Name}.Sanitize()+" to "+pgx.Identifier{clerk.Name}.Sanitize())
	for userid, role := range map[string]string{"CLERK": clerk.Name, "MANAGER": manager.Name} {
		testsql.Run(t, s.Pool, "select postern.create_user($1, $1, $2)", userid, role)
		s.givePIN(t, userid, pins[alice])
	}
	setRole := "set role " + pgx.Identifier{manager.Name}.Sanitize()
	connection := clerk.Connect(t)

	testsql.Run(t, connection, setRole)
	if got := testsql.Value[string](t, connection, naiveUserid); got != manager.Name {
		t.Fatalf("naive: the user is %s", got)
	}
	for _, statement := range []string{setRole, "reset role", "set role postern_user", "set role none"} {
		testsql.Run(t, connection, statement)
		if got := testsql.Value[string](t, connection, currentUserid); got != "CLERK" {
			t.Errorf("after %s the user is %s", statement, got)
		}
	}

	// It was approved as the clerk, whatever the current role; and only the clerk can use it.
	testsql.Run(t, connection, setRole)
	question := testsql.Value[string](t, connection, "select postern.challenge($1, $2)", approveGate, invoice)
	testsql.Run(t, connection, "reset role")
	managing := manager.Connect(t)
	testsql.Refused(t, managing, "PS103", authenticate, question, "MANAGER", pins[alice])
	ticket := testsql.Value[string](t, connection, authenticate, question, "CLERK", pins[alice])
	testsql.Refused(t, managing, "PS103", openGates, ticket)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, setRole)
	open(t, tx, ticket)
	testsql.Run(t, tx, "reset role")
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	if got := testsql.Value[string](t, s.Pool, "select userid || ' ' || session_role from postern.checkpoint_log where outcome = 'passed'"); got != "CLERK "+clerk.Name {
		t.Errorf("the log names %s", got)
	}
}

// Some poolers lend a superuser's connection to one role after the other.
func TestSessionAuthorizationCarriesNothingOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, naiveBearer)
	clerk, manager := s.Login(t, "postern_trusted_app"), s.Login(t, "postern_trusted_app")
	become := func(role *testdb.Login) string {
		return "set session authorization " + pgx.Identifier{role.Name}.Sanitize()
	}
	lent := s.Connect(t)

	testsql.Run(t, lent, become(clerk))
	testsql.Run(t, lent, bearerOpenGates, testsql.Value[string](t, lent, bearerApprove))
	testsql.Run(t, lent, become(manager))
	testsql.Run(t, lent, bearerCheckpoint, approveGate, invoice) // naive: open for the next role

	testsql.Run(t, lent, become(clerk))
	question := challenge(t, lent, alice, approveGate, invoice)
	testsql.Run(t, lent, become(manager))
	tx := begin(t, lent, alice)
	refusedAndGoOn(t, tx, "PS103", authenticate, question, alice, pins[alice])
	rollback(t, tx)

	testsql.Run(t, lent, become(clerk))
	ticket := approve(t, lent, alice, approveGate, invoice)
	testsql.Run(t, lent, become(manager))
	tx = begin(t, lent, alice)
	refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)

	// In the same transaction that opened the gates.
	testsql.Run(t, lent, become(clerk))
	tx = begin(t, lent, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	for _, leave := range []string{become(manager), "reset session authorization"} {
		testsql.Run(t, tx, leave)
		refusedAndGoOn(t, tx, "PS402", checkpoint, approveGate, invoice)
		testsql.Run(t, tx, "select postern.assume_user($1)", alice)
		refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
		refusedAndGoOn(t, tx, "PS103", openGates, ticket)
	}
	testsql.Run(t, tx, become(clerk))
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	if got := s.passes(t); got != 2 {
		t.Errorf("%d passes are logged, want 2", got)
	}
}

// Two connections that begin often enough begin in the same microsecond; some hundred attempts suffice. If the
// timestamp alone proved a session, a role that may not assert users could copy it from one that may. Here one message
// gives two transactions the same timestamp, and the role changes in between.
func TestSessionOfOneRoleIsWorthlessToAnother(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive_seal(userid text) returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(s.secret || timestamptz_send(transaction_timestamp()) || convert_to(userid, 'UTF8')), 'hex') || userid
    from postern_internal.session_secret as s
$$;
create function public.naive_sealed_userid() returns text
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  select substr(s.setting, 65) from current_setting('attack.saved') as s (setting) where s.setting = public.naive_seal(substr(s.setting, 65))
$$;
revoke execute on function public.naive_seal(text) from public`)
	lent := s.Connect(t)
	copied := func(assert, ask string) error {
		t.Helper()
		_, err := lent.Exec(t.Context(), `
begin;
select set_config('attack.saved', `+assert+`, false);
commit;
set session authorization `+pgx.Identifier{s.Login(t, "postern_user").Name}.Sanitize()+`;
begin;
select set_config('postern.session', current_setting('attack.saved'), true);
`+ask+`;
commit`)
		if err != nil {
			testsql.Run(t, lent, "rollback")
		}
		testsql.Run(t, lent, "reset session authorization")
		return err
	}

	if err := copied("public.naive_seal('ALICE')", "select 1 / (public.naive_sealed_userid() = 'ALICE')::integer"); err != nil {
		t.Fatalf("naive: the copied session was refused: %v", err)
	}
	const assert = "(select current_setting('postern.session') from postern.assume_user('ALICE'))"
	for _, ask := range []string{currentUserid, "select postern.challenge('" + releaseGate + "')"} {
		testdb.RequireCode(t, copied(assert, ask), "PS402")
	}
}

// A session is tied to its transaction. The workers of a parallel query must still know the user.
func TestParallelWorkersKnowTheUser(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `
create table public.voucher as select i % 7 as kind from generate_series(1, 20000) as i;
grant select on public.voucher to public;
analyze public.voucher`)
	tx := begin(t, s.connect(t), alice)
	defer rollback(t, tx)
	testsql.Run(t, tx, `
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
set local max_parallel_workers_per_gather = 2;
set local parallel_leader_participation = off`)
	const query = "select count(*) from public.voucher as v where postern.current_userid() = case when v.kind = 0 then 'BOB' else 'ALICE' end"
	if plan := explain(t, tx, query); !strings.Contains(plan, "Workers Launched:") || strings.Contains(plan, "Workers Launched: 0") {
		t.Fatalf("not in parallel: %s", plan)
	}
	want := testsql.Value[int](t, s.Pool, "select count(*) from public.voucher where kind <> 0")
	if got := testsql.Value[int](t, tx, query); got != want {
		t.Errorf("ALICE is the user in %d rows of %d", got, want)
	}
}
