package testdb

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Code returns the SQLSTATE of an error. It is empty for nil, and for an error that is not from the server.
func Code(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}

// RequireCode ends the test unless err has this SQLSTATE, and also DETAIL and HINT, as every error of Postern does.
func RequireCode(t testing.TB, err error, code string) *pgconn.PgError {
	t.Helper()
	var server *pgconn.PgError
	if !errors.As(err, &server) || server.Code != code {
		t.Fatalf("got %v, want SQLSTATE %s", err, code)
	}
	if server.Message == "" || server.Detail == "" || server.Hint == "" {
		t.Fatalf("%s without MESSAGE, DETAIL or HINT: %q, %q, %q", code, server.Message, server.Detail, server.Hint)
	}
	return server
}
