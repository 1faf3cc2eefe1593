// Package attack tries what an attacker would try. Each test first shows that its attack works on a naive version. So
// its failure on Postern proves something.
package attack

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// The people of each scene. MALLORY sits at ALICE's unlocked workstation.
const (
	alice   = "ALICE"
	bob     = "BOB"
	mallory = "MALLORY"

	wrongPIN = "no such PIN 83"
)

// pins are the PINs of the people of a scene.
var pins = map[string]string{
	alice:   "alice 7391 pin",
	bob:     "bob 4826 pin",
	mallory: "mallory 9157 pin",
}

// The gates of each scene, all active.
const (
	// approveGate has the bound parameters PAYEE and AMOUNT.
	approveGate = "SINWOF_APPROVE"
	// numberedGate has the bound parameter PAYEE, and SEQUENCE, which may differ when a transaction is sent again.
	numberedGate = "SINWOF_NUMBERED"
	// releaseGate has no parameters.
	releaseGate = "SINWOF_RELEASE"
	// pinGate is built in.
	pinGate = "POSTERN_PIN_CHANGE"
)

// invoice is what is approved at approveGate.
const invoice = `{"PAYEE": "Paper Mill Ltd", "AMOUNT": 100}`

// scene is a database with gates, people and an application server.
type scene struct {
	*testdb.Database
	// application may assert any end user by name; each person's session runs through it.
	application *testdb.Login
}

// newScene has the gates, and the people who are named. The table public.payment stands for the business.
func newScene(t testing.TB, people ...string) *scene {
	t.Helper()
	database := testdb.New(t)
	s := &scene{Database: database, application: database.Login(t, "postern_trusted_app")}
	testsql.Run(t, s.Pool, `select postern.register_gate($1, 'Approve an invoice', 'Invoice of &PAYEE over &AMOUNT approved', '{PAYEE,AMOUNT}', true)`, approveGate)
	testsql.Run(t, s.Pool, `select postern.register_gate($1, 'Number a voucher', 'Voucher &SEQUENCE of &PAYEE numbered', '{PAYEE,SEQUENCE}', true, '{PAYEE}')`, numberedGate)
	testsql.Run(t, s.Pool, `select postern.register_gate($1, 'Release payments', 'Payments released', '{}', true)`, releaseGate)
	testsql.Run(t, s.Pool, `create table public.payment (payee text not null); grant all on public.payment to public`)
	for _, userid := range people {
		s.addUser(t, userid)
		s.givePIN(t, userid, pins[userid])
	}
	s.ForgetLog(t)
	return s
}

// addUser creates an end user who has no PIN yet.
func (s *scene) addUser(t testing.TB, userid string) {
	t.Helper()
	testsql.Run(t, s.Pool, "select postern.create_user($1, $1)", userid)
}

// givePIN gives a user a PIN as if the user had changed it already, with the lowest cost that bcrypt knows: an attempt
// then takes a millisecond, and a test can afford thousands.
func (s *scene) givePIN(t testing.TB, userid, pin string) {
	t.Helper()
	testsql.Run(t, s.Pool, `
update postern_internal.credential
   set hash = postern_internal.hash_pin($2, '$2a$04$abcdefghijklmnopqrstuu'), must_change = false
 where userid = $1`, userid, pin)
}

// set changes a setting of Postern.
func (s *scene) set(t testing.TB, name, value string) {
	t.Helper()
	testsql.Run(t, s.Pool, "select postern.set_setting($1, $2)", name, value)
}

// connect opens a connection of the application.
func (s *scene) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return s.application.Connect(t)
}

