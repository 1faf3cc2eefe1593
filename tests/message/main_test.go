// Package message_test holds IFS Messages, as SQL reads and writes them, against a second implementation.
package message_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

var databaseURL string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	postgres, err := server.Start(ctx, server.Options{})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, postgres.Close()) }()
	databaseURL = postgres.URL
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return 1, err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// connectAs gives a session with the rights of one role and no search_path, closed at the test's end.
func connectAs(t testing.TB, role string) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	execute(t, connection, "set search_path = ''")
	execute(t, connection, "set role "+pgx.Identifier{role}.Sanitize())
	return connection
}

// connect gives a session of an end user.
func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return connectAs(t, "postern_user")
}

func execute(t testing.TB, connection *pgx.Conn, statement string, arguments ...any) {
	t.Helper()
	if _, err := connection.Exec(context.Background(), statement, arguments...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// text gives the one text that a query returns.
func text(t testing.TB, connection *pgx.Conn, query string, arguments ...any) (result string, err error) {
	t.Helper()
	err = connection.QueryRow(context.Background(), query, arguments...).Scan(&result)
	return result, err
}

func requireText(t testing.TB, connection *pgx.Conn, query string, arguments ...any) string {
	t.Helper()
	result, err := text(t, connection, query, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return result
}

// requireError wants PS107, with something to say in each part.
func requireError(t testing.TB, err error) *pgconn.PgError {
	t.Helper()
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want an error of PostgreSQL", err)
	}
	if failure.Code != "PS107" || failure.Message == "" || failure.Detail == "" || failure.Hint == "" {
		t.Fatalf("got %+v, want PS107 with message, detail and hint", failure)
	}
	return failure
}

// attributesOf reads a message by get_attributes.
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
