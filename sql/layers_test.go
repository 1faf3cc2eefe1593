package sql

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// climbs are the references to a higher layer. The layers are the folders in the order in which install.sql names them.
func climbs(objects []*object) []string {
	layers := []string{}
	for _, o := range objects {
		if !slices.Contains(layers, o.folder) {
			layers = append(layers, o.folder)
		}
	}
	found := []string{}
	for _, o := range objects {
		for _, r := range o.references {
			for _, meant := range r.means(objects) {
				if slices.Index(layers, meant.folder) > slices.Index(layers, o.folder) {
					found = append(found, fmt.Sprintf("%s refers to %s, which is on a higher layer (%s)", o.file, meant.identity(), meant.file))
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// returns are the lines of install.sql that name a folder after it was left.
func returns(objects []*object) []string {
	found, left := []string{}, []string{}
	for index, o := range objects {
		if index > 0 && objects[index-1].folder != o.folder {
			left = append(left, objects[index-1].folder)
		}
		if slices.Contains(left, o.folder) {
			found = append(found, o.file)
		}
	}
	return found
}

func TestNoReferenceClimbs(t *testing.T) {
	t.Parallel()
	objects := installed(t)
	if len(objects) < 300 {
		t.Fatalf("only %d files were read", len(objects))
	}
	for _, climb := range climbs(objects) {
		t.Error(climb)
	}
	for _, file := range returns(objects) {
		t.Errorf("install.sql lists %s apart from the other files of its layer", file)
	}
}

func TestClimbIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	const upper = "create or replace function postern.upper(a text, b text default null) returns text language sql return a;"
	for name, test := range map[string]struct {
		lower string
		climb bool
	}{
		"call in a body":           {"create function postern.lower() returns void language plpgsql as $$ begin perform postern.upper('a'); end $$;", true},
		"call in another tag":      {"create function postern.lower() returns void language plpgsql as $body$ begin perform postern.upper('a'); end $body$;", true},
		"statement put together":   {"create function postern.lower() returns void language plpgsql as $$ begin execute 'select postern.upper(''a'')'; end $$;", true},
		"view":                     {"create view postern.lower as select postern.upper('a') as a;", true},
		"call in an error":         {"create function postern.lower() returns void language plpgsql as $$ begin raise exception using hint = postern.upper('a'); end $$;", true},
		"mention in an error":      {"create function postern.lower() returns void language plpgsql as $$ begin raise exception using hint = 'Call postern.upper(a).'; end $$;", false},
		"mention behind an error":  {"create function postern.lower() returns void language plpgsql as $$ begin raise exception 'no'; execute 'select postern.upper(null)'; end $$;", true},
		"mention in a comment":     {"-- As postern.upper.\ncreate function postern.lower() returns void language sql /* postern.upper(a) */ return null;", false},
		"mention in a description": {"create function postern.lower() returns void language sql return null;\ncomment on function postern.lower() is 'See postern.upper(a).';", false},
		"overload below":           {"create function postern.upper() returns void language sql return null; grant execute on function postern.upper() to postern_user;", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := climbs(readObjects(t, fstest.MapFS{
				"install.sql": {Data: []byte("\\ir a/lower.sql\n\\ir b/upper.sql\n")},
				"a/lower.sql": {Data: []byte(test.lower)},
				"b/upper.sql": {Data: []byte(upper)},
			}))
			if (len(found) > 0) != test.climb {
				t.Errorf("climbing references: %q, want any: %v", found, test.climb)
			}
		})
	}
}

var folderRow = regexp.MustCompile("(?m)^\\| `(\\w+)/` \\|")

func TestPageOfTheArchitectureListsTheLayers(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/internals/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := []string{}
	_, layers, _ := strings.Cut(string(page), "\n## Layers\n")
	for _, match := range folderRow.FindAllStringSubmatch(layers, -1) {
		listed = append(listed, match[1])
	}
	folders := []string{}
	for _, o := range installed(t) {
		folders = append(folders, o.folder)
	}
	if folders = slices.Compact(folders); !slices.Equal(listed, folders) {
		t.Errorf("the page lists %q, install.sql has %q", listed, folders)
	}
}

// A migration runs before the functions of its release are there.
func TestMigrationsCallNoFunction(t *testing.T) {
	t.Parallel()
	objects := installed(t)
	migrations, err := fs.Glob(Files, "schema/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("there are %d migrations; error: %v", len(migrations), err)
	}
	for _, file := range migrations {
		text, err := fs.ReadFile(Files, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range references(lex(string(text))) {
			for _, meant := range r.means(objects) {
				if meant.kind == "function" || meant.kind == "procedure" {
					t.Errorf("the migration %s calls %s (%s)", file, meant.identity(), meant.file)
				}
			}
		}
	}
}
