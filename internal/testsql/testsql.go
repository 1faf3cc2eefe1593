// Package testsql lets a test run SQL and check the result in one line.
package testsql

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
)

// Querier is a connection, a transaction, or a pool.
type Querier interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
}

// Run runs a statement that must succeed, and returns the number of affected rows. Without arguments, sql may contain
// several statements.
func Run(t testing.TB, q Querier, sql string, arguments ...any) int64 {
	t.Helper()
	tag, err := q.Exec(t.Context(), sql, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// Value returns the only value that a statement returns.
func Value[T any](t testing.TB, q Querier, sql string, arguments ...any) T {
	t.Helper()
	rows, err := q.Query(t.Context(), sql, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// Values returns the values of the only column that a statement returns.
func Values[T any](t testing.TB, q Querier, sql string, arguments ...any) []T {
	t.Helper()
	rows, err := q.Query(t.Context(), sql, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// goneIn19 are settings that a session cannot make from PostgreSQL 19 on.
var goneIn19 = []string{"standard_conforming_strings = off", "escape_string_warning = off"}

// Set makes a setting, such as "local timezone = 'UTC'", and returns whether this version of PostgreSQL has it.
func Set(t testing.TB, q Querier, setting string) bool {
	t.Helper()
	if slices.Contains(goneIn19, strings.TrimPrefix(setting, "local ")) &&
		Value[int](t, q, "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4") >= 190000 {
		return false
	}
	Run(t, q, "set "+setting)
	return true
}

// Buffers are how many pages of the database a statement looks at, by the least of three runs. Only the last run stays. A
// new connection, autovacuum, or what other sessions do makes one of them read the catalogs again.
func Buffers(t testing.TB, q testdb.Beginner, sql string, arguments ...any) int {
	t.Helper()
	least := math.MaxInt
	for _, end := range []func(pgx.Tx, context.Context) error{pgx.Tx.Rollback, pgx.Tx.Rollback, pgx.Tx.Commit} {
		tx, err := q.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		document := Value[string](t, tx, "explain (analyze, buffers, format json) "+sql, arguments...)
		if err := end(tx, t.Context()); err != nil {
			t.Fatal(err)
		}
		var plans []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		if err := json.Unmarshal([]byte(document), &plans); err != nil {
			t.Fatal(err)
		}
		least = min(least, plans[0].Plan.Hit+plans[0].Plan.Read)
	}
	return least
}

// Refused runs a statement that must fail with an error of Postern. The error must have SQLSTATE, DETAIL and HINT.
func Refused(t testing.TB, q Querier, code, sql string, arguments ...any) *pgconn.PgError {
	t.Helper()
	_, err := q.Exec(t.Context(), sql, arguments...)
	if testdb.Code(err) != code {
		t.Errorf("the statement was not refused as expected: %s %v", sql, arguments)
	}
	return testdb.RequireCode(t, err, code)
}

// Fails runs a statement that must fail with an SQLSTATE of PostgreSQL.
func Fails(t testing.TB, q Querier, code, sql string, arguments ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql, arguments...); testdb.Code(err) != code {
		t.Fatalf("%s: got %v, want SQLSTATE %s", sql, err, code)
	}
}

// Begin starts a transaction in which the connection, of a trusted application, acts for userid. The transaction is
// rolled back when the test ends, unless it has ended before.
func Begin(t testing.TB, connection *pgx.Conn, userid string) pgx.Tx {
	t.Helper()
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // returns no error if the transaction has ended
	Run(t, tx, "select postern.assume_user($1)", userid)
	return tx
}

// As calls do in a transaction in which the connection, of a trusted application, acts for userid, and commits.
func As(t testing.TB, connection *pgx.Conn, userid string, do func(tx pgx.Tx)) {
	t.Helper()
	tx := Begin(t, connection, userid)
	do(tx)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Within calls do in a savepoint, and rolls that back.
func Within(t testing.TB, tx pgx.Tx, do func(tx pgx.Tx)) {
	t.Helper()
	nested, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	do(nested)
	if err := nested.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
