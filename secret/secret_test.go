package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
	"github.com/posternsql/postern/secret"
)

const value = "squirrel 7391"

func TestSecretsAreNotPrintedWhereverTheyStand(t *testing.T) {
	params := db.AuthenticateParams{Challenge: "c", Username: "ALICE", Response: value}
	text := secret.Text(value)
	for _, printed := range []any{params, &params, []db.AuthenticateParams{params}, map[string]any{"params": params}, text, &text,
		query.EventWorkerAction{Secrets: []secret.Text{value}}, struct{ Inner any }{params}} {
		said := []string{fmt.Sprint(printed), fmt.Errorf("failed: %v", printed).Error()}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08.3f", "%T %[1]v"} {
			said = append(said, fmt.Sprintf(verb, printed))
		}
		marshalled, err := json.Marshal(printed)
		if err != nil {
			t.Fatal(err)
		}
		logged := bytes.Buffer{}
		slog.New(slog.NewTextHandler(&logged, nil)).Info("sent", "arguments", printed)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("sent", "arguments", printed)
		for _, text := range append(said, string(marshalled), logged.String()) {
			if strings.Contains(text, value) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", value)) {
				t.Errorf("%T is printed as %s", printed, text)
			}
		}
	}
	if string(text) != value || text != value {
		t.Error("the value is lost")
	}
}

// What pgx sends and reads is the value itself.
func TestSecretsReachTheServer(t *testing.T) {
	database := testdb.New(t)
	got := testsql.Value[secret.Text](t, database.Pool, "select $1::varchar || '!'", secret.Text(value))
	if got != value+"!" {
		t.Errorf("the server returned %q, want %q", string(got), value+"!")
	}
	if got := testsql.Value[string](t, database.Pool, "select $1::text", secret.Text(value)); got != value {
		t.Errorf("the server got %q, want %q", got, value)
	}
	if _, err := database.Pool.Exec(t.Context(), "select $1::text", secret.Text("")); err != nil {
		t.Error(err)
	}
	admin := db.New(database.Pool)
	if err := admin.CreateUser(t.Context(), "ALICE", "Alice", nil); err != nil {
		t.Fatal(err)
	}
	if err := admin.ResetPIN(t.Context(), "ALICE", value); err != nil {
		t.Fatal(err)
	}
	if !testsql.Value[bool](t, database.Pool, "select postern_internal.hash_pin($1, hash) = hash from postern_internal.credential", value) {
		t.Error("another PIN was set")
	}
}

// secretName matches the names of parameters and results that nobody should print. A column pin is only the state of a
// PIN, and a ticket is useless without the session in which it was made.
var secretName = regexp.MustCompile(`(?i)^(response|new_?pin|secrets?|token)$`)

// A new query must bind secrets as varchar, which gives them the type.
func TestGeneratedCodeHasNoSecretOfAnotherType(t *testing.T) {
	files, err := filepath.Glob("../db/*.go")
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.Glob("../internal/query/*.go")
	if err != nil || len(own) == 0 {
		t.Fatal(err, len(own))
	}
	files = append(files, own...)
	found := 0
	check := func(where string, fields *ast.FieldList) {
		for _, field := range fields.List {
			for _, name := range field.Names {
				if !secretName.MatchString(name.Name) {
					continue
				}
				found++
				kind := field.Type
				if several, ok := kind.(*ast.ArrayType); ok {
					kind = several.Elt
				}
				selector, ok := kind.(*ast.SelectorExpr)
				if ok && selector.Sel.Name == "Text" {
					continue
				}
				// The bytes of a key are a separate argument, in no struct.
				if where != "CreateSessionKey" {
					t.Errorf("%s: %s is no secret.Text", where, name.Name)
				}
			}
		}
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				check(node.Name.Name, node.Type.Params)
			case *ast.TypeSpec:
				if structure, ok := node.Type.(*ast.StructType); ok {
					check(node.Name.Name, structure.Fields)
				}
			}
			return true
		})
	}
	if found < 7 {
		t.Errorf("only %d secrets were found in the generated code", found)
	}
}
