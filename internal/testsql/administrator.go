package testsql

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
)

// Administrator is a login that administers, and is the database role of an end user with a PIN.
type Administrator struct {
	Login *testdb.Login
	*pgx.Conn
	UserID, PIN string
}

// NewAdministrator creates an administrator, who is also a member of the named roles.
func NewAdministrator(t testing.TB, database *testdb.Database, userid string, memberOf ...string) *Administrator {
	t.Helper()
	a := &Administrator{Login: database.Login(t, append(memberOf, "postern_admin", "postern_user")...), UserID: userid, PIN: userid + " 8391 pin"}
	Run(t, database.Pool, "select postern.create_user($1, $1, $2::name)", userid, a.Login.Name)
	GivePIN(t, database.Pool, userid, a.PIN)
	a.Conn = a.Login.Connect(t)
	return a
}

// GivePIN gives a user a PIN as if the user had changed it already, with the lowest cost that bcrypt knows. It is not
// administered by anybody.
func GivePIN(t testing.TB, q Querier, userid, pin string) {
	t.Helper()
	Run(t, q, `
update postern_internal.credential
   set hash = postern_internal.hash_pin($2, '$2a$04$abcdefghijklmnopqrstuu'), must_change = false
 where userid = $1`, userid, pin)
}

// Request is what a checkpoint asks.
type Request struct {
	Gate, Message, Challenge string
	Parameters               struct {
		Count           int
		Changes, Digest string
	}
}

// Try runs statements in one transaction with these tickets, and commits.
func (a *Administrator) Try(t testing.TB, statements string, tickets ...string) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), a.Conn, func(tx pgx.Tx) error {
		for _, ticket := range tickets {
			if _, err := tx.Exec(t.Context(), "select postern.open_gates($1::text)", ticket); err != nil {
				return err
			}
		}
		_, err := tx.Exec(t.Context(), statements)
		return err
	})
}

// Asked returns what the commit of these statements asks at POSTERN_ADMINISTRATION.
func (a *Administrator) Asked(t testing.TB, statements string, tickets ...string) *Request {
	t.Helper()
	return RequestOf(t, a.Try(t, statements, tickets...))
}

// RequestOf returns what an error asks at POSTERN_ADMINISTRATION.
func RequestOf(t testing.TB, err error) *Request {
	t.Helper()
	asked := &Request{}
	if err := json.Unmarshal([]byte(testdb.RequireCode(t, err, "PS101").Detail), asked); err != nil {
		t.Fatal(err)
	}
	if asked.Gate != "POSTERN_ADMINISTRATION" {
		t.Fatalf("the gate %s asks", asked.Gate)
	}
	return asked
}

// Answer answers a challenge, and returns the ticket.
func (a *Administrator) Answer(t testing.TB, challenge, pin string) string {
	t.Helper()
	return Value[string](t, a.Conn, "select postern.authenticate($1, $2, $3)::text", challenge, a.UserID, pin)
}

// Approve approves what the commit of these statements asks, and returns the ticket.
func (a *Administrator) Approve(t testing.TB, statements string) string {
	t.Helper()
	return a.Answer(t, a.Asked(t, statements).Challenge, a.PIN)
}

// Do runs statements in one transaction, and approves them.
func (a *Administrator) Do(t testing.TB, statements string) {
	t.Helper()
	if err := a.Try(t, statements, a.Approve(t, statements)); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// Begin starts a transaction that is rolled back when the test ends, unless it has ended before.
func (a *Administrator) Begin(t testing.TB, options pgx.TxOptions) pgx.Tx {
	t.Helper()
	tx, err := a.Conn.BeginTx(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // returns no error if the transaction has ended
	return tx
}
