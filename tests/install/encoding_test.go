package install_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/sql"
)

// TestFilesAreASCII makes sure that the SQL is the same in whatever encoding a tool reads it.
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

// encoded makes an empty database in another encoding than UTF8.
func encoded(t *testing.T, encoding string) *pgx.ConnConfig {
	t.Helper()
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
	return config
}

func TestOtherEncodingsThanUTF8AreRefused(t *testing.T) {
	for _, encoding := range []string{"LATIN1", "EUC_JP", "SQL_ASCII"} {
		t.Run(encoding, func(t *testing.T) {
			config := encoded(t, encoding)
			_, err := install.Install(t.Context(), config, install.Options{})
			var refused *pgconn.PgError
			if !errors.As(err, &refused) || refused.Code != "0A000" || refused.Message != "Postern needs a database in UTF8" ||
				refused.Detail != "Database "+config.Database+" is in "+encoding+"." || refused.Hint == "" {
				t.Fatalf("an encoding other than UTF8: got %v, want a refusal", err)
			}
			connection, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close(context.Background())
			var left bool
			err = connection.QueryRow(t.Context(), "select exists (select from pg_namespace where nspname like 'postern%') or exists (select from pg_extension where extname = 'pgcrypto')").Scan(&left)
			if err != nil || left {
				t.Errorf("something was left behind: %v, %v", left, err)
			}
		})
	}
}

// Text from a client with another encoding arrives as the same characters. Bytes that are not valid are refused.
func TestClientsInOtherEncodings(t *testing.T) {
	database := testdb.New(t)
	config := database.Config(t)
	const comment = "Caf\xe9" // in LATIN1
	for _, statement := range []string{
		"select postern.create_user('ALICE', 'Alice', current_user)",
		"select postern.register_gate('SINWOF_APPROVE', 'Approve', 'Approved', active => true)",
	} {
		if _, err := database.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	cancel := func(encoding string) error {
		config := config.Copy()
		config.RuntimeParams["client_encoding"] = encoding
		connection, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close(context.Background())
		_, err = connection.PgConn().ExecParams(t.Context(),
			"select postern.cancel(postern.challenge('SINWOF_APPROVE'), $1)", [][]byte{[]byte(comment)}, nil, nil, nil).Close()
		return err
	}

	if err := cancel("LATIN1"); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range []string{"UTF8", "SQL_ASCII"} {
		if err := cancel(encoding); testdb.Code(err) != "22021" { // character_not_in_repertoire
			t.Errorf("%s: got %v, want 22021", encoding, err)
		}
	}
	rows, err := database.Pool.Query(t.Context(), "select comment from postern.checkpoint_log")
	if err != nil {
		t.Fatal(err)
	}
	comments, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(comments) != 1 || comments[0] != "Café" {
		t.Errorf("the comments in the log are %q; error: %v", comments, err)
	}
}
