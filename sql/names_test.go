package sql

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// misnamed lists the files that are not named for what they define. A file has the name of its object. If an object has
// overloads, their files add a hyphen and the name or the type of an argument: begin_session-ticket.sql. schema.sql is
// about the schema with the name of its folder.
func misnamed(objects []*object) []string {
	found := []string{}
	for _, o := range objects {
		name, argument, isOverload := strings.Cut(o.base(), "-")
		switch {
		case name == "schema" && strings.Contains(o.text, "\ncomment on schema "+path.Base(path.Dir(o.file))+" is "):
		case name != o.name,
			isOverload && !slices.Contains(o.arguments, argument),
			isOverload && !slices.ContainsFunc(objects, func(first *object) bool { return first.identity() == o.identity() && first.base() == o.name }):
			found = append(found, o.file)
		}
	}
	return found
}

func TestFilesAreNamedForWhatTheyDefine(t *testing.T) {
	t.Parallel()
	for _, file := range misnamed(installed(t)) {
		t.Errorf("%s does not define what its name says", file)
	}
}

func TestMisnamedFileIsFound(t *testing.T) {
	t.Parallel()
	const (
		one = "create or replace function postern.thing(a text)\nreturns text\nlanguage sql\nreturn a;\n"
		two = "create or replace function postern.thing(a text, b uuid)\nreturns text\nlanguage sql\nreturn a;\n"
	)
	files := fstest.MapFS{
		"install.sql":      {Data: []byte("\\ir a/thing.sql\n\\ir a/thing-b.sql\n\\ir a/thing-uuid.sql\n\\ir a/thing-c.sql\n\\ir a/other.sql\n\\ir a/other-a.sql\n\\ir a/schema.sql\n\\ir a/b/schema.sql\n")},
		"a/thing.sql":      {Data: []byte(one)},
		"a/thing-b.sql":    {Data: []byte(two)},
		"a/thing-uuid.sql": {Data: []byte(two)},
		"a/thing-c.sql":    {Data: []byte(two)},
		"a/other.sql":      {Data: []byte(one)},
		"a/other-a.sql":    {Data: []byte(strings.ReplaceAll(one, "thing", "other"))},
		"a/schema.sql":     {Data: []byte("-- Names.\ncomment on schema b is 'B.';\n")},
		"a/b/schema.sql":   {Data: []byte("-- Names.\ncomment on schema b is 'B.';\n")},
	}
	if found, want := misnamed(readObjects(t, files)), []string{"a/thing-c.sql", "a/other.sql", "a/other-a.sql", "a/schema.sql"}; !slices.Equal(found, want) {
		t.Errorf("misnamed are %q, want %q", found, want)
	}
}

// A file that install.sql does not name is never installed, and nobody would notice before its first call.
func TestEachFileIsInstalledOnce(t *testing.T) {
	t.Parallel()
	listed := map[string]int{}
	for _, o := range installed(t) {
		listed[o.file]++
	}
	err := fs.WalkDir(Files, "functions", func(file string, entry fs.DirEntry, err error) error {
		if file := strings.TrimPrefix(file, "functions/"); err == nil && !entry.IsDir() && strings.Contains(file, "/") && listed[file] != 1 {
			t.Errorf("install.sql names %s %d times", file, listed[file])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// base is the name of the file without its folder.
func (o *object) base() string { return strings.TrimSuffix(path.Base(o.file), ".sql") }
