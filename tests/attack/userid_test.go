package attack

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// spellings are ways to write ALICE; the last one is in fullwidth letters.
var spellings = []string{"alice", "Alice", "aLICE", "ＡＬＩＣＥ"}

// A second ALICE would be taken for the first one, by people if not by programs.
func TestSecondSpellingCreatesNoUser(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "create table public.naive_user (userid text primary key); insert into public.naive_user values ('ALICE'), ('alice')")
	for _, userid := range append([]string{alice}, spellings...) {
		if refusal := testsql.Refused(t, s.Pool, "PS107", "select postern.create_user($1, 'another')", userid); !strings.Contains(refusal.Detail, `"ALICE"`) {
			t.Errorf("creating %s: DETAIL does not name ALICE: %s", userid, refusal.Detail)
		}
	}
	for _, userid := range []string{" BOB", "BOB ", "B  B", "B\tB", "B\u200bB", "B\u202eB", "B\u00adB", "B\u2028B", "BOB\n", "B\ufe0fB", "\ue000", "B\u2800B", "B\U0001d159B", "B\U00016fe4B", "B\ufffcB", "B\U0001107fB", "\u0301ALICE", "B \u0301B", strings.Repeat("x", 129), strings.Repeat("\ufdfa", 10)} {
		testsql.Refused(t, s.Pool, "PS107", "select postern.create_user($1, 'unusable')", userid)
	}
	// Two are created at once.
	created := sync.WaitGroup{}
	codes := make([]string, 12)
	for i := range codes {
		connection := s.Login(t, "postern_admin").Connect(t)
		created.Go(func() {
			_, err := connection.Exec(t.Context(), "select postern.create_user($1, 'raced')", []string{"Straße", "STRASSE", "strasse"}[i%3])
			codes[i] = testdb.Code(err)
		})
	}
	created.Wait()
	if got := strings.Count(fmt.Sprint(codes), "PS107"); got != len(codes)-1 {
		t.Errorf("of %d who race %d are refused: %s", len(codes), got, codes)
	}
	// It is stored as it was written, composed.
	testsql.Run(t, s.Pool, "select postern.create_user($1, 'decomposed')", "Jo\u0308rg Mu\u0308ller")
	if got := testsql.Value[string](t, s.Pool, "select userid from postern.user_account where description = 'decomposed'"); got != "Jörg Müller" {
		t.Errorf("the user id is stored as %+q", got)
	}
}

// However a user is written, attempts, sessions and log entries are that user's.
func TestEverySpellingNamesTheSameUser(t *testing.T) {
	s := newScene(t, alice, bob)
	s.set(t, "all_users_valid", "true")
	connection := s.connect(t)

	// The right PIN opens.
	for _, spelling := range spellings {
		asked := challenge(t, connection, alice, approveGate, invoice)
		ticket := answer(t, connection, alice, asked, spelling, pins[alice])
		tx := begin(t, connection, spelling)
		if got := testsql.Value[string](t, tx, "select fnd_session_api.get_fnd_user()"); got != alice {
			t.Errorf("in the session of %s the user is %s", spelling, got)
		}
		open(t, tx, ticket)
		reach(t, tx, approveGate, invoice)
		commit(t, tx)
		ticket = answer(t, connection, bob, challenge(t, connection, bob, approveGate, invoice), spelling, pins[alice])
		tx = begin(t, connection, bob)
		open(t, tx, ticket)
		reach(t, tx, approveGate, invoice)
		commit(t, tx)
		ticket = answer(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), spelling, pins[alice])
		tx = beginUnasserted(t, connection)
		if got := testsql.Value[string](t, tx, "select postern.assume_user($1, $2::uuid)", spelling, ticket); got != alice {
			t.Errorf("with a ticket, %s is %s", spelling, got)
		}
		reach(t, tx, approveGate, invoice)
		commit(t, tx)
	}
	// A wrong PIN counts.
	for i, spelling := range spellings {
		spend(t, s, connection, alice, spelling, 1)
		if got := s.failures(t, alice); got != i+1 {
			t.Errorf("after %s %d attempts are spent", spelling, got)
		}
	}
	if got := fmt.Sprint(testsql.Values[string](t, s.Pool, `
select distinct userid || ' ' || authenticated_by from postern_internal.checkpoint_entry where outcome <> 'administered' order by 1`)); got != "[ALICE ALICE BOB ALICE]" {
		t.Errorf("the log names %s", got)
	}
	// An unknown name stays as it was typed.
	spend(t, s, connection, bob, "nobody", 1)
	if got := testsql.Value[string](t, s.Pool, "select authenticated_by from postern.checkpoint_log order by log_id desc limit 1"); got != "nobody" {
		t.Errorf("the log names %s", got)
	}
	// What was approved under another spelling ends with its user as well.
	stolen := answer(t, connection, bob, challenge(t, connection, bob, approveGate, invoice), "alice", pins[alice])
	testsql.Run(t, s.Pool, "select postern.set_user_active('alice', false)")
	if got := status(t, connection, bob, stolen); got != "expired" {
		t.Errorf("the ticket is %s", got)
	}
}

