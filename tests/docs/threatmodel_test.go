package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

const attackFolder = "tests/attack"

var (
	testFunction  = regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*testing\.T\)`)
	testReference = regexp.MustCompile(`^(?:([\w/]+)/)?(Test\w+)$`)
)

// The threat model names a test for each attack. A test that was renamed must not leave a promise without a proof, and
// a new attack must be described.
func TestThreatModelNamesTheTests(t *testing.T) {
	source, err := os.ReadFile(root + "/docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	named := namedTests(t, source)
	folders := map[string]map[string]bool{attackFolder: testsIn(t, attackFolder)}
	for name := range named {
		folder := path.Dir(name)
		if folders[folder] == nil {
			folders[folder] = testsIn(t, folder)
		}
		if !folders[folder][path.Base(name)] {
			t.Errorf("docs/threat-model.md names %s, which is no test", name)
		}
	}
	for test := range folders[attackFolder] {
		if !named[path.Join(attackFolder, test)] {
			t.Errorf("docs/threat-model.md does not name %s/%s: say which attack it tries, and what stops it", attackFolder, test)
		}
	}
}

// namedTests are the tests that a page has as code, each with its folder. Names without one are of tests/attack.
func namedTests(t *testing.T, page []byte) map[string]bool {
	t.Helper()
	named := map[string]bool{}
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	err := ast.Walk(parser.Parse(text.NewReader(page)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		span, ok := node.(*ast.CodeSpan)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		code := ""
		for child := span.FirstChild(); child != nil; child = child.NextSibling() {
			if part, ok := child.(*ast.Text); ok {
				code += string(part.Value(page))
			}
		}
		if match := testReference.FindStringSubmatch(code); match != nil {
			folder := match[1]
			if folder == "" {
				folder = attackFolder
			}
			named[path.Join(folder, match[2])] = true
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}

func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range testFunction.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
	}
	if len(tests) == 0 {
		t.Errorf("no test in %s", folder)
	}
	return tests
}
