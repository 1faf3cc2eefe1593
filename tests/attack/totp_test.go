package attack

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/posternsql/postern/internal/testsql"
)

const (
	enrolTOTP     = "select postern.enrol_totp()"
	confirmTOTP   = "select postern.confirm_totp()"
	enrolTOTPGate = "POSTERN_TOTP_ENROL"
)

// answerBy answers a challenge with a scheme, in the session of userid, and commits. It returns the ticket.
func answerBy(t testing.TB, connection *pgx.Conn, userid, challenge, username, response, scheme string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	ticket := testsql.Value[string](t, tx, authenticateScheme, challenge, username, response, scheme)
	commit(t, tx)
	return ticket
}

// enrolApp approves with the PIN, and returns the authenticator app, which is not confirmed yet.
func enrolApp(t testing.TB, connection *pgx.Conn, userid string) *otp.Key {
	t.Helper()
	ticket := approve(t, connection, userid, enrolTOTPGate, "{}")
	tx := begin(t, connection, userid)
	open(t, tx, ticket)
	key, err := otp.NewKeyFromURL(testsql.Value[string](t, tx, enrolTOTP))
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	return key
}

// confirmation is the challenge of the gate that confirms an app.
func confirmation(t testing.TB, connection *pgx.Conn, userid string) string {
	t.Helper()
	tx := begin(t, connection, userid)
	defer rollback(t, tx)
	return asked(t, testsql.Refused(t, tx, "PS101", confirmTOTP)).Challenge
}

// question is what PS101 says.
type question struct {
	Challenge string
	Schemes   []string
}

func asked(t testing.TB, refused *pgconn.PgError) (q question) {
	t.Helper()
	if err := json.Unmarshal([]byte(refused.Detail), &q); err != nil {
		t.Fatal(err)
	}
	return q
}

