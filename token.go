package postern

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// tokenLifetime is how long a token may be used. Reaching the server takes seconds; the rest allows for clocks that
// differ.
const tokenLifetime = time.Minute

// minimumSecret is the length in bytes that postern.create_session_key requires.
const minimumSecret = 32

// Signer signs session tokens for one database with one of its keys. Create it with [NewSigner]. Many goroutines may
// use it at once. Printing it does not show its secret.
type Signer struct {
	keyID    string
	secret   []byte
	database string
}

// NewSigner returns a signer for tokens. keyID and secret are those of postern.create_session_key; secret has at least
// 32 bytes. A secret that still ends with the line end of its text file is refused, because the line end is not part of
// it. database is the name of the database on the server, which may differ from the name that a pooler gives it.
func NewSigner(keyID string, secret []byte, database string) (Signer, error) {
	switch {
	case keyID == "":
		return Signer{}, errors.New("postern: a signer needs the id of its key")
	case len(secret) < minimumSecret:
		return Signer{}, fmt.Errorf("postern: the secret of a signer has at least %d bytes, not %d", minimumSecret, len(secret))
	case endsLine(secret):
		return Signer{}, errors.New(`postern: the secret of a signer ends with a line end, which is not part of it: read the file with bytes.TrimRight(content, "\r\n")`)
	case database == "":
		return Signer{}, errors.New("postern: a signer needs the name of the database")
	}
	return Signer{keyID: keyID, secret: append([]byte(nil), secret...), database: database}, nil
}

// endsLine reports whether a secret is a line of text including its line end. Other secrets are random bytes, which may
// also end with that byte.
func endsLine(secret []byte) bool {
	line := bytes.TrimRight(secret, "\r\n")
	return len(line) < len(secret) && !bytes.ContainsFunc(line, func(character rune) bool { return character < ' ' || character > '~' })
}

// Token returns a token with which postern.begin_session starts a session of userid, valid for one minute. It is a JWT
// signed with HS256, with the claims sub, aud, iat, exp and jti.
func (s Signer) Token(userid string) (string, error) {
	if userid == "" {
		return "", errors.New("postern: a session token needs a user id")
	}
	if len(s.secret) == 0 {
		return "", errors.New("postern: the signer was not made with NewSigner")
	}
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   userid,
		Audience:  jwt.ClaimStrings{s.database},
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(tokenLifetime)),
		ID:        uuid.NewString(),
	})
	token.Header["kid"] = s.keyID
	signed, err := token.SignedString(s.secret)
	if err != nil {
		return "", fmt.Errorf("postern: sign a session token: %w", err)
	}
	return signed, nil
}

// Format leaves out the secret, whatever the verb.
func (s Signer) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "postern.Signer{keyID: %q, secret: %s, database: %q}", s.keyID, redacted, s.database)
}

// LogValue leaves out the secret.
func (s Signer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("keyID", s.keyID), slog.String("database", s.database))
}

var (
	_ fmt.Formatter  = Signer{}
	_ slog.LogValuer = Signer{}
)
