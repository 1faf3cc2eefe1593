//go:build verify

package verify

import (
	_ "embed"
	"os"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
)

const sqlcSchema = "../../sql/sqlc.sql"

//go:embed sqlc.sql
var sqlcStatements string

func TestSqlcSchemaIsTheInstalledOne(t *testing.T) {
	connection := testdb.New(t).Connect(t)
	// So that all names are printed with their schemas.
	if _, err := connection.Exec(t.Context(), "set search_path = ''"); err != nil {
		t.Fatal(err)
	}
	rows, err := connection.Query(t.Context(), sqlcStatements)
	if err != nil {
		t.Fatal(err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	installed := "-- Made by `make generate` from an installation; see tests/verify/sqlc.sql.\n\n" + strings.Join(statements, "\n") + "\n"
	if *update {
		if err := os.WriteFile(sqlcSchema, []byte(installed), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	expected, err := os.ReadFile(sqlcSchema)
	if err != nil {
		t.Fatal(err)
	}
	if difference := udiff.Unified("committed", "installed", string(expected), installed); difference != "" {
		t.Errorf("run `make generate`:\n%s", difference)
	}
}