// newApp enables TOTP, and enrols and confirms an app of userid. The app has used the code of the step before now.
func (s *scene) newApp(t testing.TB, connection *pgx.Conn, userid string) *otp.Key {
	t.Helper()
	testsql.Run(t, s.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	key := enrolApp(t, connection, userid)
	ticket := answerBy(t, connection, userid, confirmation(t, connection, userid), userid, code(t, key, -1), "TOTP")
	tx := begin(t, connection, userid)
	open(t, tx, ticket)
	testsql.Run(t, tx, confirmTOTP)
	commit(t, tx)
	return key
}

// code is what an app shows now, or some steps from now.
func code(t testing.TB, key *otp.Key, steps int) string {
	t.Helper()
	shown, err := totp.GenerateCode(key.Secret(), time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

// Somebody who looked over a shoulder has the code for the rest of its minute and a half.
func TestCodeOfAnAppWorksOnce(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	key := s.newApp(t, connection, alice)
	seen := code(t, key, 0)
	for range 2 {
		if !testsql.Value[bool](t, s.Pool, "select postern_internal.totp_match(totp_secret, $1, clock_timestamp(), -1) is not null from postern_internal.credential", seen) {
			t.Fatal("the naive version withstood")
		}
	}

	for attempt, want := range []string{"accepted", "denied"} {
		ticket := answerBy(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, seen, "TOTP")
		if got := status(t, connection, alice, ticket); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt, got, want)
		}
	}
	// The next one works, and then the one before it does not, although it is still in time.
	for _, test := range []struct {
		code string
		want string
	}{{code(t, key, 1), "accepted"}, {code(t, key, 0), "denied"}, {code(t, key, 1), "denied"}} {
		ticket := answerBy(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, test.code, "TOTP")
		if got := status(t, connection, alice, ticket); got != test.want {
			t.Errorf("%s: %s, want %s", test.code, got, test.want)
		}
	}
	if got := s.failures(t, alice); got != 2 {
		t.Errorf("%d failures are counted", got)
	}
}

// Two sessions send the same code at once. The naive version looks up the last code before it waits for anybody.
func TestCodeOfAnAppWorksOnceInParallel(t *testing.T) {
	s := newScene(t, alice)
	first, second := s.connect(t), s.connect(t)
	key := s.newApp(t, first, alice)
	seen := code(t, key, 0)
	questions := []string{challenge(t, first, alice, approveGate, invoice), challenge(t, first, alice, approveGate, invoice)}

	tx := begin(t, first, alice)
	ticket := testsql.Value[string](t, tx, authenticateScheme, questions[0], alice, seen, "TOTP")
	if !testsql.Value[bool](t, s.Pool, "select postern_internal.totp_match(totp_secret, $1, clock_timestamp(), totp_step) is not null from postern_internal.credential", seen) {
		t.Fatal("the naive version withstood: it knows of the code before the commit")
	}
	other := begin(t, second, alice)
	tickets := make(chan string, 1)
	go func() {
		var ticket string
		if err := other.QueryRow(t.Context(), authenticateScheme, questions[1], alice, seen, "TOTP").Scan(&ticket); err != nil {
			t.Error(err)
		}
		tickets <- ticket
	}()
	waitUntilBlocked(t, s.Pool, second.PgConn().PID())
	commit(t, tx)
	late := <-tickets
	commit(t, other)
	got := []string{status(t, first, alice, ticket), status(t, first, alice, late)}
	if !slices.Equal(got, []string{"accepted", "denied"}) {
		t.Errorf("the attempts: %v", got)
	}
}

// Whoever may ask a function which code is right can ask about all of them, and roll back.
func TestConfirmationOfAnAppIsNoOracle(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	testsql.Run(t, s.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	key := enrolApp(t, connection, alice)
	testsql.Run(t, s.Pool, `
create function public.naive_confirm_totp(code text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update postern_internal.credential as c
     set totp_secret = c.totp_pending
   where postern_internal.totp_match(c.totp_pending, code, clock_timestamp(), -1) is not null
  returning true
$$;
grant execute on function public.naive_confirm_totp(text) to public`)
	guesses := []string{"000000", "999999", code(t, key, 0)}
	tx := begin(t, connection, alice)
	found := ""
	for _, guess := range guesses {
		if testsql.Value[*bool](t, tx, "select public.naive_confirm_totp($1)", guess) != nil {
			found = guess
		}
	}
	rollback(t, tx)
	if found != guesses[2] {
		t.Fatalf("the naive version withstood: %q", found)
	}

	// The answer to the gate tells nothing until it has been counted.
	for _, guess := range guesses {
		first := confirmation(t, connection, alice)
		tx := begin(t, connection, alice)
		ticket := testsql.Value[string](t, tx, authenticateScheme, first, alice, guess, "TOTP")
		refusedAndGoOn(t, tx, "PS103", "select postern.ticket_status($1::uuid)", ticket)
		testsql.Refused(t, tx, "PS101", confirmTOTP)
		rollback(t, tx)
	}
	if got := testsql.Value[string](t, s.Pool, "select totp from postern.user_account"); got != "not_confirmed" {
		t.Errorf("the app is %s", got)
	}
	// An app that is not confirmed opens nothing else, and what was approved for it confirms no other one.
	ticket := answerBy(t, connection, alice, challenge(t, connection, alice, approveGate, invoice), alice, code(t, key, 0), "TOTP")
	if got := status(t, connection, alice, ticket); got != "denied" {
		t.Errorf("an app that is not confirmed: %s", got)
	}
	ticket = answerBy(t, connection, alice, confirmation(t, connection, alice), alice, code(t, key, 0), "TOTP")
	enrolApp(t, connection, alice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Refused(t, tx, "PS103", confirmTOTP)
	rollback(t, tx)
}

// A thief who has the PIN would enrol an app, and have both.
func TestStolenPINReplacesNoApp(t *testing.T) {
	s := newScene(t, alice, bob)
	connection := s.connect(t)
	s.newApp(t, connection, alice)
	s.newApp(t, connection, bob)
	testsql.Run(t, s.Pool, "update postern_internal.credential set totp_secret = null where userid = 'BOB'") // the naive version: whoever has none
	enrolApp(t, connection, bob)

	ticket := approve(t, connection, alice, enrolTOTPGate, "{}")
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Refused(t, tx, "PS107", enrolTOTP)
	rollback(t, tx)

	// Without the PIN nobody enrols, whatever else was approved, and a PIN that an administrator has set does not count.
	testsql.Run(t, s.Pool, "select postern.remove_totp('ALICE')")
	if got := status(t, connection, alice, ticket); got != "expired" {
		t.Errorf("the ticket is %s", got)
	}
	ticket = approve(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Refused(t, tx, "PS101", enrolTOTP)
	rollback(t, tx)
	testsql.Run(t, s.Pool, "update postern_internal.credential set must_change = true where userid = 'ALICE'")
	if s.worksAs(t, connection, alice, enrolTOTPGate, "{}", pins[alice]) {
		t.Error("a PIN that an administrator has set enrols an app")
	}
	if !s.worksAs(t, connection, alice, pinGate, "{}", pins[alice]) {
		t.Error("it does not even open its own change")
	}
}

// A gate that wants a code would be worth no more than a PIN, if the approval of another gate opened it.
func TestGateThatWantsACodeIsNotOpenedByAPIN(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	key := s.newApp(t, connection, alice)
	before := approve(t, connection, alice, releaseGate, "{}")
	ticket := approve(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	reach(t, tx, releaseGate, "{}") // the naive version: any scheme
	rollback(t, tx)

	testsql.Run(t, s.Pool, "select postern.set_gate_schemes($1, '{TOTP}')", releaseGate)
	if got := status(t, connection, alice, before); got != "expired" {
		t.Errorf("the approval from before is %s", got)
	}
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	refused := testsql.Refused(t, tx, "PS101", checkpoint, releaseGate, "{}")
	rollback(t, tx)
	if got := asked(t, refused).Schemes; !slices.Equal(got, []string{"TOTP"}) {
		t.Errorf("PS101 names %v", got)
	}
	// The wrong scheme is refused for the right PIN and for a wrong one, in the same words, and costs no attempt.
	var texts []string
	for _, response := range []string{pins[alice], wrongPIN} {
		question := challenge(t, connection, alice, releaseGate, "{}")
		tx = begin(t, connection, alice)
		refused := testsql.Refused(t, tx, "PS107", authenticate, question, alice, response)
		rollback(t, tx)
		texts = append(texts, refused.Message+refused.Detail+refused.Hint)
	}
	if texts[0] != texts[1] || s.failures(t, alice) != 0 {
		t.Errorf("the refusals: %q, %d failures", texts, s.failures(t, alice))
	}
	for _, weaker := range []string{
		"select postern.register_gate('SINWOF_RELEASE', 'd', 'm', exclusive => false)",
		"select postern.set_scheme_enabled('TOTP', false)",
	} {
		testsql.Refused(t, s.Pool, "PS107", weaker)
	}
	testsql.Run(t, s.Pool, "select postern.register_gate('SINWOF_RELEASE', 'd', 'm', active => true)") // an upgrade
	ticket = answerBy(t, connection, alice, challenge(t, connection, alice, releaseGate, "{}"), alice, code(t, key, 0), "TOTP")
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, releaseGate, "{}")
	commit(t, tx)
	if got := testsql.Value[string](t, s.Pool, "select scheme from postern.checkpoint_log where outcome = 'passed' and gate_id = $1", releaseGate); got != "TOTP" {
		t.Errorf("the log names %s", got)
	}
}
