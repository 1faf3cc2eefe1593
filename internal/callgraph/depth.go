package callgraph

import (
	"errors"
	"slices"
)

// maximumDepth is how deep a text may be nested by the measure of depth. The parser has a small stack, and past its end
// it takes the whole process along: some 600 operators in a row, or 150 calls in each other, are enough.
const maximumDepth = 400

// What one more of these costs at the most, measured in operators in a row.
const (
	depthOfOpening = 4 // ( [ CASE BEGIN IF LOOP
	depthOfQuery   = 2 // UNION and the like, JOIN
)

var errTooDeep = errors.New("it is nested too deep for the parser")

// depth is an upper bound for how deep the parse tree of a text will be. It need not know the grammar: what stands in
// parentheses is deeper than what stands around them, and operators in a row are one in another. Where a word means
// something here, it is one that cannot be a name, except as a label: behind a point or AS.
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
			// Lists, and what stands in them side by side.
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
