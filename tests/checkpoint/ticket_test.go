package checkpoint_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// insertTickets inserts tickets that opened gates; the latest of them expired at $3.
const insertTickets = `
with t as (
  insert into postern_internal.ticket
    (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at)
  select gen_random_uuid(), gen_random_uuid()::text, 'accepted', '-infinity', u.userid, u.userid, 'PIN', 'APP_PAY', false, '', '{}', 'paid',
         clock_timestamp() - $3::text::interval - n * interval '1 ms'
    from generate_series(1, $1::integer) as n
   cross join lateral (select case when $2 = '' then 'USER' || n else $2 end as userid) as u
  returning *)
insert into postern_internal.open_gate (nonce, ticket, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at, session)
select nonce, ticket, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at, '' from t`

// Without any upkeep, an attempt reads as many pages with 50,000 old tickets as with none.
func TestAnAttemptIsNotSlowedByOldTickets(t *testing.T) {
	t.Parallel()
	const old, bound = 50_000, 30
	c := newCompany(t, alice)
	pages := func() int {
		var pages int
		challenge := c.stop(t, alice, approveGate, approveParameters).Challenge
		err := c.as(t, alice, func(tx pgx.Tx) error {
			pages = testsql.Buffers(t, tx, fmt.Sprintf("select postern.authenticate('%s', '%s', '%s')", challenge, alice, pins[alice]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return pages
	}
	for range 8 { // caches plans and catalogs, and makes the first pages of each table and index
		pages()
	}
	without := pages()
	for _, tickets := range []struct{ name, userid, since string }{
		{"expired, of this user", alice, "1 minute"},
		{"expired, of others", "", "1 minute"},
		{"old, of others", "", "1 day"},
		{"old, of this user", alice, "1 day"},
	} {
		testsql.Run(t, c.Pool, insertTickets, old, tickets.userid, tickets.since)
		if got := pages(); got > without+bound {
			t.Errorf("%s: an attempt looks at %d pages, and at %d without them", tickets.name, got, without)
		}
	}
	// A naive clean-up reads all of them.
	naive := testsql.Buffers(t, c.Pool, "delete from postern_internal.ticket where userid = 'ALICE' and expires_at < now() - interval '3 hours'")
	if naive < 10*(without+bound) {
		t.Errorf("a naive clean-up looks at %d pages only, so that this test says nothing", naive)
	}
}

// Deactivation ends a user's unused tickets. It does not read those that have expired.
func TestDeactivationReadsNoExpiredTickets(t *testing.T) {
	t.Parallel()
	const old = 50_000
	c := newCompany(t, alice)
	testsql.Run(t, c.Pool, insertTickets, old, alice, "1 minute")
	ticket := c.approve(t, alice, approveGate, approveParameters)
	testsql.Run(t, c.Pool, "analyze postern_internal.ticket")
	// Half a page per ticket would be 25,000.
	if got := testsql.Buffers(t, c.Pool, "select postern.set_user_active('ALICE', false)"); got > 1000 {
		t.Errorf("shutting out a user looks at %d pages", got)
	}
	if !testsql.Value[bool](t, c.Pool, "select expires_at <= clock_timestamp() from postern_internal.ticket where ticket = $1", ticket) {
		t.Error("the ticket has not ended")
	}
}
