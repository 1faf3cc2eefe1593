package callgraph

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a quoted identifier or another sign of PL/pgSQL, with its place in the source. Strings and comments
// are skipped; a string is one token without a name.
type token struct {
	name       string // of an identifier, folded as PostgreSQL does
	sign       string // of everything else
	quoted     bool
	start, end int
}

// tokens splits a function body.
func tokens(source string) iter.Seq[token] {
	return func(yield func(token) bool) {
		var t token
		for at := 0; at < len(source); {
			rest := source[at:]
			character, size := utf8.DecodeRuneInString(rest)
			length := size
			switch {
			case unicode.IsSpace(character):
				at += size
				continue
			case strings.HasPrefix(rest, "--"):
				if length = strings.IndexAny(rest, "\r\n"); length < 0 {
					length = len(rest)
				}
				at += length
				continue
			case strings.HasPrefix(rest, "/*"):
				at += commentLength(rest)
				continue
			case character == '\'':
				escapes := t.name == "e" && t.end == at
				t = token{sign: "'", start: at, end: at + quotedLength(rest, '\'', escapes)}
			case character == '"':
				length := quotedLength(rest, '"', false)
				name := strings.ReplaceAll(strings.Trim(rest[:length], `"`), `""`, `"`)
				t = token{name: name, quoted: true, start: at, end: at + length}
			case character == '$' && dollarTag(rest) != "":
				tag := dollarTag(rest)
				length := len(rest)
				if end := strings.Index(rest[len(tag):], tag); end >= 0 {
					length = end + 2*len(tag)
				}
				t = token{sign: "'", start: at, end: at + length}
			case character == '_' || unicode.IsLetter(character):
				if length = strings.IndexFunc(rest, func(c rune) bool {
					return c != '_' && c != '$' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
				}); length < 0 {
					length = len(rest)
				}
				t = token{name: strings.ToLower(rest[:length]), start: at, end: at + length}
			case strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, ">>") || strings.HasPrefix(rest, "<<"):
				t = token{sign: rest[:2], start: at, end: at + 2}
			default:
				t = token{sign: rest[:length], start: at, end: at + length}
			}
			if !yield(t) {
				return
			}
			at = t.end
		}
	}
}

// commentLength returns the length of a C-style comment, which may contain others.
func commentLength(rest string) int {
	depth := 0
	for at := 0; at+1 < len(rest); {
		switch rest[at : at+2] {
		case "/*":
			depth++
			at += 2
		case "*/":
			depth--
			at += 2
			if depth == 0 {
				return at
			}
		default:
			at++
		}
	}
	return len(rest)
}

func quotedLength(rest string, quote byte, escapes bool) int {
	for at := 1; at < len(rest); at++ {
		switch {
		case escapes && rest[at] == '\\':
			at++
		case rest[at] == quote && at+1 < len(rest) && rest[at+1] == quote:
			at++
		case rest[at] == quote:
			return at + 1
		}
	}
	return len(rest)
}

// dollarTag returns $tag$ if a dollar-quoted string begins here.
func dollarTag(rest string) string {
	end := strings.IndexByte(rest[1:], '$')
	if end < 0 {
		return ""
	}
	tag := rest[1 : end+1]
	for index, c := range tag {
		if c != '_' && !unicode.IsLetter(c) && (index == 0 || !unicode.IsDigit(c)) {
			return ""
		}
	}
	return rest[:end+2]
}
