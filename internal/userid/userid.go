// Package userid has the only rules for user IDs: which characters they may have, and which user IDs are the same. On
// the server, the function postern_internal.fold_userid has the same rules. This package generates it, so that neither
// a locale nor the version of PostgreSQL changes them.
//
// A user ID is text in normalization form NFKC. It has no control, format, separator, private-use or invisible
// characters, except single spaces inside. All its characters are in Unicode 13, because PostgreSQL may not know newer
// ones. No word begins with a combining mark, because that would be drawn over the text before the user ID. Two user
// IDs are the same if their folds are equal.
package userid

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maximumBytes is the maximum length of 128 characters in bytes.
const maximumBytes = 512

// Fold returns equal text for user IDs that are the same. It returns false for text that cannot be a user ID.
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

// Same reports whether two texts name the same user.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	first, ok := Fold(a)
	second, also := Fold(b)
	return ok && also && first == second
}
