// Package message_test compares how SQL reads and writes IFS Messages with a second implementation.
package message_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
)

// connect opens a session of an end user in a new database.
func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return testdb.New(t).Login(t, "postern_user").Connect(t)
}

func execute(t testing.TB, connection *pgx.Conn, statement string, arguments ...any) {
	t.Helper()
	if _, err := connection.Exec(context.Background(), statement, arguments...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// text returns the one text that a query returns.
func text(t testing.TB, connection *pgx.Conn, query string, arguments ...any) (result string, err error) {
	t.Helper()
	err = connection.QueryRow(context.Background(), query, arguments...).Scan(&result)
	return result, err
}

func requireText(t testing.TB, connection *pgx.Conn, query string, arguments ...any) string {
	t.Helper()
	result, err := text(t, connection, query, arguments...)
	if err != nil {
		t.Fatalf("%s of %.1000q: %v", query, arguments, err)
	}
	return result
}

// requireError wants PS107 with MESSAGE, DETAIL and HINT.
func requireError(t testing.TB, err error) *pgconn.PgError {
	t.Helper()
	return testdb.RequireCode(t, err, "PS107")
}

// attributesOf reads a message with get_attributes.
func attributesOf(t testing.TB, connection *pgx.Conn, message string) []attribute {
	t.Helper()
	rows, err := connection.Query(context.Background(), "select position, name, value from message_sys.get_attributes($1)", message)
	if err != nil {
		t.Fatal(err)
	}
	attributes, want := []attribute{}, int32(1)
	var position int32
	var a attribute
	if _, err := pgx.ForEachRow(rows, []any{&position, &a.name, &a.value}, func() error {
		if position != want {
			return fmt.Errorf("position %d, want %d", position, want)
		}
		want++
		attributes = append(attributes, a)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return attributes
}
