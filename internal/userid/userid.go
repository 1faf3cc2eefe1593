// Package userid has the one rule for user ids: what may stand in one, and which ones are the same. The server has the same
// rule as the function postern_internal.fold_userid, which this package generates, so that neither a locale nor the version of
// PostgreSQL changes it.
//
// A user id is text in normalization form NFKC. It has no control, format, separator, private or invisible characters but
// single inner spaces, and only characters that Unicode 13 has: newer ones a PostgreSQL may or may not know. No word of it begins
// with a combining mark, which would be drawn over what is shown before the user id. Two are the same where their folds are.
package userid

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maximumBytes is what 128 characters have at the most.
const maximumBytes = 512

// Fold returns what is equal for user ids that are the same, and false for text that can be no user id.
func Fold(id string) (string, bool) {
	if len(id) > maximumBytes || !utf8.ValidString(id) {
		return "", false
	}
	for _, r := range id {
		if !unicode.Is(allowed(), r) {
			return "", false
		}
	}
	decomposed, begins := norm.NFKD.String(id), true
	for _, r := range decomposed {
		if begins && unicode.Is(marks(), r) {
			return "", false
		}
		begins = r == ' '
	}
	folded := strings.Map(func(r rune) rune {
		if to, ok := pairs()[r]; ok {
			return to
		}
		return r
	}, decomposed)
	folded = norm.NFKC.String(strings.ReplaceAll(folded, "ß", "ss"))
	if folded == "" || strings.HasPrefix(folded, " ") || strings.HasSuffix(folded, " ") || strings.Contains(folded, "  ") {
		return "", false
	}
	return folded, true
}

// Same says whether two texts name the same user.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	first, ok := Fold(a)
	second, also := Fold(b)
	return ok && also && first == second
}
