// Package printable is the one place that says how people are shown what others have written: user ids, comments, parameters,
// names in the catalog, errors of triggers. Whoever writes such a text must not be able to begin a line that looks like one of
// Postern's, turn the direction of writing, hide something, or give a terminal orders.
//
// Programs get the exact text instead: webhooks, files, and JSON in a pipe.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maximumMarks is how many combining marks in a row are shown: more of them write over the lines around.
const maximumMarks = 4

// Rune tells whether a character is shown as it is: nobody can miss it, or take it for the end of a line. The spaces of other
// alphabets are not among these, since they look alike.
func Rune(character rune) bool {
	if character < utf8.RuneSelf {
		return character >= ' ' && character <= '~'
	}
	return unicode.IsPrint(character) && !Invisible(character)
}

// Invisible tells whether a character that Unicode counts among letters, marks and symbols shows nothing of itself.
func Invisible(character rune) bool {
	switch character {
	case '\u2800', // braille without a dot
		'\u2d7f',                   // joins consonants of Tifinagh
		'\ufffc',                   // stands for an object that text cannot have
		'\U0001107f',               // joins numbers of Brahmi
		'\U00013441', '\U00013442', // blanks of hieroglyphs
		'\U00016fe4', // fills a place in Khitan
		'\U0001d159': // a note without a head
		return true
	}
	return unicode.In(character, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Text shows a value on one line. What is not printable is written as Go escapes it, such as \n and \u202e; a space of another
// alphabet is a space. A backslash stays a backslash: who needs to tell \n from a line end reads JSON.
func Text(value string) string {
	var shown strings.Builder
	marks := maximumMarks // one at the beginning would change what stands before the value
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

// continued begins the second and each further line of a text.
const continued = "\n  | "

// Lines shows a text of several lines, such as an error of PostgreSQL. All but the first line are marked, so that none of them
// is taken for a line of the program that shows it.
func Lines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for index, line := range lines {
		lines[index] = Text(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(lines, continued)
}

// JSON gives the same JSON without a character that a terminal would act on, or nobody would see. Line ends between values stay.
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
