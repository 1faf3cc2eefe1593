package callgraph

import (
	"errors"
	"slices"
)

// maximumDepth is how deep a text may be nested, as measured by depth. The parser has a small stack, and exceeding it
// crashes the whole process: some 600 operators in a row, or 150 nested calls, are enough.
const maximumDepth = 400

// The most that one of these adds to the depth. An operator adds 1.
const (
	depthOfOpening = 4 // ( [ CASE BEGIN IF LOOP
	depthOfQuery   = 2 // UNION and the like, JOIN
)

var errTooDeep = errors.New("it is nested too deep for the parser")

// depth is an upper bound for the depth of a text's parse tree. It does not need the grammar: what is in parentheses is
// deeper than what surrounds them, and operators in a row nest. The words that it recognises cannot be names, except as
// labels after a point or AS.
func depth(source string) int {
	type level struct {
		block              bool // ended by END
		operators, queries int
	}
	levels := []level{{}}
	deepest, around := 0, 0
	open := func(block bool) {
		current := levels[len(levels)-1]
		around += depthOfOpening + current.operators + current.queries
		levels = append(levels, level{block: block})
	}
	closeLevel := func() {
		levels = levels[:len(levels)-1]
		outer := levels[len(levels)-1]
		around -= depthOfOpening + outer.operators + outer.queries
	}
	var before token
	for t := range tokens(source) {
		current := &levels[len(levels)-1]
		word := t.name
		if t.quoted || before.sign == "." || before.name == "as" {
			word = ""
		}
		switch {
		case t.sign == "(" || t.sign == "[":
			open(false)
		case t.sign == ")" || t.sign == "]":
			for len(levels) > 1 && levels[len(levels)-1].block {
				closeLevel()
			}
			if len(levels) > 1 {
				closeLevel()
			}
		case before.name == "end" && slices.Contains([]string{"case", "if", "loop"}, word):
		case word == "if" && before.name != "" && !slices.Contains([]string{"begin", "then", "else", "loop"}, before.name):
			// DROP TABLE IF EXISTS
		case slices.Contains([]string{"case", "begin", "if", "loop"}, word):
			open(true)
		case word == "end" && current.block:
			closeLevel()
		case t.sign == ";":
			current.operators, current.queries = 0, 0
		case slices.Contains([]string{"union", "except", "intersect", "join"}, word):
			current.operators = 0
			current.queries += depthOfQuery
		case t.sign == "," || slices.Contains([]string{"and", "or", "select", "from", "where", "then", "else", "when", "on"}, word):
			// Lists, and what stands side by side in them.
			current.operators = 0
		case t.sign != "" && t.sign != "'" && t.sign != ".", slices.Contains([]string{"not", "is", "isnull", "notnull", "collate", "at", "in", "like", "ilike", "similar", "between"}, word):
			current.operators++
		}
		current = &levels[len(levels)-1]
		deepest = max(deepest, around+current.operators+current.queries)
		before = t
	}
	return deepest
}
