package sql

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	isProcedure = regexp.MustCompile(`create or replace procedure`)
	isNative    = regexp.MustCompile(`(?s)begin atomic\s+select (postern\.\w+\()`)
)

// boundAs is what a query has to call for a function of a mirrored interface. sqlc cannot bind CALL, so the binding of
// a procedure calls the native function that it wraps.
func boundAs(file, text string) string {
	if isProcedure.MatchString(text) {
		if native := isNative.FindStringSubmatch(text); native != nil {
			return native[1]
		}
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "-")
	return path.Base(path.Dir(file)) + "." + name + "("
}

// The mirrored interfaces are what the bindings are for.
func TestEachMirroredFunctionHasItsBinding(t *testing.T) {
	t.Parallel()
	var queries strings.Builder
	files, err := fs.Glob(os.DirFS("queries"), "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile("queries/" + file)
		if err != nil {
			t.Fatal(err)
		}
		queries.Write(text)
	}
	functions, err := fs.Glob(Files, "functions/mirror/*_*/*.sql")
	if err != nil || len(functions) == 0 {
		t.Fatal(err, len(functions))
	}
	for _, file := range functions {
		if path.Base(file) == "schema.sql" {
			continue
		}
		text, err := fs.ReadFile(Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if call := boundAs(file, string(text)); !strings.Contains(queries.String(), call) {
			t.Errorf("%s: no query of sql/queries calls %s…)", file, call)
		}
	}
}

func TestBindingOfProcedureCallsTheNativeFunction(t *testing.T) {
	t.Parallel()
	const procedure = "create or replace procedure message_sys.add_attribute(…)\nlanguage sql\nbegin atomic\n  select postern.add_message_attribute(message, name, value);\nend;\n"
	if call := boundAs("functions/mirror/message_sys/add_attribute-numeric.sql", procedure); call != "postern.add_message_attribute(" {
		t.Errorf("the binding has to call %s", call)
	}
	if call := boundAs("functions/mirror/user_finance_api/exist.sql", "create or replace function …"); call != "user_finance_api.exist(" {
		t.Errorf("the binding has to call %s", call)
	}
}
