package attack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pquerna/otp/totp"

	"github.com/posternsql/postern/internal/testsql"
)

// naiveQuiet answers with a random ticket, whatever the response was. But what it does reveals the verdict: it returns
// early for an unknown user, and only counts failures.
const naiveQuiet = `
create table public.quiet_credential (userid text primary key, pin text not null, failures integer not null default 0);
create table public.quiet_attempt (ticket uuid not null, verdict text not null);
create function public.quiet_authenticate(userid text, response text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  credential public.quiet_credential;
  new_verdict text := 'accepted';
  ticket uuid := gen_random_uuid();
begin
  select c.* into credential from public.quiet_credential as c where c.userid = quiet_authenticate.userid;
  if not found then
    return ticket;
  end if;
  perform postern_internal.bcrypt(response, '$2a$10$abcdefghijklmnopqrstuu');
  if credential.pin <> response then
    update public.quiet_credential as c set failures = c.failures + 1 where c.userid = quiet_authenticate.userid;
    new_verdict := 'denied';
  end if;
  insert into public.quiet_attempt (ticket, verdict) values (ticket, new_verdict);
  return ticket;
end
$$`

const quietAuthenticate = "select public.quiet_authenticate($1, $2)"

func (s *scene) createNaiveQuiet(t testing.TB) {
	t.Helper()
	testsql.Run(t, s.Pool, naiveQuiet)
	testsql.Run(t, s.Pool, "insert into public.quiet_credential (userid, pin) values ($1, $2)", alice, pins[alice])
}

// traces are what anybody can find out about their own transaction before rolling it back.
type traces struct {
	tables  string // what was read and written, by pg_stat_xact_all_tables
	locks   string // what was locked, by pg_locks
	catalog int    // scans of system catalogs, by pg_stat_xact_all_tables
	wal     int    // bytes of WAL, by EXPLAIN
	blocks  int    // blocks that were read, by EXPLAIN
}

// trace runs a statement and collects the traces, in a session that has done nothing before.
func (s *scene) trace(t testing.TB, userid, statement string, arguments ...any) traces {
	t.Helper()
	connection := s.connect(t)
	tx := begin(t, connection, userid)
	defer func() {
		rollback(t, tx)
		if err := connection.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}()
	var explained []struct {
		Plan struct {
			WALBytes    int `json:"WAL Bytes"`
			WALImages   int `json:"WAL FPI"`
			WALRecords  int `json:"WAL Records"`
			SharedHits  int `json:"Shared Hit Blocks"`
			SharedReads int `json:"Shared Read Blocks"`
		}
	}
	plan := testsql.Value[[]byte](t, tx, "explain (analyze, wal, buffers, timing off, format json) "+statement, arguments...)
	if err := json.Unmarshal(plan, &explained); err != nil {
		t.Fatal(err)
	}
	return traces{
		tables: testsql.Value[string](t, tx, `
select string_agg(format('%s: %s %s %s %s, %s %s %s %s', s.relname, s.seq_scan, s.seq_tup_read, s.idx_scan, s.idx_tup_fetch,
                         s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del), E'\n' order by s.relname)
  from pg_stat_xact_all_tables as s
 where s.schemaname in ('postern_internal', 'public')`),
		catalog: testsql.Value[int](t, tx, "select sum(s.seq_scan + s.idx_scan)::integer from pg_stat_xact_all_tables as s where s.schemaname = 'pg_catalog'"),
		locks: testsql.Value[string](t, tx, `
select string_agg(format('%s %s', l.relation::regclass, l.mode), E'\n' order by 1, l.relation, l.mode)
  from pg_locks as l
 where l.pid = pg_backend_pid() and l.relation is not null`),
		wal:    explained[0].Plan.WALBytes,
		blocks: explained[0].Plan.SharedHits + explained[0].Plan.SharedReads,
	}
}

// response is one case of a side channel test.
type response struct {
	name     string
	prepare  string // what the superuser does to the credentials before each attempt
	username string
	response string
}