// Each function that takes a user id takes every spelling, and none makes a second user.
func TestEveryFunctionTakesEverySpelling(t *testing.T) {
	s := newScene(t, alice)
	secret := []byte("0123456789 0123456789 0123456789")
	testsql.Run(t, s.Pool, "select postern.create_session_key('first', $1)", secret)
	testsql.Run(t, s.Pool, `
select postern.create_company('10', 'Ten');
select postern.create_authority_class('10', 'ALL');
select postern.create_ledger('10', 'IFRS');
select postern.create_ledger_class('10', 'IFRS', 'ALL');
select postern.grant_company('alice', '10', true);
select postern.set_user_authority_class('10', 'alice', 'ALL');
select postern.grant_ledger('10', 'IFRS', 'alice');
select postern.set_user_ledger_class('10', 'IFRS', 'alice', 'ALL');
select user_finance_api.exist('10', 'alice');
select postern.set_user_description('alice', 'Alice');
select postern.set_user_db_role('alice', null);
select postern.reset_pin('alice', '739154');
select postern.unlock_user('alice')`)
	if got := testsql.Value[string](t, s.Pool, `
select pg_catalog.format('%s %s %s %s', a.description, u.is_default, u.class, l.class)
  from postern.user_account as a
  join postern.company_user as u on u.userid = a.userid
  join postern.ledger_user as l on l.userid = a.userid
 where a.userid = 'ALICE' and a.pin = 'must_change'`); got != "Alice t ALL ALL" {
		t.Errorf("after the calls, ALICE is %s", got)
	}
	if got := testsql.Value[string](t, s.Pool, "select reason from postern.explain_access('alice', '10', 1)"); got == "There is no such user." {
		t.Error(got)
	}
	testsql.Run(t, s.Pool, "grant postern_app to "+s.application.Name)
	connection := s.connect(t)
	if got := testsql.Value[string](t, connection, "select postern.begin_session($1)", tokenOf(t, s, "first", secret, "alice")); got != alice {
		t.Errorf("a token of alice begins the session of %s", got)
	}
	testsql.Run(t, s.Pool, `
select postern.revoke_ledger('10', 'IFRS', 'alice');
select postern.revoke_company('alice', '10');
select postern.set_user_active('alice', false)`)
	if got := testsql.Value[string](t, s.Pool, `
select pg_catalog.format('%s %s', a.active, (select count(*) from postern.company_user)) from postern.user_account as a`); got != "f 0" {
		t.Errorf("in the end Alice is %s", got)
	}
	testsql.Refused(t, s.Pool, "PS402", "select postern.assume_user('alice')")
	testsql.Refused(t, s.Pool, "PS201", "select user_finance_api.exist('10', 'alice')")
}

// The spelling of a name tells nobody whether the name is known.
func TestSpellingTellsNothing(t *testing.T) {
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, "select postern.create_user('MÜLLER', 'Müller')")
	asked := challenge(t, s.connect(t), alice, approveGate, invoice)
	want := s.trace(t, alice, authenticate, asked, "müller", wrongPIN)
	for range 3 { // a page that is full adds to what is written
		if got := s.trace(t, alice, authenticate, asked, "möller", wrongPIN); got == want {
			return
		}
		want = s.trace(t, alice, authenticate, asked, "müller", wrongPIN)
	}
	t.Errorf("a known name leaves\n%s\nan unknown one\n%s", want, s.trace(t, alice, authenticate, asked, "möller", wrongPIN))
}
