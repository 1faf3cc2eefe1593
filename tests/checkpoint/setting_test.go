package checkpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestSettingsAcceptOnlyValidValues(t *testing.T) {
	c := newCompany(t)
	rows, err := c.administrator.Query(t.Context(), "select name, kind, minimum, maximum from postern.setting")
	if err != nil {
		t.Fatal(err)
	}
	settings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Name, Kind       string
		Minimum, Maximum *int
	}])
	if err != nil {
		t.Fatal(err)
	}
	if len(settings) < 9 {
		t.Fatalf("there are only %d settings", len(settings))
	}
	for _, setting := range settings {
		good, bad := map[string]string{"true": "true", "ON": "true", " yes ": "true", "1": "true", "Off": "false", "no": "false", "0": "false", "false": "false"},
			[]string{"", "2", "t", "wahr", "null", "true false"}
		if setting.Kind == "integer" {
			low, high := *setting.Minimum, *setting.Maximum
			good = map[string]string{fmt.Sprint(low): fmt.Sprint(low), fmt.Sprintf(" 00%d ", high): fmt.Sprint(high)}
			bad = []string{"", fmt.Sprint(low - 1), fmt.Sprint(high + 1), "-1", "1.5", "1e3", "0x10", "ten", "99999999999999999999", "true", "NaN"}
		}
		if setting.Kind == "kinds" {
			// Switching it on needs an approval: see tests/administration.
			good = map[string]string{"none": "none", " NONE ": "none"}
			bad = []string{"", "true", "off", "gates", "gate,", ",", "all,gate"}
		}
		switch setting.Name {
		case "passkey_domain":
			good = map[string]string{"example.com": "example.com", " ERP.example.com ": "erp.example.com", "localhost": "localhost", "": ""}
			bad = []string{"https://example.com", "example.com:443", "-a.com", "a..com", "a b", "ä.com", strings.Repeat("a", 254)}
		case "passkey_origins":
			good = map[string]string{
				"https://example.com": "https://example.com", "https://a.example.com  HTTPS://b.example.com:8443": "https://a.example.com https://b.example.com:8443",
				"http://localhost:8080": "http://localhost:8080", "": "",
			}
			bad = []string{"example.com", "http://example.com", "https://example.com/", "https://*", "https://a,https://b", "https://ä.com", "null", "https://"}
		}
		for given, want := range good {
			c.set(t, setting.Name, given)
			if got := testsql.Value[string](t, c.administrator, "select value from postern.setting where name = $1", setting.Name); got != want {
				t.Errorf("%s = %q is stored as %q, want %q", setting.Name, given, got, want)
			}
		}
		before := testsql.Value[string](t, c.administrator, "select value from postern.setting where name = $1", setting.Name)
		for _, given := range bad {
			testsql.Refused(t, c.administrator, "PS107", "select postern.set_setting($1, $2)", setting.Name, given)
		}
		if after := testsql.Value[string](t, c.administrator, "select value from postern.setting where name = $1", setting.Name); after != before {
			t.Errorf("%s was changed nevertheless", setting.Name)
		}
	}
	testsql.Refused(t, c.administrator, "PS107", "select postern.set_setting('colour', 'red')")
}

func TestCommentRequired(t *testing.T) {
	c := newCompany(t, alice)
	c.set(t, "comment_required", "true")
	asked := c.stop(t, alice, approveGate, approveParameters)
	if !asked.CommentRequired {
		t.Error("the dialog does not ask for a comment")
	}
	for _, comment := range []any{nil, "", "  \n\t"} {
		testdb.RequireCode(t, c.call(t, alice, authenticate, asked.Challenge, alice, pins[alice], comment), "PS108")
	}
	comment := " Checked with the supplier. "
	ticket := c.answer(t, alice, asked.Challenge, alice, pins[alice], &comment)
	if err := c.resend(t, alice, ticket, approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	log := c.log(t)
	if len(log) != 1 || log[0].Comment == nil || *log[0].Comment != "Checked with the supplier." {
		t.Errorf("the log is %+v", log)
	}
}

func TestUsernameIsPrefilledOrRetyped(t *testing.T) {
	c := newCompany(t, alice)
	if got := c.stop(t, alice, approveGate, approveParameters).Username; got == nil || *got != alice {
		t.Errorf("the dialog is prefilled with %v, want %s", got, alice)
	}
	c.set(t, "username_prefilled", "false")
	asked := c.stop(t, alice, approveGate, approveParameters)
	if asked.Username != nil {
		t.Errorf("the dialog is prefilled with %s, but the name must be typed", *asked.Username)
	}
	// Retyped means retyped: another name is wrong. Another case is the same name.
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked.Challenge, "alicia", pins[alice], nil)), "PS102")
	if err := c.resend(t, alice, c.answer(t, alice, c.stop(t, alice, approveGate, approveParameters).Challenge, "alice", pins[alice], nil), approveGate, approveParameters); err != nil {
		t.Error(err)
	}
}