const (
	unlocked   = "update postern_internal.credential set failures = 0, locked_until = '-infinity', must_change = false"
	lastChance = "update postern_internal.credential set failures = 4, locked_until = '-infinity', must_change = false"
	locked     = "update postern_internal.credential set failures = 5, locked_until = clock_timestamp() + interval '1 hour', must_change = false"
	wasLocked  = "update postern_internal.credential set failures = 5, locked_until = clock_timestamp() - interval '1 hour', must_change = false"
	wasReset   = "update postern_internal.credential set failures = 0, locked_until = '-infinity', must_change = true"
)

// responses are cases that must look alike to somebody who wants to know which one it was.
var responses = map[string]struct {
	allUsersValid string
	cases         []response
	scheme        string // empty for PIN
}{
	"the own name": {"false", []response{
		{"right", unlocked, alice, pins[alice]},
		{"wrong", unlocked, alice, wrongPIN},
		{"right at last", lastChance, alice, pins[alice]},
		{"wrong for the last time", lastChance, alice, wrongPIN},
		{"right, but locked", locked, alice, pins[alice]},
		{"wrong, and locked", locked, alice, wrongPIN},
		{"right after a lock", wasLocked, alice, pins[alice]},
		{"wrong after a lock", wasLocked, alice, wrongPIN},
		{"right, but reset", wasReset, alice, pins[alice]},
		{"wrong, and reset", wasReset, alice, wrongPIN},
	}, ""},
	// The names have the same length, because the log has the name that was typed.
	"another name": {"false", []response{
		{"of a user, with the user's PIN", unlocked, bob, pins[bob]},
		{"of a user, with a wrong PIN", unlocked, bob, wrongPIN},
		{"of a user, with the PIN of the session's own", unlocked, bob, pins[alice]},
		{"of nobody", unlocked, "NOB", wrongPIN},
		{"of nobody, with the PIN of the session's own", unlocked, "NOB", pins[alice]},
		{"of a user, and locked", locked, bob, pins[bob]},
		{"of nobody, and locked", locked, "NOB", wrongPIN},
		{"of a user without a PIN", unlocked, "NEW", wrongPIN},
	}, ""},
	"the name of somebody who may approve": {"true", []response{
		{"right", unlocked, bob, pins[bob]},
		{"wrong", unlocked, bob, wrongPIN},
		{"the PIN of the session's own", unlocked, bob, pins[alice]},
		{"right, but locked", locked, bob, pins[bob]},
		{"wrong, and locked", locked, bob, wrongPIN},
		{"right, but reset", strings.Replace(wasReset, "true", "userid = 'BOB'", 1), bob, pins[bob]},
		{"wrong, and reset", strings.Replace(wasReset, "true", "userid = 'BOB'", 1), bob, wrongPIN},
	}, ""},
	"the name of nobody, where others may approve": {"true", []response{
		{"wrong", unlocked, "NOB", wrongPIN},
		{"the PIN of the session's own", unlocked, "NOB", pins[alice]},
		{"wrong, and locked", locked, "NOB", wrongPIN},
	}, ""},
	"a code": {"false", []response{
		{"right", unlocked + hasApp, alice, codeOfApp},
		{"wrong", unlocked + hasApp, alice, "000000"},
		{"no code at all", unlocked + hasApp, alice, "abcdef"},
		{"used before", unlocked + usedApp, alice, codeOfApp},
		{"right at last", lastChance + hasApp, alice, codeOfApp},
		{"wrong for the last time", lastChance + hasApp, alice, "000000"},
		{"right, but locked", locked + hasApp, alice, codeOfApp},
		{"wrong, and locked", locked + hasApp, alice, "000000"},
	}, "TOTP"},
	"a code and another name": {"false", []response{
		{"of a user, with the user's code", unlocked + hasApp, bob, codeOfApp},
		{"of a user, with a wrong code", unlocked + hasApp, bob, "000000"},
		{"of nobody, with the code of the session's own", unlocked + hasApp, "NOB", codeOfApp},
		{"of nobody, and locked", locked + hasApp, "NOB", "000000"},
	}, "TOTP"},
	"a code and the name of somebody who may approve": {"true", []response{
		{"right", unlocked + hasApp, bob, codeOfApp},
		{"wrong", unlocked + hasApp, bob, "000000"},
		{"used before", unlocked + usedApp, bob, codeOfApp},
		{"right, but locked", locked + hasApp, bob, codeOfApp},
	}, "TOTP"},
	"a passkey": {"false", []response{
		{"right", unlocked + unusedPasskey, alice, rightPasskey},
		{"that signed something else", unlocked + unusedPasskey, alice, wrongPasskey},
		{"that is not enrolled", unlocked + unusedPasskey, alice, strangePasskey},
		{"that has counted back", unlocked + usedPasskey, alice, rightPasskey},
		{"right at last", lastChance + unusedPasskey, alice, rightPasskey},
		{"wrong for the last time", lastChance + unusedPasskey, alice, wrongPasskey},
		{"right, but locked", locked + unusedPasskey, alice, rightPasskey},
		{"wrong, and locked", locked + unusedPasskey, alice, wrongPasskey},
		{"not enrolled, and locked", locked + unusedPasskey, alice, strangePasskey},
	}, "PASSKEY"},
	"a passkey and another name": {"false", []response{
		{"of a user", unlocked + unusedPasskey, bob, rightPasskey},
		{"of nobody", unlocked + unusedPasskey, "NOB", rightPasskey},
		{"of nobody, not enrolled", unlocked + unusedPasskey, "NOB", strangePasskey},
	}, "PASSKEY"},
	"a passkey and the name of somebody who may approve": {"true", []response{
		{"right", unlocked + unusedPasskey, bob, bobsPasskey},
		{"of the session's own", unlocked + unusedPasskey, bob, rightPasskey},
		{"not enrolled", unlocked + unusedPasskey, bob, strangePasskey},
		{"right, but locked", locked + unusedPasskey, bob, bobsPasskey},
	}, "PASSKEY"},
}

