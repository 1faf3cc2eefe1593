package testdb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
)

func TestNewHasPosternAndEmptyHasNot(t *testing.T) {
	for name, test := range map[string]struct {
		database *testdb.Database
		want     bool
	}{
		"new":   {testdb.New(t), true},
		"empty": {testdb.Empty(t), false},
	} {
		var got bool
		err := test.database.Pool.QueryRow(t.Context(), "select to_regnamespace('postern') is not null").Scan(&got)
		if err != nil || got != test.want {
			t.Errorf("%s: schema postern is there: %v, %v", name, got, err)
		}
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			database := testdb.New(t)
			if _, err := database.Pool.Exec(t.Context(), "create table public.mine ()"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestSearchPathIsEmpty(t *testing.T) {
	database := testdb.Empty(t)
	login := database.Login(t)
	for _, query := range []interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	}{database.Pool, database.Connect(t), login.Pool, login.Connect(t)} {
		if _, err := query.Exec(t.Context(), "create temporary table local_ ()"); err != nil {
			t.Error(err)
		}
		if _, err := query.Exec(t.Context(), "create table unqualified ()"); testdb.Code(err) != "3F000" {
			t.Errorf("got %v, want that no schema was selected", err)
		}
	}
}

// Everything that a test may leave behind is removed: the role of an open session, what the role owns, and the database
// of a prepared transaction.
func TestNothingIsLeft(t *testing.T) {
	names := []string{}
	t.Run("test", func(t *testing.T) {
		database := testdb.Empty(t)
		login := database.Login(t, "pg_monitor")
		names = append(names, database.Name, login.Name)
		if _, err := database.Pool.Exec(t.Context(), fmt.Sprintf("grant create on schema public to %q", login.Name)); err != nil {
			t.Fatal(err)
		}
		connection := login.Connect(t)
		for _, statement := range []string{
			"create table public.owned ()",
			"select pg_catalog.pg_ls_waldir()", // needs pg_monitor
			"begin", "create table public.prepared ()", "prepare transaction 'left behind'",
			"begin", "lock table public.owned",
		} {
			if _, err := connection.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	})
	var left string
	err := testdb.Empty(t).Pool.QueryRow(t.Context(), `
select coalesce(string_agg(o.name, ', '), '')
  from (select datname::text from pg_database union all select rolname::text from pg_roles) as o (name)
 where o.name = any ($1)`, names).Scan(&left)
	if err != nil || left != "" {
		t.Errorf("the roles or databases %s are left; error: %v", left, err)
	}
}

func TestCodes(t *testing.T) {
	err := fmt.Errorf("call: %w", &pgconn.PgError{Code: "PS101", Message: "m", Detail: "d", Hint: "h"})
	if testdb.Code(err) != "PS101" || testdb.Code(errors.New("other")) != "" || testdb.Code(nil) != "" {
		t.Error("Code returns a wrong SQLSTATE")
	}
	if got := testdb.RequireCode(t, err, "PS101"); got.Detail != "d" {
		t.Errorf("RequireCode returns %v", got)
	}
	for want, err := range map[string]error{
		"want SQLSTATE PS102": err,
		"without MESSAGE":     &pgconn.PgError{Code: "PS102", Message: "m", Detail: "d"},
	} {
		if got := complaint(func(t testing.TB) { testdb.RequireCode(t, err, "PS102") }); !strings.Contains(got, want) {
			t.Errorf("%v: complained %q, want %q", err, got, want)
		}
	}
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	complaint string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, arguments ...any) {
	r.complaint = fmt.Sprintf(format, arguments...)
	panic(r)
}

func complaint(test func(testing.TB)) string {
	r := &recorder{}
	func() {
		defer func() { _ = recover() }()
		test(r)
	}()
	return r.complaint
}