func TestAnotherUserMayApproveWhereAllUsersAreValid(t *testing.T) {
	c := newCompany(t, alice, bob)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked, bob, pins[bob], nil)), "PS102")

	c.set(t, "all_users_valid", "true")
	// The user name and the PIN must belong together: Bob's name with Alice's PIN opens nothing.
	testdb.RequireCode(t, c.call(t, alice, openGates, c.answer(t, alice, asked, bob, pins[alice], nil)), "PS102")
	if err := c.resend(t, alice, c.answer(t, alice, asked, bob, pins[bob], nil), approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	log := c.log(t)
	last := log[len(log)-1]
	if last.Outcome != "passed" || last.Userid != alice || last.AuthenticatedBy == nil || *last.AuthenticatedBy != bob {
		t.Errorf("the log does not name both: %+v", last)
	}
}

func TestCheckpointsDisabled(t *testing.T) {
	c := newCompany(t, alice)
	c.set(t, "checkpoints_enabled", "false")
	for _, call := range []string{
		"select postern.checkpoint('SINWOF_APPROVE', '{\"INVOICE_NO\": 1}')",
		"select security_sys.security_checkpoint('SINWOF_APPROVE', E'!X\\n$INVOICE_NO=1')",
		"select postern.checkpoint('SINWOF_RELEASE')",
	} {
		if err := c.call(t, alice, call); err != nil {
			t.Errorf("%s fails while checkpoints are disabled: %v", call, err)
		}
	}
	if log := c.log(t); len(log) != 0 {
		t.Errorf("the log is %+v", log)
	}
	// A misspelt gate is noticed when the call is written, and not when the gate is switched on.
	testdb.RequireCode(t, c.call(t, alice, "select postern.checkpoint('SINWOF_NONE')"), "PS106")
	testdb.RequireCode(t, c.call(t, alice, "select security_sys.security_checkpoint('SINWOF_NONE')"), "PS106")
	// A gate that is registered in the meantime is off as well, and on when all are.
	testsql.Run(t, c.administrator, "select postern.register_gate('SINWOF_LATER', 'd', 'm', '{}', true)")
	if err := c.call(t, alice, "select postern.checkpoint('SINWOF_LATER')"); err != nil {
		t.Error(err)
	}
	c.set(t, "checkpoints_enabled", "true")
	for _, gate := range []string{"SINWOF_LATER", releaseGate} {
		testdb.RequireCode(t, c.call(t, alice, reachGate, gate, "{}"), "PS101")
	}
}

func TestInactiveGateStopsNobody(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, false)", releaseGate)
	if err := c.call(t, alice, reachGate, releaseGate, "{}"); err != nil {
		t.Error(err)
	}
	testdb.RequireCode(t, c.call(t, alice, reachGate, approveGate, approveParameters), "PS101")
	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, true)", releaseGate)
	testdb.RequireCode(t, c.call(t, alice, reachGate, releaseGate, "{}"), "PS101")
}

// Somebody has approved it, so it is logged.
func TestApprovedPassIsLoggedIfTheGateWasSwitchedOff(t *testing.T) {
	c := newCompany(t, alice)
	ticket := c.approve(t, alice, releaseGate, "{}")
	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, false)", releaseGate)
	if err := c.resend(t, alice, ticket, releaseGate, "{}"); err != nil {
		t.Fatal(err)
	}
	log := c.log(t)
	if last := log[len(log)-1]; last.Outcome != "passed" || last.Userid != alice {
		t.Errorf("the last entry is %+v", last)
	}
	if err := c.call(t, alice, reachGate, releaseGate, "{}"); err != nil {
		t.Error(err)
	}
	if again := c.log(t); len(again) != len(log) {
		t.Errorf("without a ticket the gate that is off logged %+v", again[len(log):])
	}
}

func TestTimesAreAsSet(t *testing.T) {
	c := newCompany(t, alice)
	c.set(t, "challenge_seconds", "10")
	c.set(t, "ticket_seconds", "7")
	asked := c.stop(t, alice, approveGate, approveParameters)
	if !testsql.Value[bool](t, c.Pool, "select $1::timestamptz - clock_timestamp() between '5 s' and '10 s'", asked.ExpiresAt) {
		t.Errorf("the challenge expires at %s", asked.ExpiresAt)
	}
	c.answer(t, alice, asked.Challenge, alice, pins[alice], nil)
	if !testsql.Value[bool](t, c.Pool, "select expires_at - clock_timestamp() between '2 s' and '7 s' from postern_internal.ticket") {
		t.Error("the ticket expires at another time")
	}
	c.set(t, "max_failures", "1")
	c.set(t, "lock_minutes", "3")
	c.answer(t, alice, asked.Challenge, alice, "wrong", nil)
	if !testsql.Value[bool](t, c.administrator, "select locked_until - clock_timestamp() between '2 min' and '3 min' from postern.user_account") {
		t.Error("the lock ends at another time")
	}
}
