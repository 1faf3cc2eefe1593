package configuration

import (
	"strings"
	"testing"
)

// Export writes a text of several lines so that people can read and edit it, and so that its content stays the same. It
// escapes a text with something invisible at an end.
func TestTextsOfSeveralLines(t *testing.T) {
	t.Parallel()
	for text, written := range map[string]string{
		"{\n  \"gate\": {{json .Gate}}\n}\n": "template: |\n      {\n        \"gate\": {{json .Gate}}\n      }\n",
		"---\n...\n# x\n- y":                 "template: |-\n      ---\n      ...\n      # x\n      - y\n",
		"a\n\nb\n":                           "template: |\n      a\n\n      b\n",
		"a\n\n":                              `template: "a\n\n"`,
		"\na":                                `template: "\na"`,
		" a\nb":                              `template: " a\nb"`,
		"a \nb":                              `template: "a \nb"`,
		"a\r\nb":                             `template: "a\r\nb"`,
		"a\n\x1b[31m\u202eb":                 `template: "a\n\e[31m\u202Eb"`,
	} {
		action := map[string]*EventAction{"x": {Template: &text}}
		file, err := writeYAML(&Configuration{EventActions: action})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(file), written) {
			t.Errorf("the file does not have %q:\n%s", text, file)
		}
		read, _, err := readYAML(&source{name: "f", text: file})
		if err != nil || *read.EventActions["x"].Template != text {
			t.Errorf("%q is read back as %v, %v", text, read, err)
		}
	}
}