// listen opens a connection of the application, and collects the server's notices on it.
func (s *scene) listen(t testing.TB) (*pgx.Conn, *[]*pgconn.Notice) {
	t.Helper()
	config, err := pgx.ParseConfig(s.application.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["search_path"] = ""
	notices := []*pgconn.Notice{}
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { notices = append(notices, notice) }
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return connection, &notices
}

// challenge is the challenge for userid at a gate.
func challenge(t testing.TB, connection *pgx.Conn, userid, gate, parameters string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	defer rollback(t, tx)
	return testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", gate, parameters)
}

const authenticate = "select postern.authenticate($1, $2, $3)::text"

// answer answers a challenge in the session of userid, and commits. It returns the ticket.
func answer(t testing.TB, connection *pgx.Conn, userid, challenge, username, response string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	ticket := testsql.Value[string](t, tx, authenticate, challenge, username, response)
	commit(t, tx)
	return ticket
}

// approve makes userid approve at a gate with the right PIN, and commits. It returns the ticket.
func approve(t testing.TB, connection *pgx.Conn, userid, gate, parameters string) string {
	t.Helper()
	return answer(t, connection, userid, challenge(t, connection, userid, gate, parameters), userid, pins[userid])
}

// status asks for the status of a ticket in a new transaction, in the session of userid.
func status(t testing.TB, connection *pgx.Conn, userid, ticket string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	defer rollback(t, tx)
	return testsql.Value[string](t, tx, "select postern.ticket_status($1::uuid)", ticket)
}

// open uses a ticket in the caller's transaction.
func open(t testing.TB, q testsql.Querier, ticket string) {
	t.Helper()
	testsql.Run(t, q, openGates, ticket)
}

const openGates = "select postern.open_gates($1::uuid)"

// expire makes all tickets expire, and returns when they have. inTime does what must happen in time, just before that.
// If a busy machine was too slow, it is undone and repeated with more time.
func (s *scene) expire(t testing.TB, inTime func() error, undo func()) {
	t.Helper()
	for limit := 500 * time.Millisecond; ; limit *= 2 {
		ends := testsql.Values[time.Time](t, s.Pool, "update postern_internal.ticket set expires_at = now() + $1::interval returning expires_at", limit)
		err := inTime()
		testsql.Run(t, s.Pool, "select pg_catalog.pg_sleep_until($1::timestamptz)", ends[0])
		if err == nil {
			return
		}
		if testdb.Code(err) != "PS103" || limit > time.Minute {
			t.Fatal(err)
		}
		undo()
	}
}

// reach reaches a gate in the caller's transaction.
func reach(t testing.TB, q testsql.Querier, gate, parameters string) {
	t.Helper()
	testsql.Run(t, q, checkpoint, gate, parameters)
}

const checkpoint = "select postern.checkpoint($1, $2::jsonb)"

// passes counts the log entries of passes. Only commits add to them.
func (s *scene) passes(t testing.TB) int {
	t.Helper()
	return testsql.Value[int](t, s.Pool, "select count(*) from postern.checkpoint_log where outcome = 'passed'")
}

// failures is the number of wrong responses that count against a user.
func (s *scene) failures(t testing.TB, userid string) int {
	t.Helper()
	return testsql.Value[int](t, s.Pool, "select failures from postern_internal.credential where userid = $1", userid)
}

// begin starts a transaction in which the application's connection speaks for userid.
func begin(t testing.TB, connection *pgx.Conn, userid string) pgx.Tx {
	t.Helper()
	return beginAt(t, connection, userid, pgx.ReadCommitted)
}

func beginAt(t testing.TB, connection *pgx.Conn, userid string, level pgx.TxIsoLevel) pgx.Tx {
	t.Helper()
	tx, err := connection.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, "select postern.assume_user($1)", userid)
	return tx
}

// beginUnasserted starts a transaction in which the application's connection has not asserted a user yet.
func beginUnasserted(t testing.TB, connection *pgx.Conn) pgx.Tx {
	t.Helper()
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func commit(t testing.TB, tx pgx.Tx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func rollback(t testing.TB, tx pgx.Tx) {
	t.Helper()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// literal returns text as an SQL string constant.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// refusedAndGoOn expects a refusal within a savepoint, so that the transaction can continue.
func refusedAndGoOn(t testing.TB, tx pgx.Tx, code, sql string, arguments ...any) *pgconn.PgError {
	t.Helper()
	testsql.Run(t, tx, "savepoint before_refusal")
	got := testsql.Refused(t, tx, code, sql, arguments...)
	testsql.Run(t, tx, "rollback to savepoint before_refusal")
	testsql.Run(t, tx, "release savepoint before_refusal")
	return got
}