// What the cases of passkeys do to the credentials, and what they send.
const (
	unusedPasskey  = ", passkey_counts = array_fill(0::bigint, array[10])"
	usedPasskey    = ", passkey_counts = array_fill(4000000000::bigint, array[10])"
	rightPasskey   = "what the passkey signs"
	wrongPasskey   = "what the passkey signs for something else"
	strangePasskey = "what a passkey signs that nobody has"
	bobsPasskey    = "what the passkey of BOB signs"
)

// signings are the responses of passkeys to a question. All have the same length, because the log has them.
func signings(t testing.TB, mine, bobs *passkey, question string) map[string]string {
	t.Helper()
	signed := map[string]string{}
	for name, by := range map[string]*passkey{rightPasskey: mine, wrongPasskey: mine, strangePasskey: newPasskey(t), bobsPasskey: bobs} {
		var change func(*assertion)
		if name == wrongPasskey {
			change = func(a *assertion) { a.client["challenge"] = strings.Repeat("A", 43) }
		}
		for length := 0; length != 71; {
			var signature []byte
			signed[name], _, _, signature = by.sign(t, question, change)
			length = len(signature)
		}
	}
	return signed
}

// What the cases of codes do to the credentials: everybody has the same app.
const (
	hasApp    = ", totp_secret = '12345678901234567890', totp_step = 0"
	usedApp   = ", totp_secret = '12345678901234567890', totp_step = 2147483647"
	codeOfApp = "the code of the app"
)

