// Package sessionkey makes keys for session tokens, and keeps each key together with its secret.
package sessionkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/unlogged"
	"github.com/posternsql/postern/internal/wholefile"
)

// NewSecret returns 32 random bytes as characters of base64url. Applications sign with those characters, as they are.
func NewSecret() []byte {
	random := make([]byte, 32)
	rand.Read(random)
	return []byte(base64.RawURLEncoding.EncodeToString(random))
}

// Secret returns the secret in a file. In a text file, the last line end is not part of the secret, because editors add
// it. In a binary file, every byte counts.
func Secret(content []byte) []byte {
	line := bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
	isText := !bytes.ContainsFunc(line, func(character rune) bool { return character < ' ' || character > '~' })
	if isText {
		return line
	}
	return content
}

// Create creates a key, after also, in one transaction. With a path it writes the secret to a new file first, which it
// removes again if the key cannot be created: a secret without its key is harmless, but a key without its secret is
// useless.
func Create(ctx context.Context, connection *pgx.Conn, kid string, secret []byte, path string, also func(pgx.Tx) error) (err error) {
	if path != "" {
		if err := wholefile.Create(path, 0o600, secret); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				_ = os.Remove(path)
			}
		}()
	}
	return unlogged.Begin(ctx, connection, func(tx pgx.Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		return db.New(tx).CreateSessionKey(ctx, kid, secret)
	})
}
