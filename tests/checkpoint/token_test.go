package checkpoint_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	kid          = "app-2026"
	beginSession = "select postern.begin_session($1)"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// token is a valid token for ALICE, after change has modified it.
func token(t testing.TB, database string, change func(*jwt.Token)) string {
	t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": alice,
		"aud": database,
		"iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Minute).Unix(),
		"jti": "b4c1",
	})
	made.Header["kid"] = kid
	if change != nil {
		change(made)
	}
	signed, err := made.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func claim(name string, value any) func(*jwt.Token) {
	return func(made *jwt.Token) {
		if value == nil {
			delete(made.Claims.(jwt.MapClaims), name)
		} else {
			made.Claims.(jwt.MapClaims)[name] = value
		}
	}
}

// lasting makes a token valid for so many seconds by its own two claims, because the clock may tick while it is made.
func lasting(seconds int64) func(*jwt.Token) {
	return func(made *jwt.Token) {
		now := time.Now().Unix()
		claim("iat", now)(made)
		claim("exp", now+seconds)(made)
	}
}

func header(name string, value any) func(*jwt.Token) {
	return func(made *jwt.Token) {
		if value == nil {
			delete(made.Header, name)
		} else {
			made.Header[name] = value
		}
	}
}

func TestTokenStartsASession(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, "select postern.create_session_key($1, $2)", kid, secret)
	application := c.Login(t, "postern_app").Connect(t)
	now := time.Now()
	for name, change := range map[string]func(*jwt.Token){
		"as it should be":        nil,
		"audience in an array":   claim("aud", []string{"another", c.Name}),
		"clock a little ahead":   claim("iat", now.Add(30*time.Second).Unix()),
		"valid since a while":    claim("nbf", now.Add(-time.Minute).Unix()),
		"fractions of a second":  claim("exp", float64(now.UnixMilli())/1000+30),
		"claims of somebody's":   claim("roles", map[string]any{"a": []int{1}}),
		"a header of somebody's": header("x5t", "y"),
		"an hour":                lasting(3600),
		"names again further in": claim("roles", map[string]any{"sub": "BOB", "aud": "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := application.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := testsql.Value[string](t, tx, beginSession, token(t, c.Name, change)); got != alice {
				t.Errorf("begin_session gives %s", got)
			}
			if got := testsql.Value[string](t, tx, "select fnd_session_api.get_fnd_user()"); got != alice {
				t.Errorf("get_fnd_user gives %s", got)
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			testsql.Refused(t, application, "PS401", "select fnd_session_api.get_fnd_user()")
		})
	}
	// Random bytes may end like a line.
	testsql.Run(t, c.administrator, "select postern.create_session_key('random', $1)", []byte(strings.Repeat("s", 31)+"\xff\n"))
	// The key's secret may be any length from 32 to 1024 bytes: RFC 2104 hashes what is longer than a block.
	for _, length := range []int{63, 64, 65, 1024} {
		long := []byte(strings.Repeat("s", length))
		testsql.Run(t, c.administrator, "select postern.create_session_key($1, $2)", "long-"+strings.Repeat("x", length%100), long)
		made := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": alice, "aud": c.Name, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": "1"})
		made.Header["kid"] = "long-" + strings.Repeat("x", length%100)
		signed, err := made.SignedString(long)
		if err != nil {
			t.Fatal(err)
		}
		if got := testsql.Value[string](t, application, beginSession, signed); got != alice {
			t.Errorf("a secret of %d bytes: %s", length, got)
		}
	}
}

