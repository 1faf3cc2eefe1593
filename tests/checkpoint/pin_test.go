package checkpoint_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const resetPIN = "select postern.reset_pin($1, $2)"

func TestPINPolicy(t *testing.T) {
	c := newCompany(t)
	testsql.Run(t, c.administrator, "select postern.create_user('Alexandra', 'd')")
	for _, weak := range []string{
		// too short
		"", " ", "12345", "83746",
		// repeated
		"111111", "000000", "121212", "837837", "ababab", "        ", "xyzxyzxyz",
		// runs
		"123456", "234567", "345678", "654321", "876543", "567890", "098765", "1234567890", "abcdef", "UVWXYZ", "fedcba",
		// dates
		"190877", "081977", "19771908", "19081977", "310399", "123199", "20260101", "010126", "112233",
		// common
		"qwerty", "QWERTY", "Qwerty123", "password", "PASSW0RD", "letmein", "123abc", "1q2w3e", "159753", "147258", "246810",
		// the user's name
		"alexandra", "ALEXANDRA",
		// too long
		strings.Repeat("ab1", 43), strings.Repeat("x", 10_000_000), strings.Repeat("0123456789", 13) + "x",
	} {
		testdb.RequireCode(t, execute(t, c.administrator, resetPIN, "Alexandra", weak), "PS109")
	}
	testdb.RequireCode(t, execute(t, c.administrator, resetPIN, "Alexandra", nil), "PS109")
	if got := testsql.Value[string](t, c.administrator, "select pin from postern.user_account"); got != "none" {
		t.Fatalf("a refused PIN was set: %s", got)
	}
	for _, good := range []string{"837462", "a8c2e4", "Ünïcödé", "correct horse battery", "\U0001F512\U0001F511\U0001F513\U0001F50F\U0001F510\U0001F5DD", strings.Repeat("ab1x", 31) + "abcd"} {
		if err := execute(t, c.administrator, resetPIN, "Alexandra", good); err != nil {
			t.Errorf("the good PIN %q is refused: %v", good, err)
		}
	}
	c.set(t, "pin_min_length", "8")
	testdb.RequireCode(t, execute(t, c.administrator, resetPIN, "Alexandra", "8374629"), "PS109")
	if err := execute(t, c.administrator, resetPIN, "Alexandra", "83746295"); err != nil {
		t.Error(err)
	}
	c.set(t, "pin_min_length", "4")
	for _, weak := range []string{"1234", "0000", "2580", "1977", "3112", "837"} {
		testdb.RequireCode(t, execute(t, c.administrator, resetPIN, "Alexandra", weak), "PS109")
	}
	if err := execute(t, c.administrator, resetPIN, "Alexandra", "8374"); err != nil {
		t.Error(err)
	}
}

// A program explains it to its user in the user's language.
func TestPINPolicySaysWhy(t *testing.T) {
	c := newCompany(t)
	testsql.Run(t, c.administrator, "select postern.create_user('Alexandra', 'd')")
	for reason, weak := range map[string]any{
		"missing": nil, "too_short": "83746", "too_long": strings.Repeat("ab1", 43), "repetition": "837837", "run": "345678", "date": "190877",
		"common": "qwerty", "user_name": "alexandra",
	} {
		server := testdb.RequireCode(t, execute(t, c.administrator, resetPIN, "Alexandra", weak), "PS109")
		var policy *postern.CredentialPolicy
		if !errors.As(postern.AsError(server), &policy) || policy.Reason != reason || policy.Explanation == "" || policy.MinimumLength != 6 {
			t.Errorf("the reason should be %s, but DETAIL is %s", reason, server.Detail)
		}
	}
}

func execute(t testing.TB, q testsql.Querier, sql string, arguments ...any) error {
	t.Helper()
	_, err := q.Exec(t.Context(), sql, arguments...)
	return err
}

