package doctor_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/testdb"
)

const pages = "../../docs/doctor"

func TestEveryCheckHasItsFileAndItsPage(t *testing.T) {
	codes := checks(t, testdb.New(t).Pool)
	if !slices.Equal(slices.Sorted(slices.Values(codes)), acceptance.FindingNames()) {
		t.Errorf("the checks are %v, and %v can be accepted", codes, acceptance.FindingNames())
	}
	if len(codes) < 20 {
		t.Fatalf("only %d checks were found", len(codes))
	}
	index := read(t, filepath.Join(pages, "README.md"))
	for _, code := range codes {
		page := read(t, filepath.Join(pages, code+".md"))
		for _, part := range []string{"# " + code + ": ", "\nLevel: ", "\n## Why it matters\n", "\n## An example\n", "\n## The fix\n"} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", code, part)
			}
		}
		if !strings.Contains(index, "["+code+"]("+code+".md)") {
			t.Errorf("the index does not list %s", code)
		}
		check := read(t, filepath.Join("../../sql/functions/doctor", code+".sql"))
		made := strings.Contains(check, "create or replace view postern_internal."+code+" as\n") ||
			strings.Contains(check, "create or replace function postern_internal."+code+"(callers jsonb)\n")
		if !made || !strings.Contains(check, "'"+code+"' as code") {
			t.Errorf("%s.sql does not make the check of that name", code)
		}
	}
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if code := strings.TrimSuffix(filepath.Base(file), ".md"); code != "README" && !slices.Contains(codes, code) {
			t.Errorf("%s explains what no check finds", file)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
