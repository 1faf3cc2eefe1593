package callgraph

import (
	"strings"
	"unicode"
)

// nameSet is a set of names of user-defined functions, relations and operators.
type nameSet struct {
	words map[string]bool // in small letters
	other []string        // names that are not a single word
}

func (n *nameSet) add(name string) {
	name = strings.ToLower(name)
	if strings.IndexFunc(name, func(c rune) bool { return !isWord(c) }) >= 0 {
		n.other = append(n.other, name)
	} else {
		n.words[name] = true
	}
}

// occurIn reports whether a text contains one of the names, or something that may hide one: characters written as
// numbers, a quote in quotes, a DO block.
func (n *nameSet) occurIn(source string) bool {
	source = strings.ToLower(source)
	if strings.Contains(source, `u&"`) || strings.Contains(source, `""`) {
		return true
	}
	for _, name := range n.other {
		if strings.Contains(source, name) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(source, func(c rune) bool { return !isWord(c) }) {
		if n.words[word] || word == "do" {
			return true
		}
	}
	return false
}

func isWord(c rune) bool { return c == '_' || c == '$' || unicode.IsLetter(c) || unicode.IsDigit(c) }
