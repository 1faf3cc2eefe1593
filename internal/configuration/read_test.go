package configuration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Reading each of these files returns an error with the position, one sentence, and the line with a caret.
func TestBadFilesAreRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct{ text, message, excerpt string }{
		"unknown section":    {"gate:\n  A_B: {}\n", "1:1: The file has no key \"gate\"; it has: settings, gates, actions, users, companies, protected_tables, guarded_tables, events, event_actions, accepted_findings.", "gate:\n^"},
		"unknown key":        {"users:\n  ALICE:\n    descripton: x\n", "3:5: \"ALICE\" has no key \"descripton\"; it has: description, db_role, active, default_company.", "    descripton: x\n    ^"},
		"homoglyph":          {"g\u0430tes: {}\n", "1:1: The file has no key \"g\\u0430tes\"; it has: ", "g\u0430tes: {}\n^"},
		"a PIN":              {"users:\n  ALICE: {description: a, pin: 1234}\n", "2:27: \"ALICE\" has no key \"pin\"", "^"},
		"list for a mapping": {"users: [ALICE]\n", "1:8: \"users\" is a list; keys with values belong here: key: value.", "users: [ALICE]\n       ^"},
		"text for a list":    {"gates:\n  A_B:\n    parameters: X\n", "3:17: \"parameters\" is a single value; a list belongs here: [a, b].", "    parameters: X\n                ^"},
		"mapping for a text": {"users: {A: {description: {a: b}}}\n", "1:26: \"description\" is a mapping; a value belongs here.", ""},
		"nothing for a text": {"users:\n  A:\n    description:\n", "\"description\" is empty; a value belongs here.", ""},
		"empty text":         {"users: {A: {description: ''}}\n", "1:26: \"description\" is empty.", ""},
		"yes":                {"users: {A: {active: yes}}\n", "1:21: \"active\" is \"yes\"; write true or false, without quotes.", ""},
		"True":               {"users: {A: {active: True}}\n", "1:21: \"active\" is \"True\"; write true or false, without quotes.", ""},
		"quoted true":        {"users: {A: {active: \"true\"}}\n", "write true or false, without quotes.", ""},
		"number for a bool":  {"users: {A: {active: 1}}\n", "\"active\" is \"1\"; write true or false, without quotes.", ""},
		"other protection":   {"protected_tables: {a.b: {protection: row}}\n", "1:38: \"protection\" is \"row\"; it can be: company, ledger.", ""},
		"duplicate key":      {"users:\n  A: {}\n  B: {}\n  'A': {}\n", "4:3: \"A\" is there twice; first in line 2.", "  'A': {}\n  ^"},
		"duplicate section":  {"users: {}\ngates: {}\nusers: {}\n", "3:1: \"users\" is there twice; first in line 1.", ""},
		"duplicate rule":     {"companies: {A: {classes: {C: {allow: [{code_a: 1}, {code_a: '1', code_b: '%'}]}}}}\n", "1:52: The rule A/C: allow code_a \"1\" is there twice; first at", ""},
		"long escape":        {"companies: {A: {classes: {C: {allow: [{code_b: '1234567890123456789[_][_]'}]}}}}\n", "which has more than 20 characters.", ""},
		"long pattern":       {"companies: {A: {classes: {C: {allow: [{code_b: 123456789012345678901}]}}}}\n", "code_b is \"123456789012345678901\", which has more than 20 characters.", ""},
		"MAX":                {"companies: {A: {classes: {MAX: {allow: [{}]}}}}\n", "1:27: The class MAX is built in", ""},
		"anchor":             {"users: &all {A: {}}\n", "1:8: Anchors and aliases are not supported: write the value out.", ""},
		"alias":              {"gates: {A_B: {description: &d x, message: *d}}\n", "1:28: Anchors and aliases", ""},
		"aliased key":        {"users: {&a A: {}, *a : {}}\n", "1:9: Anchors and aliases", ""},
		"cycle":              {"users: &a\n  A: *a\n", "1:8: Anchors and aliases", ""},
		"unknown alias":      {"users: *a\n", "1:8: This is not valid YAML: unknown anchor 'a' referenced", ""},
		"merge":              {"users:\n  <<: {A: {}}\n", "2:3: Merge keys (<<) are not supported: write the values out.", ""},
		"tag":                {"users: {A: {description: !!binary YWJj}}\n", "1:26: Tags are not supported", ""},
		"list as a key":      {"users: {[a]: {}}\n", "1:9: A key in \"users\" is a list; it has to be a text.", ""},
		"tab":                {"users:\n\tA: {}\n", "2:1: This is not valid YAML: a tab cannot indent: use spaces.", "\tA: {}\n^"},
		"open quote":         {"users:\n  A:\n    description: \"Alice\n    active: true\n", "3:18: This is not valid YAML: this quote is not closed.", "    description: \"Alice\n                 ^"},
		"open bracket":       {"gates:\n  A_B:\n    parameters: [A, B\n    active: true\n", "4:11: This is not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that begins in line 3.", ""},
		"colon in a text":    {"users: {}\ngates: a: b\n", "2:9: This is not valid YAML: mapping values are not allowed in this context.", "gates: a: b\n        ^"},
		"NUL":                {"users:\n  A\x00: {}\n", "2:4: The control character U+0000 does not belong in a text file.", "  A\uFFFD: {}\n   ^"},
		"escaped NUL":        {"users: {A: {description: \"a\\0b\"}}\n", "1:26: \"description\" has a NUL character, which no text can have.", ""},
		"no UTF-8":           {"users:\n  A: {description: M\xfcller}\n", "2:21: The byte 0xFC is not valid UTF-8: save the file as UTF-8.", "^"},
		"UTF-16":             {"\xff\xfeu\x00", "1:1: The byte 0xFF is not valid UTF-8", ""},
		"two documents":      {"users: {}\n---\nusers: {}\n", "1:1: The file has several documents: put each into a file of its own.", ""},
		"deep":               {strings.Repeat("[", 1_000_000), "This is not valid YAML: nested more than 50 levels deep", "…"},
		"deep blocks":        {strings.Repeat("- ", 500_000), "nested more than 50 levels deep", "…"},
		"deep mappings":      {strings.Repeat("{a: ", 300_000), "nested more than 50 levels deep", "…"},
		"a big list":         {"gates: {A_B: {parameters: [" + strings.Repeat("a,", 3_000_000) + "]}}", "more than 1000000 parts", ""},
		"a big file":         {"# " + strings.Repeat("x", 50<<20), "1:1: The file has 8388609 bytes or more; a file has 8388608 at most", ""},
		"unknown finding":    {"accepted_findings:\n  - {finding: server_versions, object: server, reason: r, until: 2026-01-01}\n", "2:15: \"finding\" is \"server_versions\"; it can be: admin_application, ", "  - {finding: server_versions,"},
		"no such day":        {"accepted_findings: [{finding: server_version, object: server, reason: r, until: 2026-02-29}]\n", "1:74: \"until\" is \"2026-02-29\", which is not a date; write YYYY-MM-DD.", ""},
		"a time":             {"accepted_findings: [{finding: server_version, object: server, reason: r, until: 2026-02-28T10:00:00Z}]\n", "which is not a date; write YYYY-MM-DD.", ""},
		"another date":       {"accepted_findings: [{finding: server_version, object: server, reason: r, until: 28.2.2026}]\n", "which is not a date; write YYYY-MM-DD.", ""},
		"no day":             {"accepted_findings: [{finding: server_version, object: server, reason: r}]\n", "1:21: An accepted finding needs finding, object, reason and until; this one has no until.", ""},
		"no reason":          {"accepted_findings: [{finding: server_version, object: server, until: 2026-01-01}]\n", "this one has no reason.", ""},
		"a blank reason":     {"accepted_findings: [{finding: server_version, object: server, reason: ' ', until: 2026-01-01}]\n", "\"reason\" is blank", ""},
		"no finding":         {"accepted_findings:\n  -\n", "this one has no finding.", ""},
		"no object":          {"accepted_findings: [{finding: server_version, reason: r, until: 2026-01-01}]\n", "this one has no object.", ""},
		"no object in it":    {"accepted_findings: [{finding: server_version, object: , reason: r, until: 2026-01-01}]\n", "this one has no object.", ""},
		"no objects":         {"accepted_findings: [{finding: server_version, object: [], reason: r, until: 2026-01-01}]\n", "this one has no object.", ""},
		"an empty object":    {"accepted_findings: [{finding: server_version, object: '', reason: r, until: 2026-01-01}]\n", "is empty.", ""},
		"an odd object":      {"accepted_findings: [{finding: server_version, object: {a: b}, reason: r, until: 2026-01-01}]\n", "\"object\" is a mapping; a list belongs here", ""},
		"another level":      {"accepted_findings: [{finding: server_version, object: server, level: fatal, reason: r, until: 2026-01-01}]\n", "\"level\" is \"fatal\"; it can be: error, warn.", ""},
		"accepted twice":     {"accepted_findings:\n  - {finding: server_version, object: server, reason: r, until: 2026-01-01}\n  - {finding: server_version, object: [database, server], reason: r, until: 2026-01-01}\n", "3:50: The finding server_version of \"server\" is accepted twice; first at standard input:2:39.", ""},
		"table name":         {"protected_tables: {invoice: {}}\n", "1:20: \"invoice\" is not a table name; write schema.table, as in SQL.", ""},
		"open table name":    {"protected_tables: {'a.\"b': {}}\n", "is not a table name", ""},
		"same table":         {"protected_tables: {a.b: {protection: company}, 'A.\"b\"': {}}\n", "1:48: The protected table a.b is there twice; first at", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]string{standardInput}, strings.NewReader(file.text))
			var inFile *Error
			if !errors.As(err, &inFile) {
				t.Fatalf("got %v, want an error with a place", err)
			}
			if !strings.Contains(err.Error(), file.message) || !strings.HasPrefix(err.Error(), "standard input:") {
				t.Errorf("got  %s\nwant standard input:%s", err, file.message)
			}
			lines := strings.Split(inFile.Excerpt(), "\n")
			if !strings.Contains(inFile.Excerpt(), file.excerpt) || len(lines) != 2 || len([]rune(lines[0])) > excerptWidth+2 || !strings.HasSuffix(lines[1], "^") {
				t.Errorf("the excerpt is\n%s\nwant\n%s", inFile.Excerpt(), file.excerpt)
			}
		})
	}
}

