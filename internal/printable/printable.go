// Package printable decides how people see text that others have written: user IDs, comments, parameters, names in the
// catalog, errors of triggers. The author of such text must not be able to imitate a line of Postern's, change the
// direction of writing, hide something, or control the terminal.
//
// Programs get the exact text instead: webhooks, files, and JSON in a pipe.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maximumMarks is how many combining marks in a row are shown. More marks would overwrite the lines around.
const maximumMarks = 4

// Rune reports whether a character is shown unchanged: a reader can neither miss it nor mistake it for a line end.
// Spaces of other alphabets are not shown unchanged, because they look alike.
func Rune(character rune) bool {
	if character < utf8.RuneSelf {
		return character >= ' ' && character <= '~'
	}
	return unicode.IsPrint(character) && !Invisible(character)
}

// Invisible reports whether a character shows nothing, although Unicode counts it among letters, marks and symbols.
func Invisible(character rune) bool {
	switch character {
	case '\u2800', // a Braille pattern without a dot
		'\u2d7f',                   // joins Tifinagh consonants
		'\ufffc',                   // stands for an embedded object, which text cannot have
		'\U0001107f',               // joins Brahmi numbers
		'\U00013441', '\U00013442', // blank hieroglyphs
		'\U00016fe4', // a filler in Khitan
		'\U0001d159': // a musical note without a head
		return true
	}
	return unicode.In(character, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Text shows a value on one line. It escapes unprintable characters as Go does, such as \n and \u202e, and replaces
// spaces of other alphabets by a space. It does not escape a backslash: a reader who must distinguish \n from a line
// end reads JSON.
func Text(value string) string {
	var shown strings.Builder
	marks := maximumMarks // a mark at the beginning would change the text before the value
	for index, size := 0, 0; index < len(value); index += size {
		var character rune
		character, size = utf8.DecodeRuneInString(value[index:])
		if unicode.Is(unicode.M, character) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case character == utf8.RuneError && size == 1:
			fmt.Fprintf(&shown, `\x%02x`, value[index])
		case unicode.Is(unicode.Zs, character):
			shown.WriteByte(' ')
		case Rune(character) && marks <= maximumMarks:
			shown.WriteRune(character)
		default:
			quoted := strconv.QuoteRuneToASCII(character)
			shown.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return shown.String()
}

// continued begins all lines of a text except the first.
const continued = "\n  | "

// Lines shows a text of several lines, such as an error of PostgreSQL. It marks all lines except the first, so that
// nobody mistakes them for lines of the program itself.
func Lines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for index, line := range lines {
		lines[index] = Text(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(lines, continued)
}

// JSON returns equivalent JSON without characters that a terminal would act on, or that nobody would see. Line ends
// between values stay.
func JSON(text []byte) []byte {
	shown := make([]byte, 0, len(text))
	for _, character := range string(text) {
		switch {
		case Rune(character) || character == '\n':
			shown = utf8.AppendRune(shown, character)
		case character > 0xffff:
			high, low := utf16.EncodeRune(character)
			shown = fmt.Appendf(shown, `\u%04x\u%04x`, high, low)
		default:
			shown = fmt.Appendf(shown, `\u%04x`, character)
		}
	}
	return shown
}

// Moment returns a time as a person reads it, in the time zone of this machine.
func Moment(moment time.Time) string { return moment.Local().Format("2006-01-02 15:04:05 -07:00") }
