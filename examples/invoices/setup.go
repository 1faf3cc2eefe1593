package invoices

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/secret"
)

//go:embed schema.sql
var schema string

// people are the users of the example.
var people = []string{"ALICE", "BOB"}

// Setup makes the schema, and ALICE and BOB with the same PIN, in a database with Postern. owner and login are roles:
// owner is in postern_user, and login, of the web server, in postern_app. The origin is that of the page, such as
// "http://localhost:8080": browsers make passkeys for no address. It returns the signer for [New].
func Setup(ctx context.Context, administrator *pgxpool.Pool, owner, login, pin, origin string) (postern.Signer, error) {
	script := strings.NewReplacer("invoices_owner", quote(owner), "invoices_web", quote(login)).Replace(schema)
	if _, err := administrator.Exec(ctx, script); err != nil {
		return postern.Signer{}, err
	}
	queries := db.New(administrator)
	for _, userid := range people {
		if err := addUser(ctx, administrator, userid, pin); err != nil {
			return postern.Signer{}, err
		}
	}
	key := []byte(rand.Text() + rand.Text())
	if err := errors.Join(
		queries.SetSchemeEnabled(ctx, "TOTP", true), queries.SetSchemeEnabled(ctx, "PASSKEY", true),
		queries.SetSetting(ctx, "passkey_domain", "localhost"), queries.SetSetting(ctx, "passkey_origins", origin),
		queries.CreateSessionKey(ctx, "invoices", key)); err != nil {
		return postern.Signer{}, err
	}
	var database string
	if err := administrator.QueryRow(ctx, "select current_database()").Scan(&database); err != nil {
		return postern.Signer{}, err
	}
	return postern.NewSigner("invoices", key, database)
}

// addUser gives a user a PIN, which the user changes at once, because the PIN of an administrator opens nothing else.
func addUser(ctx context.Context, administrator *pgxpool.Pool, userid, pin string) error {
	queries, first := db.New(administrator), rand.Text()
	if err := queries.CreateUser(ctx, userid, userid, nil); err != nil {
		return err
	}
	if err := queries.ResetPIN(ctx, userid, secret.Text(first)); err != nil {
		return err
	}
	prompt := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: first}, required.Rejected
	}
	return postern.ChangePIN(ctx, administrator, postern.TrustedSession(userid), prompt, pin)
}

func quote(role string) string { return pgx.Identifier{role}.Sanitize() }
