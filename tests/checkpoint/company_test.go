// Package checkpoint tests what gates, settings, PINs, tokens and the log do, as applications and administrators use
// them in SQL.
package checkpoint_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	alice = "ALICE"
	bob   = "BOB"

	approveGate = "SINWOF_APPROVE"
	releaseGate = "SINWOF_RELEASE"
	pinGate     = "POSTERN_PIN_CHANGE"

	approveParameters = `{"INVOICE_NO": "100-7"}`
)

var pins = map[string]string{alice: "837462", bob: "926153"}

// company is a database with two gates, with users who have a PIN, and with one connection for each kind of work.
type company struct {
	*testdb.Database
	// application speaks for end users, administrator configures, auditor reads.
	application, administrator, auditor *pgx.Conn
	// warnings are those on the administrator's connection.
	warnings *[]*pgconn.Notice
}

func newCompany(t testing.TB, users ...string) *company {
	t.Helper()
	database := testdb.New(t)
	config, err := pgx.ParseConfig(database.Login(t, "postern_admin").URL)
	if err != nil {
		t.Fatal(err)
	}
	warnings := new([]*pgconn.Notice)
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { *warnings = append(*warnings, notice) }
	administrator, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { administrator.Close(context.Background()) })
	c := &company{
		Database:      database,
		application:   database.Login(t, "postern_trusted_app").Connect(t),
		administrator: administrator,
		auditor:       database.Login(t, "postern_auditor").Connect(t),
		warnings:      warnings,
	}
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Approve an invoice', 'Invoice &INVOICE_NO approved', '{INVOICE_NO}', true)", approveGate)
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Release payments', 'Payments released', '{}', true)", releaseGate)
	for _, userid := range users {
		testsql.Run(t, c.administrator, "select postern.create_user($1, $1)", userid)
		testsql.Run(t, c.administrator, "select postern.reset_pin($1, $2)", userid, pins[userid])
		// As if the user had changed it. What comes before that is a separate test.
		testsql.Run(t, c.Pool, "update postern_internal.credential set must_change = false where userid = $1", userid)
	}
	return c
}

// set changes a setting of Postern.
func (c *company) set(t testing.TB, name, value string) {
	t.Helper()
	testsql.Run(t, c.administrator, "select postern.set_setting($1, $2)", name, value)
}

// as runs do in a transaction of the user's, and commits if it returns no error.
func (c *company) as(t testing.TB, userid string, do func(pgx.Tx) error) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), c.application, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select postern.assume_user($1)", userid)
		return do(tx)
	})
}

// call is like as, for one statement.
func (c *company) call(t testing.TB, userid, sql string, arguments ...any) error {
	t.Helper()
	return c.as(t, userid, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), sql, arguments...)
		return err
	})
}

const (
	reachGate    = "select postern.checkpoint($1, $2::jsonb)"
	openGates    = "select postern.open_gates($1::uuid)"
	authenticate = "select postern.authenticate($1, $2, $3, $4)::text"
)

// dialog is the DETAIL of PS101.
type dialog struct {
	Gate, Description, Message, Challenge string
	Action, Username                      *string
	Parameters                            json.RawMessage
	Schemes                               []string
	CommentRequired                       bool   `json:"comment_required"`
	ExpiresAt                             string `json:"expires_at"`
}

// stop makes the user reach a gate without a ticket, and returns what the dialog shows.
func (c *company) stop(t testing.TB, userid, gate, parameters string) dialog {
	t.Helper()
	return parseDialog(t, testdb.RequireCode(t, c.call(t, userid, reachGate, gate, parameters), "PS101").Detail)
}

func parseDialog(t testing.TB, detail string) (d dialog) {
	t.Helper()
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		t.Fatalf("DETAIL is not the JSON of a dialog: %v: %s", err, detail)
	}
	return d
}

// answer answers a challenge, and returns the ticket.
func (c *company) answer(t testing.TB, userid, challenge, username, response string, comment *string) (ticket string) {
	t.Helper()
	err := c.as(t, userid, func(tx pgx.Tx) error {
		ticket = testsql.Value[string](t, tx, authenticate, challenge, username, response, comment)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// approve reaches a gate and answers with the right PIN. It returns the ticket.
func (c *company) approve(t testing.TB, userid, gate, parameters string) string {
	t.Helper()
	return c.answer(t, userid, c.stop(t, userid, gate, parameters).Challenge, userid, pins[userid], nil)
}

// resend uses a ticket and reaches a gate, in one transaction.
func (c *company) resend(t testing.TB, userid, ticket, gate, parameters string) error {
	t.Helper()
	return c.as(t, userid, func(tx pgx.Tx) error {
		testsql.Run(t, tx, openGates, ticket)
		_, err := tx.Exec(t.Context(), reachGate, gate, parameters)
		return err
	})
}

// entry is a row of the log.
type entry struct {
	Outcome, Gate, Userid   string
	AuthenticatedBy         *string
	Message                 string
	Comment, Scheme         *string
	SessionRole, Parameters string
}

func (c *company) log(t testing.TB) []entry {
	t.Helper()
	rows, err := c.auditor.Query(t.Context(), `
select outcome, gate_id, userid, authenticated_by, message, comment, scheme, session_role::text, parameters::text
  from postern.checkpoint_log order by log_id`)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