// typed is what the person types in a case, which is right at this time.
func (r response) typed(t testing.TB) string {
	t.Helper()
	if r.response != codeOfApp {
		return r.response
	}
	shown, err := totp.GenerateCode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func TestResponsesLeaveTheSameTraces(t *testing.T) {
	s := newScene(t, alice, bob) // not in parallel: it measures
	s.addUser(t, "NEW")
	testsql.Run(t, s.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	s.enablePasskeys(t)
	mine, bobs := enrolPasskey(t, s.connect(t), alice), enrolPasskey(t, s.connect(t), bob)
	s.createNaiveQuiet(t)
	// An ANALYZE in between could change how a small table is read.
	testsql.Run(t, s.Pool, `
do $$
declare
  r regclass;
begin
  for r in select c.oid from pg_catalog.pg_class as c where c.relnamespace = 'postern_internal'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s set (autovacuum_enabled = false)', r);
  end loop;
end
$$`)

	right := s.trace(t, alice, quietAuthenticate, alice, pins[alice])
	wrong := s.trace(t, alice, quietAuthenticate, alice, wrongPIN)
	nobody := s.trace(t, alice, quietAuthenticate, "NOBOD", wrongPIN)
	if right.tables == wrong.tables || right.locks == wrong.locks || right.wal == wrong.wal ||
		right.tables == nobody.tables || right.wal == nobody.wal || right.blocks == nobody.blocks {
		t.Fatalf("naive: the traces are the same: %+v, %+v, %+v", right, wrong, nobody)
	}

	for name, group := range responses {
		t.Run(name, func(t *testing.T) {
			s.set(t, "all_users_valid", group.allUsersValid)
			question := challenge(t, s.connect(t), alice, approveGate, invoice)
			signed := signings(t, mine, bobs, question)
			// Maintenance of pages now and then adds to one round only. An index that gets one more level adds to all
			// later rounds, so only the latest rounds count. A difference that stays is a leak.
			const fewest, latest, most = 5, 10, 25
			rounds := make([][]traces, len(group.cases))
			var want traces
			var different []string
			for round := 0; round < fewest || len(different) > 0 && round < most; round++ {
				// Each round has another order. What an attempt leaves in a page, such as old rows to clean up, is a
				// cost of the next one.
				for _, i := range rand.New(rand.NewPCG(0, uint64(round))).Perm(len(group.cases)) {
					test := group.cases[i]
					testsql.Run(t, s.Pool, test.prepare)
					rounds[i] = append(rounds[i], s.trace(t, alice, authenticateScheme, question, test.username, cmp.Or(signed[test.response], test.typed(t)), cmp.Or(group.scheme, "PIN")))
				}
				from := max(0, round+1-latest)
				want, different = typical(rounds[0][from:]), nil
				for i, test := range group.cases {
					if got := typical(rounds[i][from:]); got != want {
						different = append(different, fmt.Sprintf("%s:\n%s\n%s:\n%s", group.cases[0].name, want, test.name, got))
					}
				}
			}
			for _, difference := range different {
				t.Error(difference)
			}
			t.Logf("%d scans of catalogs, %d bytes of WAL, %d blocks", want.catalog, want.wal, want.blocks)
		})
	}
}

// typical is what the rounds have in common: the most frequent value, and for WAL and blocks the lowest. Each page that
// is full, or written for the first time since a checkpoint, adds to these.
func typical(rounds []traces) traces {
	got := rounds[0]
	got.tables = mostFrequent(rounds, func(t traces) string { return t.tables })
	got.locks = mostFrequent(rounds, func(t traces) string { return t.locks })
	got.catalog = mostFrequent(rounds, func(t traces) int { return t.catalog })
	for _, round := range rounds {
		got.wal = min(got.wal, round.wal)
		got.blocks = min(got.blocks, round.blocks)
	}
	return got
}

func mostFrequent[T comparable](rounds []traces, part func(traces) T) T {
	counts := map[T]int{}
	frequent := part(rounds[0])
	for _, round := range rounds {
		counts[part(round)]++
		if counts[part(round)] > counts[frequent] {
			frequent = part(round)
		}
	}
	return frequent
}

func (t traces) String() string {
	return fmt.Sprintf("%s\n%s\n%d scans of catalogs, %d bytes of WAL, %d blocks", t.tables, t.locks, t.catalog, t.wal, t.blocks)
}

// printing is what a session may set to get what the server has parsed and planned.
const printing = `
set client_min_messages = 'log';
set debug_pretty_print = off;
set debug_print_parse = on;
set debug_print_rewritten = on;
set debug_print_plan = on;
set plan_cache_mode = 'force_custom_plan'`

// A plan made for certain values contains them: the verdict is in the plan of the statement that writes it.
func TestPrintedPlansAreSilentAboutTheVerdict(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	s.createNaiveQuiet(t)
	question := challenge(t, s.connect(t), alice, approveGate, invoice)
	// The response comes from a table, so that the statement has the same text for each response.
	testsql.Run(t, s.Pool, `
create table public.guess (challenge text, userid text, response text);
grant all on public.guess to public`)
	testsql.Run(t, s.Pool, "insert into public.guess values ($1, $2)", question, alice)
	printed := func(statement, response string) string {
		t.Helper()
		testsql.Run(t, s.Pool, "update public.guess set response = $1", response)
		connection, notices := s.listen(t) // a new session, which has planned nothing
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, printing)
		testsql.Run(t, tx, statement)
		rollback(t, tx)
		return printout(*notices)
	}

	const naive = "select public.quiet_authenticate(g.userid, g.response) from public.guess as g"
	right, wrong := printed(naive, pins[alice]), printed(naive, wrongPIN)
	if strings.Count(right, constant("accepted")) <= strings.Count(wrong, constant("accepted")) ||
		strings.Count(right, constant("denied")) >= strings.Count(wrong, constant("denied")) {
		t.Fatal("naive: the plans do not have the verdict")
	}

	const genuine = "select postern.authenticate(g.challenge, g.userid, g.response) from public.guess as g"
	for _, prepare := range []string{unlocked, lastChance, locked} {
		testsql.Run(t, s.Pool, prepare)
		right, wrong = printed(genuine, pins[alice]), printed(genuine, wrongPIN)
		if !strings.Contains(right, "FUNCEXPR") {
			t.Fatal("nothing was printed")
		}
		if right != wrong {
			t.Errorf("printed for a right response, where it differs from a wrong one: %s", difference(right, wrong))
		}
	}
}

// printout is the text of the notices, without the line breaks that the server inserts.
func printout(notices []*pgconn.Notice) string {
	words := []string{}
	for _, notice := range notices {
		words = append(words, strings.Fields(notice.Message+" "+notice.Detail)...)
	}
	return strings.Join(words, " ")
}

// difference is the part of got from its first difference to other on.
func difference(got, other string) string {
	at := 0
	for at < min(len(got), len(other)) && got[at] == other[at] {
		at++
	}
	return got[max(0, at-200):min(len(got), at+200)]
}

// constant is a text in the form of a printed plan.
func constant(text string) string {
	return decimal([]byte(text), true)
}

// decimal is bytes in the form of a printed plan: numbers, which are signed on processors with a signed char.
func decimal(bytes []byte, signed bool) string {
	numbers := make([]string, len(bytes))
	for i, b := range bytes {
		number := int(b)
		if signed {
			number = int(int8(b))
		}
		numbers[i] = strconv.Itoa(number)
	}
	return strings.Join(numbers, " ")
}

func TestPrintedPlansAreSilentAboutTheKeys(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `grant postern_admin to `+pgx.Identifier{s.application.Name}.Sanitize())
	secret := []byte(strings.Repeat("application key ", 2))
	testsql.Run(t, s.Pool, "select postern.create_session_key('first', $1)", secret)
	token := tokenOf(t, s, "first", secret, alice)

	keys := map[string][]byte{}
	rows, err := s.Pool.Query(t.Context(), `
select 'challenge and PIN', inner_pad from postern_internal.server_key
union all select 'challenge and PIN', outer_pad from postern_internal.server_key
union all select 'session token', inner_pad from postern_internal.session_key
union all select 'session token', outer_pad from postern_internal.session_key
union all select 'session', secret from postern_internal.session_secret`)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var key []byte
	if _, err := pgx.ForEachRow(rows, []any{&name, &key}, func() error {
		keys[fmt.Sprint(name, " ", len(keys))] = slices.Clone(key)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(keys) < 7 {
		t.Fatalf("only %d keys were found", len(keys))
	}
	// found names the keys that occur in the notices.
	found := func(notices []*pgconn.Notice) (names []string) {
		printed := printout(notices)
		for name, key := range keys {
			part := key[:12]
			if strings.Contains(printed, decimal(part, true)) || strings.Contains(printed, decimal(part, false)) ||
				strings.Contains(printed, fmt.Sprintf("%x", part)) {
				names = append(names, name)
			}
		}
		return names
	}

	// Naive: the key is a variable, and the expression that uses it is a query.
	testsql.Run(t, s.Pool, `
create function public.naive_sign(content text) returns bytea
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  key bytea;
begin
  select s.secret into key from postern_internal.session_secret as s;
  return (select sha256(key || convert_to(part, 'UTF8')) from unnest(array[content]) as part);
end
$$`)
	connection, notices := s.listen(t)
	testsql.Run(t, connection, printing)
	testsql.Run(t, connection, "select public.naive_sign('content')")
	if len(found(*notices)) != 1 {
		t.Fatal("naive: the plan does not have the key")
	}

	connection, notices = s.listen(t)
	testsql.Run(t, connection, printing)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, "select postern.begin_session($1)", token)
	testsql.Run(t, tx, "select fnd_session_api.get_fnd_user()")
	testsql.Run(t, tx, "select p.payee from public.payment as p where p.payee = postern.current_userid()")
	refusedAndGoOn(t, tx, "PS402", "select postern.begin_session($1)", token[:len(token)-4]+"AAAA")
	refusedAndGoOn(t, tx, "PS101", checkpoint, approveGate, invoice)
	commit(t, tx)
	question := challenge(t, connection, alice, approveGate, invoice)
	ticket := answer(t, connection, alice, question, alice, pins[alice])
	answer(t, connection, alice, question, alice, wrongPIN)
	tx = begin(t, connection, alice)
	testsql.Value[string](t, tx, "select postern.ticket_status($1::uuid)", ticket)
	testsql.Run(t, tx, "select postern.cancel($1)", question)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	commit(t, tx)
	ticket = approve(t, connection, alice, pinGate, "{}")
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "select postern.set_pin($1)", "another 5173 pin")
	commit(t, tx)
	testsql.Run(t, connection, "select postern.reset_pin($1, $2)", alice, "a third 5173 pin")
	tx = begin(t, connection, alice)
	refusedAndGoOn(t, tx, "PS402", "select set_config('postern.session', $1, true), postern.current_userid()", strings.Repeat("0", 64)+"\t"+alice)
	rollback(t, tx)
	if len(*notices) < 100 {
		t.Fatalf("the server printed only %d notices", len(*notices))
	}
	if names := found(*notices); len(names) > 0 {
		t.Errorf("these keys were printed: %v", names)
	}
}

