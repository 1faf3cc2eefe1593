package install

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestSourcesThatCannotBeInstalledAreRefused(t *testing.T) {
	t.Parallel()
	const schemas = "('postern_owner', 'Postern: owns every object') foreach schema_name in array array['postern'] loop"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"statement in the index": {
			files: map[string]string{"bootstrap.sql": schemas, "schema/001_a.sql": "select 1;", "functions/install.sql": "\\ir a.sql\nselect 1;", "functions/a.sql": "select 1;"},
			want:  `functions/install.sql, line 2: only comments and \ir lines belong here: select 1;`,
		},
		"missing function": {
			files: map[string]string{"bootstrap.sql": schemas, "schema/001_a.sql": "select 1;", "functions/install.sql": "-- order\n\\ir b.sql"},
			want:  "functions/install.sql, line 2: open functions/b.sql",
		},
		"missing migration": {
			files: map[string]string{"bootstrap.sql": schemas, "schema/002_a.sql": "select 1;", "functions/install.sql": ""},
			want:  "Missing migration 1",
		},
		"no schemas": {
			files: map[string]string{"bootstrap.sql": "select 1;", "schema/001_a.sql": "select 1;", "functions/install.sql": ""},
			want:  "bootstrap.sql: no list of schemas",
		},
		"no roles": {
			files: map[string]string{"bootstrap.sql": "foreach schema_name in array array['postern'] loop", "schema/001_a.sql": "select 1;", "functions/install.sql": ""},
			want:  "bootstrap.sql: no list of roles",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			for path, text := range test.files {
				files[path] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := readSource(t.Context(), files)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"0.10.0", "0.9.0", true},
		{"0.9.0", "0.10.0", false},
		{"1.0.0", "1.0.0", false},
		{"1.0.0", "1.0.0-beta.1", true},
		{"no version", "0.1.0", false},
	} {
		if got := newer(test.a, test.b); got != test.want {
			t.Errorf("newer(%q, %q) = %t, want %t", test.a, test.b, got, test.want)
		}
	}
}
