package protect_test

import (
	"testing"

	"github.com/posternsql/postern"
	. "github.com/posternsql/postern/internal/testsql"
)

// An application that connects for each request pays for an empty cache each time: PostgreSQL reads its catalog for
// each table, function, operator and type that it meets. Time depends on the machine, the number of rows read does not.
// What one more table or one more comparison of different types costs is visible here.
func TestFirstQueryReadsLittleOfTheCatalog(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	s.ledger(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	secret := []byte("0123456789abcdef0123456789abcdef")
	Run(t, s.Pool, "select postern.create_session_key('app', $1)", secret)
	Run(t, s.Pool, "select from postern.maintain()")
	Run(t, s.Pool, "vacuum analyze")
	signer, err := postern.NewSigner("app", secret, s.Name)
	if err != nil {
		t.Fatal(err)
	}
	login := s.Login(t, "postern_app")
	read := func(statements ...string) int {
		connection := login.Connect(t)
		Run(t, connection, "select pg_stat_force_next_flush()") // what connecting has read is not counted
		tx, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range statements {
			Run(t, tx, statement)
		}
		return Value[int](t, tx, "select sum(idx_tup_fetch)::integer from pg_stat_xact_sys_tables")
	}
	token, err := signer.Token("ANN")
	if err != nil {
		t.Fatal(err)
	}
	begin := "select postern.begin_session('" + token + "')"
	counting := read()
	session := read(begin)
	for _, c := range []struct {
		name         string
		read, atMost int
	}{
		{"begin_session", session - counting, 400},
		{"a row through protect_company", read(begin, "select from shop.voucher where voucher_id = 1") - session, 250},
		{"a row through protect_ledger", read(begin, "select from shop.keyed where entry_id = 1") - session, 1200},
	} {
		t.Logf("%s reads %d rows of the catalog", c.name, c.read)
		if c.read > c.atMost {
			t.Errorf("%s reads %d rows of the catalog, at most %d are meant", c.name, c.read, c.atMost)
		}
	}
}