// tokenOf is a session token as an application server makes it. The database makes it here, to keep the test short.
func tokenOf(t testing.TB, s *scene, kid string, secret []byte, userid string) string {
	t.Helper()
	return testsql.Value[string](t, s.Pool, `
with part as (
  select translate(encode(convert_to(json_build_object('alg', 'HS256', 'kid', $1::text)::text, 'UTF8'), 'base64'), E'+/=\n', '-_') || '.' ||
         translate(encode(convert_to(json_build_object(
           'sub', $3::text, 'aud', current_database(), 'jti', gen_random_uuid(),
           'iat', extract(epoch from now())::bigint, 'exp', extract(epoch from now())::bigint + 600)::text, 'UTF8'), 'base64'), E'+/=\n', '-_') as signed
)
select signed || '.' || translate(encode(public.hmac(convert_to(signed, 'UTF8'), $2::bytea, 'sha256'), 'base64'), E'+/=\n', '-_') from part`,
		kid, secret, userid)
}

var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+`)

// besides tells whether the server sends this message for what others do at the same time: from 18 on it tells of pages that
// they have pushed out of memory, and caches of the catalog grow by what they have changed there.
func besides(message string) bool {
	return strings.HasPrefix(message, "io ") || strings.HasPrefix(message, "rehashing catalog cache ")
}

// Whatever notices the server sends, they are the same for all responses.
func TestResponsesGiveTheSameNotices(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	s.enablePasskeys(t)
	mine := enrolPasskey(t, s.connect(t), alice)
	s.createNaiveQuiet(t)
	testsql.Run(t, s.Pool, `