func TestBadTokenStartsNoSession(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, "select postern.create_session_key($1, $2)", kid, secret)
	testsql.Run(t, c.administrator, "select postern.create_session_key('retired', $1)", secret)
	testsql.Run(t, c.administrator, "select postern.retire_session_key('retired')")
	testsql.Run(t, c.administrator, "select postern.create_session_key('other', $1)", []byte("another secret, 32 bytes at least"))
	testsql.Run(t, c.administrator, "select postern.create_user('GONE', 'd')")
	testsql.Run(t, c.administrator, "select postern.set_user_active('GONE', false)")
	application := c.Login(t, "postern_app").Connect(t)
	now := time.Now()
	if got := testsql.Value[string](t, application, beginSession, token(t, c.Name, nil)); got != alice {
		t.Fatalf("the good token gives %s", got)
	}

	good := strings.Split(token(t, c.Name, nil), ".")
	encode := base64.RawURLEncoding.EncodeToString
	flipped := []byte(good[2])
	flipped[0] ^= 1
	signed := func(method jwt.SigningMethod, key any) string {
		made := jwt.NewWithClaims(method, jwt.MapClaims{"sub": alice, "aud": c.Name, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": "1"})
		made.Header["kid"] = kid
		text, err := made.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	bad := map[string]any{
		"NULL":               nil,
		"empty":              "",
		"no token":           "no token",
		"two parts":          good[0] + "." + good[1],
		"four parts":         strings.Join(good, ".") + ".x",
		"new line at end":    strings.Join(good, ".") + "\n",
		"padded":             strings.Join(good, ".") + "=",
		"10 MB":              strings.Repeat("x", 10_000_000),
		"10 MB of parts":     strings.Repeat("x.", 5_000_000),
		"bytes, no JSON":     encode([]byte{0xff, 0xfe}) + "." + good[1] + "." + good[2],
		"no JSON":            encode([]byte("alg")) + "." + good[1] + "." + good[2],
		"JSON, no object":    encode([]byte("[]")) + "." + good[1] + "." + good[2],
		"deeply nested":      encode([]byte(strings.Repeat("[", 5000))) + "." + good[1] + "." + good[2],
		"NUL in a claim":     token(t, c.Name, claim("sub", "A\x00B")),
		"tampered claims":    good[0] + "." + encode([]byte(`{"sub":"BOB"}`)) + "." + good[2],
		"tampered signature": good[0] + "." + good[1] + "." + string(flipped),
		"cut signature":      good[0] + "." + good[1] + "." + good[2][:20],
		"no signature":       good[0] + "." + good[1] + ".",
		"alg none":           signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType) + good[2],
		"HS384":              signed(jwt.SigningMethodHS384, secret),
		"HS512":              signed(jwt.SigningMethodHS512, secret),
	}
	for name, change := range map[string]func(*jwt.Token){
		"alg none in the header":     header("alg", "none"),
		"no alg":                     header("alg", nil),
		"no kid":                     header("kid", nil),
		"unknown kid":                header("kid", "app-2027"),
		"kid of another key":         header("kid", "other"),
		"kid of a retired key":       header("kid", "retired"),
		"kid that is no text":        header("kid", map[string]string{"a": kid}),
		"critical extension":         header("crit", []string{"exp"}),
		"no sub":                     claim("sub", nil),
		"empty sub":                  claim("sub", ""),
		"sub that is no text":        claim("sub", 7),
		"unknown sub":                claim("sub", "NOBODY"),
		"inactive sub":               claim("sub", "GONE"),
		"sub with another letter":    claim("sub", "alicea"),
		"sub of 7 kB":                claim("sub", strings.Repeat("A", 5000)),
		"no jti":                     claim("jti", nil),
		"empty jti":                  claim("jti", ""),
		"no aud":                     claim("aud", nil),
		"aud of another database":    claim("aud", c.Name+"x"),
		"array of other databases":   claim("aud", []string{"a", "b"}),
		"empty array of databases":   claim("aud", []string{}),
		"aud as a key":               claim("aud", map[string]bool{c.Name: true}),
		"no exp":                     claim("exp", nil),
		"expired":                    claim("exp", now.Add(-time.Second).Unix()),
		"expired long ago":           claim("exp", -1),
		"exp that is text":           claim("exp", "9999999999"),
		"no iat":                     claim("iat", nil),
		"issued in the future":       claim("iat", now.Add(2*time.Minute).Unix()),
		"iat that is text":           claim("iat", "1"),
		"jti that is no text":        claim("jti", 7),
		"good for a day":             claim("exp", now.Add(24*time.Hour).Unix()),
		"a second over the hour":     lasting(3601),
		"issued long ago":            claim("iat", now.Add(-time.Hour).Unix()),
		"issued in 1970":             claim("iat", 0),
		"issued before 1970":         claim("iat", -1e9),
		"good until the year 10^90":  claim("exp", json.RawMessage("1e90")),
		"exp beyond all numbers":     claim("exp", json.RawMessage("1e999999")),
		"not valid yet":              claim("nbf", now.Add(2*time.Minute).Unix()),
		"nbf that is text":           claim("nbf", "1"),
		"token over 8192 characters": claim("filler", strings.Repeat("x", 8192)),
	} {
		bad[name] = token(t, c.Name, change)
	}
	for name, made := range bad {
		t.Run(name, func(t *testing.T) {
			tx, err := application.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := testsql.Refused(t, tx, "PS402", beginSession, made)
			if size := len(got.Message) + len(got.Detail) + len(got.Hint); size > 2000 {
				t.Errorf("the error has %d characters", size)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
	// A key is retired while tokens are in use. From the commit on they are refused.
	still := token(t, c.Name, nil)
	testsql.Run(t, c.administrator, "select postern.retire_session_key($1)", kid)
	testsql.Refused(t, application, "PS402", beginSession, still)
}

// Administrators decide how long a token may be valid.
func TestTokenLivesNoLongerThanTheSetting(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.administrator, "select postern.create_session_key($1, $2)", kid, secret)
	application := c.Login(t, "postern_app").Connect(t)
	for setting, lifetime := range map[string]int64{"60": 60, "86400": 86_400} {
		c.set(t, "token_max_seconds", setting)
		if got := testsql.Value[string](t, application, beginSession, token(t, c.Name, lasting(lifetime))); got != alice {
			t.Errorf("begin_session gives %s", got)
		}
		refused := testsql.Refused(t, application, "PS402", beginSession, token(t, c.Name, lasting(lifetime+1)))
		if !strings.Contains(refused.Detail, setting) {
			t.Errorf("DETAIL does not say how long a token may be good: %s", refused.Detail)
		}
	}
	for _, value := range []string{"59", "86401"} {
		testsql.Refused(t, c.administrator, "PS107", "select postern.set_setting('token_max_seconds', $1)", value)
	}
}

// A database role may itself be an end user, as in a client-server application.
func TestDatabaseRoleIsItsEndUser(t *testing.T) {
	c := newCompany(t, alice)
	login := c.Login(t, "postern_user")
	connection := login.Connect(t)
	testsql.Refused(t, connection, "PS401", "select postern.current_userid()")
	testsql.Refused(t, connection, "PS401", reachGate, approveGate, approveParameters)

	testsql.Run(t, c.administrator, "select postern.create_user('CAROL', 'Carol', $1::text::name)", login.Name)
	if got := testsql.Value[string](t, connection, "select fnd_session_api.get_fnd_user()"); got != "CAROL" {
		t.Errorf("the end user is %s, want CAROL", got)
	}
	// A role that is no longer mapped is nobody, and not some other user.
	testsql.Run(t, c.administrator, "select postern.set_user_active('CAROL', false)")
	testsql.Refused(t, connection, "PS401", "select postern.current_userid()")
	testsql.Run(t, c.administrator, "select postern.set_user_active('CAROL', true)")
	// A mapped role may not speak for others.
	for _, call := range []string{"select postern.assume_user('ALICE')", "select postern.begin_session('x')"} {
		if err := execute(t, connection, call); testdb.Code(err) != "42501" {
			t.Errorf("%s by a mapped role: got %v, want 42501", call, err)
		}
	}
	for _, forged := range []string{alice, strings.Repeat("0", 64) + alice, strings.Repeat("0", 64), "x"} {
		tx, err := connection.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, tx, "select set_config('postern.session', $1, true)", forged)
		testsql.Refused(t, tx, "PS402", "select postern.current_userid()")
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Without a known end user, an active gate stops. An inactive gate stops nobody.
func TestGateNeedsAnEndUser(t *testing.T) {
	c := newCompany(t, alice)
	testdb.RequireCode(t, c.callUnasserted(t, reachGate, approveGate, approveParameters), "PS401")
	testdb.RequireCode(t, c.callUnasserted(t, "select postern.challenge('SINWOF_RELEASE')"), "PS401")
	testdb.RequireCode(t, c.callUnasserted(t, "select postern.set_pin('837462')"), "PS401")
	testdb.RequireCode(t, c.callUnasserted(t, openGates, "00000000-0000-0000-0000-000000000000"), "PS401")
	testsql.Run(t, c.administrator, "select postern.set_gate_active($1, false)", releaseGate)
	if err := c.callUnasserted(t, reachGate, releaseGate, "{}"); err != nil {
		t.Error(err)
	}
}
