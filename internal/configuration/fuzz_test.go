package configuration

import (
	"errors"
	"testing"
)

// Reading a file ends, whatever is in it. An error names a place in the file, at which it can be shown.
func fuzzFile(f *testing.F, read func(*source) error, examples ...string) {
	for _, example := range examples {
		f.Add([]byte(example))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := &source{name: "file", text: text}
		err := file.check()
		if err == nil {
			err = read(file)
		}
		if err == nil {
			return
		}
		var failure *Error
		if !errors.As(err, &failure) {
			t.Fatalf("%q: the error has no place: %v", text, err)
		}
		if failure.Position.Line < 1 || failure.Position.Column < 1 || failure.Message == "" {
			t.Errorf("%q: the error is %+v", text, failure)
		}
		_ = failure.Excerpt()
	})
}

func FuzzReadYAML(f *testing.F) {
	fuzzFile(f, func(file *source) error {
		_, _, err := readYAML(file)
		return err
	}, "gates:\n  - gate_id: A_B\n    description: d\n    message: m\n    parameters: [A, B]\n    active: true\n",
		"users: [{userid: ALICE, description: Alice}]\n", "gates: &a [*a]", "\xef\xbb\xbfsettings:\n  max_failures: 5\n",
		"companies:\n\t- x", "gates: !!binary x", "\"", "a: {b: {c: [", "---\n---\n")
}

func FuzzParseProjection(f *testing.F) {
	fuzzFile(f, func(file *source) error {
		_, err := parseProjection(file)
		return err
	}, "projection P;\naction Pay {\n  checkpoint = \"PAY\";\n  legacycheckpoints = \"A\", \"B\";\n}\n",
		"action A { checkpoint = 'x' }", "}", "/* open", "action { }", "action A { x { y } legacycheckpoints = ; }")
}