create function public.quiet_authenticate_loudly(userid text, response text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  begin
    perform 1 / (select (c.pin = response)::integer from public.quiet_credential as c where c.userid = quiet_authenticate_loudly.userid);
  exception when division_by_zero then
    raise debug 'wrong';
  end;
  return gen_random_uuid();
end
$$`)
	question := challenge(t, s.connect(t), alice, approveGate, invoice)
	signed := signings(t, mine, newPasskey(t), question)
	remarks := func(statement string, arguments ...any) string {
		t.Helper()
		connection, notices := s.listen(t)
		tx := begin(t, connection, alice)
		testsql.Run(t, tx, "set local client_min_messages = 'debug5'; set local plpgsql.extra_warnings = 'all'")
		testsql.Value[string](t, tx, statement, arguments...)
		rollback(t, tx)
		text := strings.Builder{}
		for _, notice := range *notices {
			if besides(notice.Message) {
				continue
			}
			fmt.Fprintln(&text, notice.Severity, notice.Code, notice.Message, notice.Detail, notice.Hint, notice.Where)
		}
		return changing.ReplaceAllString(text.String(), "#")
	}

	if remarks("select public.quiet_authenticate_loudly($1, $2)", alice, pins[alice]) == remarks("select public.quiet_authenticate_loudly($1, $2)", alice, wrongPIN) {
		t.Fatal("naive: the remarks are the same")
	}
	for name, group := range responses {
		s.set(t, "all_users_valid", group.allUsersValid)
		first := ""
		for _, test := range group.cases {
			testsql.Run(t, s.Pool, test.prepare)
			got := remarks(authenticateScheme, question, test.username, cmp.Or(signed[test.response], test.typed(t)), cmp.Or(group.scheme, "PIN"))
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s, %s: remarked is\n%s\nwant\n%s", name, test.name, got, first)
			}
		}
	}
}

// What a ticket says later must not tell whether the name or the PIN was wrong.
func TestDenialsReadTheSame(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice, bob)
	s.addUser(t, "NEW")
	testsql.Run(t, s.Pool, `
create function public.naive_login(userid text) returns void language plpgsql
as $$
begin
  if not exists (select from postern_internal.end_user as e where e.userid = naive_login.userid) then
    raise exception using errcode = 'PS102', message = 'denied', detail = 'There is no such user.', hint = 'none';
  end if;
  raise exception using errcode = 'PS102', message = 'denied', detail = 'The PIN is wrong.', hint = 'none';
end
$$`)
	if testsql.Refused(t, s.Pool, "PS102", "select public.naive_login('BOB')").Detail == testsql.Refused(t, s.Pool, "PS102", "select public.naive_login('NOB')").Detail {
		t.Fatal("naive: the denials read the same")
	}

	connection := s.connect(t)
	for _, allUsersValid := range []string{"false", "true"} {
		s.set(t, "all_users_valid", allUsersValid)
		question := challenge(t, connection, alice, approveGate, invoice)
		first := ""
		for _, test := range []response{
			{"wrong PIN", unlocked, alice, wrongPIN},
			{"another's name", unlocked, bob, wrongPIN},
			{"another's PIN", unlocked, bob, pins[alice]},
			{"nobody's name", unlocked, "NOBODY", pins[alice]},
			{"a user without a PIN", unlocked, "NEW", wrongPIN},
			{"a PIN that was reset", wasReset, alice, pins[alice]},
			{"an empty name", unlocked, "", pins[alice]},
			{"an empty PIN", unlocked, alice, ""},
		} {
			testsql.Run(t, s.Pool, test.prepare)
			ticket := answer(t, connection, alice, question, test.username, test.response)
			if got := status(t, connection, alice, ticket); got != "denied" {
				t.Errorf("%s: the ticket is %s", test.name, got)
			}
			tx := begin(t, connection, alice)
			denial := refusedAndGoOn(t, tx, "PS102", openGates, ticket)
			rollback(t, tx)
			got := fmt.Sprint(denial.Message, denial.Detail, denial.Hint, denial.Where)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: got %s, want the same as for the first case, %s", test.name, got, first)
			}
		}
	}
}

// fastest is the time of the fastest of several calls in the session of userid, which is that of the work. The others
// waited for something else on the machine.
func fastest(t *testing.T, connection *pgx.Conn, userid, statement string, arguments ...any) time.Duration {
	t.Helper()
	best := time.Hour
	for range 9 {
		tx := begin(t, connection, userid)
		start := time.Now()
		testsql.Value[string](t, tx, statement, arguments...)
		best = min(best, time.Since(start))
		rollback(t, tx)
	}
	return best
}

func TestResponsesTakeTheSameTime(t *testing.T) {
	s := newScene(t) // not in parallel: it measures
	for _, userid := range []string{alice, bob} {
		s.addUser(t, userid)
		testsql.Run(t, s.Pool, "select postern.reset_pin($1, $2)", userid, pins[userid]) // with the usual cost of bcrypt
	}
	s.addUser(t, "NEW")
	s.createNaiveQuiet(t)
	connection := s.connect(t)
	fastest := func(userid, prepare, statement string, arguments ...any) time.Duration {
		t.Helper()
		testsql.Run(t, s.Pool, prepare)
		return fastest(t, connection, userid, statement, arguments...)
	}

	known := fastest(alice, unlocked, quietAuthenticate, alice, wrongPIN)
	unknown := fastest(alice, unlocked, quietAuthenticate, "NOBODY", wrongPIN)
	if known < 10*unknown {
		t.Fatalf("naive: %v for a known user, %v for an unknown one", known, unknown)
	}

	for _, allUsersValid := range []string{"false", "true"} {
		s.set(t, "all_users_valid", allUsersValid)
		question := challenge(t, connection, alice, approveGate, invoice)
		right := func() time.Duration {
			return fastest(alice, unlocked, authenticate, question, alice, pins[alice])
		}
		want := right()
		// A busy machine may delay it once, but not each time.
		alike := func(name string, measure func() time.Duration) {
			t.Helper()
			got := measure()
			for again := 0; again < 4 && (got < want/2 || got > want*2); again++ {
				want, got = right(), measure()
			}
			if got < want/2 || got > want*2 {
				t.Errorf("%s: %v, want about %v as for a right response", name, got, want)
			}
		}
		for _, test := range []response{
			{"wrong", unlocked, alice, wrongPIN},
			{"locked", locked, alice, pins[alice]},
			{"reset", wasReset, alice, pins[alice]},
			{"another", unlocked, bob, pins[bob]},
			{"nobody", unlocked, "NOBODY", wrongPIN},
			{"without a PIN", unlocked, "NEW", wrongPIN},
		} {
			alike(test.name, func() time.Duration {
				return fastest(alice, test.prepare, authenticate, question, test.username, test.response)
			})
		}
		newcomer := challenge(t, connection, "NEW", approveGate, invoice)
		alike("a user without a PIN", func() time.Duration {
			return fastest("NEW", unlocked, authenticate, newcomer, "NEW", wrongPIN)
		})
	}
}