// bcrypt alone would ignore all after 72 bytes.
func TestEachCharacterOfALongPINCounts(t *testing.T) {
	c := newCompany(t, alice)
	long := strings.Repeat("ab1x", 31) + "abcd"
	testsql.Run(t, c.administrator, resetPIN, alice, long)
	testsql.Run(t, c.Pool, "update postern_internal.credential set must_change = false")
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked, alice, long[:127]+"e", nil)), "PS102")
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked, alice, long[:72], nil)), "PS102")
	if err := c.call(t, alice, openGates, c.answer(t, alice, asked, alice, long, nil)); err != nil {
		t.Error(err)
	}
}

// The life of a PIN: none, set by an administrator, changed by its owner.
func TestFirstPINIsChangedBeforeItApproves(t *testing.T) {
	c := newCompany(t)
	testsql.Run(t, c.administrator, "select postern.create_user($1, $1)", alice)
	state := func(want string) {
		t.Helper()
		if got := testsql.Value[string](t, c.administrator, "select pin from postern.user_account"); got != want {
			t.Errorf("the PIN is %q, want %q", got, want)
		}
	}
	state("none")
	testsql.Run(t, c.administrator, resetPIN, alice, "594837")
	state("must_change")
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked, alice, "594837", nil)), "PS102")

	const setPIN = "select postern.set_pin($1)"
	change := parseDialog(t, testdb.RequireCode(t, c.call(t, alice, setPIN, pins[alice]), "PS101").Detail)
	if change.Gate != pinGate || len(change.Schemes) != 1 || change.Schemes[0] != "PIN" {
		t.Errorf("the dialog is %+v", change)
	}
	ticket := c.answer(t, alice, change.Challenge, alice, "594837", nil)
	change2 := func(pin string) error {
		return c.as(t, alice, func(tx pgx.Tx) error {
			testsql.Run(t, tx, openGates, ticket)
			_, err := tx.Exec(t.Context(), setPIN, pin)
			return err
		})
	}
	if server := testdb.RequireCode(t, change2("594837"), "PS109"); !strings.Contains(server.Detail, `"reason": "old"`) {
		t.Errorf("the old one again: %s", server.Detail)
	}
	testdb.RequireCode(t, change2("123456"), "PS109")
	if err := change2(pins[alice]); err != nil {
		t.Fatal(err)
	}
	state("set")
	if err := c.resend(t, alice, c.approve(t, alice, approveGate, approveParameters), approveGate, approveParameters); err != nil {
		t.Error(err)
	}
	log := c.log(t)
	if len(log) != 3 || log[1].Gate != pinGate || log[1].Outcome != "passed" || log[1].Parameters != "{}" {
		t.Errorf("the log is %+v", log)
	}
	if testsql.Value[string](t, c.administrator, "select userid from postern.user_account where pin_changed_at > now() - interval '1 min'") != alice {
		t.Error("the account does not say when the PIN was changed")
	}
}

func TestDeactivatedUserApprovesNothing(t *testing.T) {
	c := newCompany(t, alice, bob)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	ticket := c.answer(t, alice, asked, alice, pins[alice], nil)
	testsql.Run(t, c.administrator, "select postern.set_user_active($1, false)", alice)
	testdb.RequireCode(t, c.callUnasserted(t, "select postern.assume_user($1)", alice), "PS402")
	// Nor for others, if others may approve.
	c.set(t, "all_users_valid", "true")
	asked = c.stop(t, bob, approveGate, approveParameters).Challenge
	testdb.RequireCode(t, c.call(t, bob, openGates, c.answer(t, bob, asked, alice, pins[alice], nil)), "PS102")
	testsql.Run(t, c.administrator, "select postern.set_user_active($1, true)", alice)
	// Earlier answers open nothing, even after the user is active again.
	testdb.RequireCode(t, c.call(t, alice, openGates, ticket), "PS103")
	if err := c.call(t, bob, openGates, c.answer(t, bob, asked, alice, pins[alice], nil)); err != nil {
		t.Error(err)
	}
}

// callUnasserted runs a statement in a transaction in which nobody has asserted an end user.
func (c *company) callUnasserted(t testing.TB, sql string, arguments ...any) error {
	t.Helper()
	return execute(t, c.application, sql, arguments...)
}