func TestTextThatLooksLikeANumberStaysText(t *testing.T) {
	t.Parallel()
	text := "\ufeffusers:\r\n  010: {description: no}\r\n  10: {description: 1e3, default_company: 010}\r\n  no: {description: 2026-01-01}\r\n  ~x: {description: .5}\r\n"
	read, _, err := readYAML(&source{name: "f", text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	for id, description := range map[string]string{"010": "no", "10": "1e3", "no": "2026-01-01", "~x": ".5"} {
		if user := read.Users[id]; user == nil || *user.Description != description {
			t.Errorf("user %s has %v, want %s", id, user, description)
		}
	}
	if got := *read.Users["10"].DefaultCompany; got != "010" {
		t.Errorf("default_company is %s, want 010", got)
	}
}

func TestOneObjectIsInOneFile(t *testing.T) {
	t.Parallel()
	first := writeFile(t, "first.yaml", "users:\n  ALICE: {description: a}\ncompanies:\n  '10': {name: Acme}\n")
	second := writeFile(t, "second.yaml", "gates: {}\nusers:\n  ALICE: {description: b}\n")
	_, err := Read([]string{first, second}, nil)
	if want := fmt.Sprintf("%s:3:3: The user ALICE is there twice; first at %s:2:3.", second, first); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Read([]string{first, first}, nil); err == nil {
		t.Error("one file twice is accepted")
	}
	// A company may be in many files if one of them gives its fields.
	users := writeFile(t, "users.yaml", "companies: {'10': {users: {ALICE: {}}}}\n")
	for _, files := range [][]string{{first, users}, {users, first}} {
		desired, err := Read(files, nil)
		if err != nil {
			t.Fatal(err)
		}
		if company := desired.objects[identity(companyKind, "10")]; company.fields["name"] != "Acme" {
			t.Errorf("company 10 has the fields %v", company.fields)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	circle := filepath.Join(t.TempDir(), "circle.yaml")
	if err := os.Symlink(circle, circle); err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string]string{
		filepath.Join(t.TempDir(), "none.yaml"): "there is no file ",
		t.TempDir():                             "is a directory: name the files in it",
		circle:                                  "open " + circle + ": too many",
		"/dev/zero":                             "/dev/zero:1:1: The file has 8388609 bytes or more",
	} {
		if _, err := Read([]string{name}, nil); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("got %v, want %s", err, message)
		}
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n", "users:\n"} {
		desired, err := Read([]string{standardInput}, strings.NewReader(text))
		if err != nil || len(desired.objects) > 0 {
			t.Errorf("%q: got %v, want no objects and no error", text, err)
		}
	}
}

// Reading any file of the allowed size takes seconds and some hundred megabytes.
func TestReadingIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"as many parts as possible": "gates: {A_B: {parameters: [" + strings.Repeat("a,", maximumParts-10) + "]}}",
		"one long text":             "users: {A: {description: \"" + strings.Repeat("x y\n ", maximumParts-10) + "\"}}",
		"keys":                      "users:\n" + strings.Repeat("  ? a\n", maximumParts/2-10),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := Read([]string{standardInput}, strings.NewReader(text))
		runtime.ReadMemStats(&after)
		taken, allocated := time.Since(began), (after.TotalAlloc-before.TotalAlloc)>>20
		t.Logf("%s: %s, %d MB allocated in all, %v", name, taken, allocated, err)
		if taken > 5*time.Minute || allocated > 1500 { // usually seconds, but the machine may be busy
			t.Errorf("%s takes %s and allocates %d MB", name, taken, allocated)
		}
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
