package postern_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/posternsql/postern"
)

func TestTokenSaysWhoForWhomAndHowLong(t *testing.T) {
	secret := bytes.Repeat([]byte("s"), 32)
	signer, err := postern.NewSigner("2026", secret, "erp")
	if err != nil {
		t.Fatal(err)
	}
	identifiers := map[string]bool{}
	for range 2 {
		text, err := signer.Token("ALICE")
		if err != nil {
			t.Fatal(err)
		}
		claims := jwt.RegisteredClaims{}
		token, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return secret, nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience("erp"), jwt.WithIssuedAt(), jwt.WithExpirationRequired())
		if err != nil {
			t.Fatal(err)
		}
		if token.Header["kid"] != "2026" || claims.Subject != "ALICE" || claims.ExpiresAt.Sub(claims.IssuedAt.Time) != time.Minute {
			t.Errorf("got header %v, claims %+v", token.Header, claims)
		}
		identifiers[claims.ID] = true
	}
	if len(identifiers) != 2 || identifiers[""] {
		t.Errorf("jti is not unique: %v", identifiers)
	}
}

func TestSignerRefusesWhatTheServerWould(t *testing.T) {
	secret := bytes.Repeat([]byte("s"), 32)
	for name, test := range map[string]struct {
		keyID, database string
		secret          []byte
	}{
		"no key id":    {"", "erp", secret},
		"short secret": {"2026", "erp", secret[1:]},
		"no database":  {"2026", "", secret},
		"line of text": {"2026", "erp", append(bytes.Clone(secret), '\n')},
		"CR LF":        {"2026", "erp", append(bytes.Clone(secret), "\r\n"...)},
	} {
		if _, err := postern.NewSigner(test.keyID, test.secret, test.database); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// Random bytes may end like a line.
	if _, err := postern.NewSigner("2026", append([]byte{0xff}, append(bytes.Clone(secret), '\n')...), "erp"); err != nil {
		t.Errorf("bytes: %v", err)
	}
	if _, err := (postern.Signer{}).Token("ALICE"); err == nil {
		t.Error("a signer without a key signed")
	}
	signer, err := postern.NewSigner("2026", secret, "erp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Token(""); err == nil {
		t.Error("a token for nobody")
	}
	secret[0] = 'x'
	first, _ := signer.Token("ALICE")
	if _, err := jwt.Parse(first, func(*jwt.Token) (any, error) { return secret, nil }); err == nil {
		t.Error("the caller's slice is the signer's key")
	}
}
