package checkpoint_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// The test vectors of RFC 4226, appendix D, and of RFC 6238, appendix B (SHA-1). The latter have eight digits, of which
// an app with six shows the last ones.
func TestCodesAreThoseOfTheStandards(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	vectors := map[int64]string{
		0: "755224", 1: "287082", 2: "359152", 3: "969429", 4: "338314", 5: "254676", 6: "287922", 7: "162583", 8: "399871", 9: "520489",
		1111111109 / 30: "081804", 1111111111 / 30: "050471", 1234567890 / 30: "005924", 2000000000 / 30: "279037",
		20000000000 / 30: "353130",
	}
	for step, want := range vectors {
		if got := testsql.Value[string](t, database.Pool, "select postern_internal.totp_code('12345678901234567890', $1)", step); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
	// RFC 4648, section 10, without padding.
	for plain, want := range map[string]string{
		"": "", "f": "MY", "fo": "MZXQ", "foo": "MZXW6", "foob": "MZXW6YQ", "fooba": "MZXW6YTB", "foobar": "MZXW6YTBOI",
		"12345678901234567890": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
	} {
		if got := testsql.Value[string](t, database.Pool, "select postern_internal.encode_base32($1::text::bytea)", plain); got != want {
			t.Errorf("base32 of %q: %s, want %s", plain, got, want)
		}
	}
	for plain, want := range map[string]string{"": "", "AZaz09-._~": "AZaz09-._~", "Ä:b c/€%": "%C3%84%3Ab%20c%2F%E2%82%AC%25"} {
		if got := testsql.Value[string](t, database.Pool, "select postern_internal.percent_encode($1)", plain); got != want {
			t.Errorf("percent-encoding of %q: %s, want %s", plain, got, want)
		}
	}
}

func TestCodesCountNearTheirTime(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	const match = "select postern_internal.totp_match('12345678901234567890', $1, to_timestamp($2::float8), $3)"
	for name, test := range map[string]struct {
		code   string
		moment float64
		last   int64
		want   int64 // 0: none
	}{
		"in its time":            {"359152", 60, 0, 2},
		"in its last moment":     {"359152", 89.999, 0, 2},
		"in the time before":     {"359152", 30, 0, 2},
		"in the time after":      {"359152", 119.999, 0, 2},
		"too early":              {"359152", 29.999, 0, 0},
		"too late":               {"359152", 120, 0, 0},
		"used":                   {"359152", 60, 2, 0},
		"before one that was":    {"359152", 90, 3, 0},
		"after one that was":     {"359152", 60, 1, 2},
		"of five digits":         {"35915", 60, 0, 0},
		"with a space":           {"359152 ", 60, 0, 0},
		"in digits of Arabic":    {"٣٥٩١٥٢", 60, 0, 0},
		"nothing":                {"", 60, 0, 0},
		"with a zero in front":   {"0359152", 60, 0, 0},
		"with eight digits":      {"37359152", 60, 0, 0},
		"of RFC 6238, last line": {"353130", 20000000000, 0, 666666666},
	} {
		got := testsql.Value[*int64](t, database.Pool, match, test.code, test.moment, test.last)
		if got == nil && test.want != 0 || got != nil && *got != test.want {
			t.Errorf("%s: %v, want %d", name, got, test.want)
		}
	}
}

// PS101 names what a gate accepts, the usual scheme first, and authenticate accepts nothing else.
func TestGatesAskForSchemes(t *testing.T) {
	t.Parallel()
	c := newCompany(t, alice)
	schemes := func() string {
		t.Helper()
		return asJSON(t, c.stop(t, alice, approveGate, approveParameters).Schemes)
	}
	if got := schemes(); got != `["PIN"]` {
		t.Errorf("at first: %s", got)
	}
	testsql.Refused(t, c.administrator, "PS107", "select postern.set_gate_schemes($1, '{TOTP}')", approveGate) // not enabled
	testsql.Run(t, c.administrator, "select postern.set_scheme_enabled('TOTP', true)")
	if got := schemes(); got != `["PIN","TOTP"]` {
		t.Errorf("with TOTP: %s", got)
	}
	for given, want := range map[string]string{"{TOTP,PIN}": `["TOTP","PIN"]`, "{PIN}": `["PIN"]`, "{TOTP}": `["TOTP"]`} {
		testsql.Run(t, c.administrator, "select postern.set_gate_schemes($1, $2::text[])", approveGate, given)
		if got := schemes(); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
	testsql.Run(t, c.administrator, "select postern.set_gate_schemes($1, '{TOTP}')", approveGate)
	if !testsql.Value[bool](t, c.administrator, "select exclusive from postern.gate where gate_id = $1", approveGate) {
		t.Error("the gate is not exclusive")
	}
	refused := testdb.RequireCode(t, c.call(t, alice, "select postern.authenticate($1, $2, $3)", c.stop(t, alice, approveGate, approveParameters).Challenge, alice, pins[alice]), "PS107")
	if refused.Detail != `scheme is "PIN"; gate `+approveGate+` accepts TOTP.` {
		t.Errorf("the refusal: %s", refused.Detail)
	}
	for name, bad := range map[string]string{
		"none": "{}", "unknown": "{FACE}", "twice": "{PIN,PIN}", "a NULL": "{PIN,NULL}", "a matrix": "{{PIN},{TOTP}}", "another spelling": "{totp}",
	} {
		if err := execute(t, c.administrator, "select postern.set_gate_schemes($1, $2::text[])", approveGate, bad); testdb.Code(err) != "PS107" {
			t.Errorf("%s: %v", name, err)
		}
	}
	testsql.Refused(t, c.administrator, "PS107", "select postern.set_gate_schemes('POSTERN_PIN_CHANGE', '{TOTP}')")
	testsql.Refused(t, c.administrator, "PS106", "select postern.set_gate_schemes('NO_SUCH_GATE', '{TOTP}')")
	testsql.Run(t, c.administrator, "select postern.set_gate_schemes($1, null)", approveGate)
	if got := schemes(); got != `["PIN","TOTP"]` {
		t.Errorf("taken away: %s", got)
	}
	testsql.Run(t, c.administrator, "select postern.set_scheme_enabled('TOTP', false)")
	if got := schemes(); got != `["PIN"]` {
		t.Errorf("disabled: %s", got)
	}
}

// Without the scheme nobody enrols, and what there is to confirm is said before anybody is asked.
func TestAppIsEnrolledOnlyWhereTheSchemeIsEnabled(t *testing.T) {
	t.Parallel()
	c := newCompany(t, alice)
	for _, statement := range []string{"select postern.enrol_totp()", "select postern.confirm_totp()"} {
		testdb.RequireCode(t, c.call(t, alice, statement), "PS107")
	}
	testsql.Run(t, c.administrator, "select postern.set_scheme_enabled('TOTP', true)")
	testdb.RequireCode(t, c.call(t, alice, "select postern.enrol_totp()"), "PS101")
	testdb.RequireCode(t, c.call(t, alice, "select postern.confirm_totp()"), "PS107")
	testsql.Refused(t, c.administrator, "PS107", "select postern.remove_totp('NOBODY')")
}
