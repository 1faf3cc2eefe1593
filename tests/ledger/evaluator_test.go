package ledger_test

import (
	"slices"
	"strings"
)

// This is what row security means, written as plainly as possible. SQL is compared with it.

// parts is the number of code parts, A to J.
const parts = 10

type codeString [parts]string // an empty part is blank

type rule struct {
	id       int64
	allowed  bool
	patterns [parts]string
}

func (r rule) matches(codes codeString) bool {
	for n, pattern := range r.patterns {
		if !matches(codes[n], pattern) {
			return false
		}
	}
	return true
}

// matches reports whether a pattern matches a code. Only a single space and % alone match blank.
func matches(code, pattern string) bool {
	if pattern == " " {
		return code == ""
	}
	return wildcard([]rune(code), []rune(pattern))
}

func wildcard(code, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(code) == 0
	case len(pattern) > 2 && pattern[0] == '[' && pattern[2] == ']' && strings.ContainsRune("%_[", pattern[1]):
		return len(code) > 0 && code[0] == pattern[1] && wildcard(code[1:], pattern[3:])
	case pattern[0] == '%':
		return wildcard(code, pattern[1:]) || len(code) > 0 && wildcard(code[1:], pattern)
	case len(code) == 0:
		return false
	}
	return (pattern[0] == '_' || pattern[0] == code[0]) && wildcard(code[1:], pattern[1:])
}

type class struct{ rules []rule }

// allows reports whether a class allows a code string. Not allowed always wins; what no rule allows is not allowed.
func (c *class) allows(codes codeString) bool {
	allowed := false
	for _, r := range c.rules {
		if r.matches(codes) {
			if !r.allowed {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

type company struct {
	name             string
	rowLevelSecurity bool
	combinations     map[int64]codeString
	classes          map[string]*class
	users            map[string]string // the class of each, empty for none
	ledgers          map[string]*ledger
}

type ledger struct {
	classes map[string]*class
	users   map[string]string
}

// generalLedger reports whether a user may see rows of a company with this posting combination.
func (c *company) generalLedger(userid string, id int64) bool {
	codes, exists := c.combinations[id]
	return exists && c.codeString(userid, codes)
}

func (c *company) codeString(userid string, codes codeString) bool {
	name, isUser := c.users[userid]
	switch {
	case !isUser:
		return false
	case !c.rowLevelSecurity:
		return true
	case name == "":
		return false
	}
	return c.classes[name].allows(codes)
}

// internalLedger reports whether a user may see rows of an internal ledger with this posting combination.
func (c *company) internalLedger(userid, ledgerID string, id int64) bool {
	codes, exists := c.combinations[id]
	_, isUser := c.users[userid]
	l := c.ledgers[ledgerID]
	if !exists || !isUser || l == nil {
		return false
	}
	name, isConnected := l.users[userid]
	switch {
	case !isConnected:
		return false
	case !c.rowLevelSecurity || name == "":
		return true
	}
	return l.classes[name].allows(codes)
}

func keys[V any](m map[string]V) []string {
	names := []string{}
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
