package install_test

import (
	"context"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/sql"
)

// TestFilesAreASCII keeps the SQL installable whatever a database's encoding is.
func TestFilesAreASCII(t *testing.T) {
	err := fs.WalkDir(sql.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(sql.Files, path)
		for position, octet := range text {
			if octet > 127 {
				t.Errorf("%s, octet %d: not ASCII", path, position)
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInstallsAndWorksInOtherEncodings(t *testing.T) {
	for _, encoding := range []string{"LATIN1", "EUC_JP", "SQL_ASCII"} {
		t.Run(encoding, func(t *testing.T) {
			server := testdb.Empty(t)
			name := server.Name + "_encoded"
			statement := "create database " + pgx.Identifier{name}.Sanitize() + " template template0 encoding " + encoding + " locale 'C'"
			if _, err := server.Pool.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if _, err := server.Pool.Exec(context.Background(), "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
					t.Error(err)
				}
			})
			config := server.Config(t)
			config.Database = name
			if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
				t.Fatal(err)
			}
			connection, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close(context.Background())
			var userid string
			for _, statement := range []string{
				"select postern.create_user('ALICE', 'Alice', current_user)",
				"select postern.register_gate('SINWOF_APPROVE', 'Approve', 'Invoice &NO approved', '{NO}')",
			} {
				if _, err := connection.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			if err := connection.QueryRow(t.Context(), "select postern.assume_user('ALICE')").Scan(&userid); err != nil || userid != "ALICE" {
				t.Fatal(userid, err)
			}
			var challenge string
			if err := connection.QueryRow(t.Context(), `select postern.challenge('SINWOF_APPROVE', '{"NO": "1"}')`).Scan(&challenge); err != nil {
				t.Fatal(err)
			}
			_, err = connection.Exec(t.Context(), "select postern.authenticate($1, 'ALICE', '482913')", challenge)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
