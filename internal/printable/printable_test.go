package printable_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/printable"
)

// forbidden are the characters that must not occur in any output for people.
var forbidden = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
	unicode.Bidi_Control, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point,
	rangetable.New('\u2800', '\u2d7f', '\ufffc', '\U0001107f', '\U00013441', '\U00013442', '\U00016fe4', '\U0001d159'),
}

// hostile generates texts of characters that are likely to cause trouble.
func hostile() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("a é=+-@\\\"'<>|:\n\r\t\x00\x1b\x7f\u0085\u009b\u00a0\u00ad\u034f\u061c\u115f\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u202f\u2060\u2066\u2069\u2800\u3000\u3164\ufe0f\ufeff\U000e0041\U000e0100\u0300\u2d7f\ufffc\U0001107f\U00016fe4\U0001d159")),
		rapid.Rune(),
	))
}

func TestTextIsOneLineThatEverybodySees(t *testing.T) {
	for given, want := range map[string]string{
		"":                             "",
		"Müller & Söhne, 12 €, 王 𝄞":    "Müller & Söhne, 12 €, 王 𝄞",
		`C:\new`:                       `C:\new`,
		"paid\nuserid: BOB":            `paid\nuserid: BOB`,
		"a\r\nb\vc\fd\te":              `a\r\nb\vc\fd\te`,
		"\x1b[2J\x1b]0;x\a\x00\x7f":    `\x1b[2J\x1b]0;x\a\x00\x7f`,
		"\u009b31m\u0085":              `\u009b31m\u0085`,
		"\u202eevil\u2066\u200f\u061c": `\u202eevil\u2066\u200f\u061c`,
		"A\u200bB\u2060C\ufeff":        `A\u200bB\u2060C\ufeff`,
		"a\u2028b\u2029c":              `a\u2028b\u2029c`,
		"\U000e0041\U000e007f":         `\U000e0041\U000e007f`,
		"1\u202f250\u00a0€\u3000":      "1 250 € ",
		"\u3164\u115f\u2800\ufe0f":     `\u3164\u115f\u2800\ufe0f`,
		"\u0338over":                   `\u0338over`,
		"\u2d7f\ufffc\U0001107f\U00013441\U00013442\U00016fe4\U0001d159": `\u2d7f\ufffc\U0001107f\U00013441\U00013442\U00016fe4\U0001d159`,
		"e\u0301" + strings.Repeat("\u0300", 9):                          "e\u0301\u0300\u0300\u0300" + strings.Repeat(`\u0300`, 6),
		"\xff\xc3(":                                                      `\xff\xc3(`,
		"\ufffd":                                                         "\ufffd",
	} {
		if got := printable.Text(given); got != want {
			t.Errorf("%q is shown as %s, want %s", given, got, want)
		}
	}
}

func TestNothingForbiddenIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := hostile().Draw(t, "value")
		shown := printable.Text(value)
		for _, character := range shown {
			if unicode.In(character, forbidden...) {
				t.Fatalf("%U of %q is shown", character, value)
			}
		}
		if !utf8.ValidString(shown) || printable.Text(shown) != shown {
			t.Fatalf("%q is shown as %q, and that as %q", value, shown, printable.Text(shown))
		}
		for index, line := range strings.Split(printable.Lines(value), "\n") {
			if index > 0 && !strings.HasPrefix(line, "  | ") || strings.ContainsFunc(line, func(character rune) bool { return unicode.In(character, forbidden...) }) {
				t.Fatalf("%q has the line %q", value, line)
			}
		}
	})
}

func TestJSONOnATerminalSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := map[string]string{hostile().Draw(t, "name"): hostile().Draw(t, "value")}
		written, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		shown := printable.JSON(written)
		for _, character := range string(shown) {
			if character != '\n' && unicode.In(character, forbidden...) {
				t.Fatalf("%U of %q is shown", character, written)
			}
		}
		var read, exact map[string]string
		if err := json.Unmarshal(shown, &read); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &exact); err != nil {
			t.Fatal(err)
		}
		for name := range exact {
			if read[name] != exact[name] || len(read) != len(exact) {
				t.Fatalf("%q is shown as %s", exact, shown)
			}
		}
	})
}
