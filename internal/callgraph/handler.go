package callgraph

import (
	"regexp"
	"slices"
)

// gateError is the SQLSTATE with which a gate asks for an authentication.
const gateError = "PS101"

// levelError is the level of RAISE EXCEPTION in the parser's tree.
const levelError = 21

// swallows reports whether a block's handlers keep the error of a gate from the client, so that nobody is asked.
func swallows(exceptions tree) bool {
	for _, item := range list(field(exceptions, "PLpgSQL_exception_block", "exc_list")) {
		handler := field(item, "PLpgSQL_exception")
		if slices.ContainsFunc(list(field(handler, "conditions")), catchesGate) {
			return !passesOn(list(field(handler, "action")))
		}
	}
	return false
}

// catching are the conditions that match the error of a gate. A code that ends in 000 stands for its class.
var catching = []string{"others", gateError, gateError[:2] + "000"}

func catchesGate(condition tree) bool {
	return slices.Contains(catching, text(field(condition, "PLpgSQL_condition", "condname")))
}

// onlyGates is the condition of an IF for the error of a gate.
var onlyGates = regexp.MustCompile(`^\s*(?i:sqlstate)\s*=\s*'` + gateError + `'\s*$`)

// passesOn reports whether the statements of a handler raise the error of a gate again, whatever else they do.
func passesOn(statements []tree) bool {
	for _, statement := range statements {
		if isRaise(statement) {
			return true
		}
		branch := field(statement, "PLpgSQL_stmt_if")
		raises := list(field(branch, "then_body"))
		if len(raises) > 0 && isRaise(raises[0]) && onlyGates.MatchString(text(field(branch, "cond", "PLpgSQL_expr", "query"))) {
			return true
		}
		if leaves(statement) {
			return false
		}
	}
	return false
}

// isRaise reports whether a statement is RAISE without arguments, which raises the caught error again.
func isRaise(statement tree) bool {
	raise := field(statement, "PLpgSQL_stmt_raise")
	return raise != nil && whole(field(raise, "elog_level")) == levelError &&
		field(raise, "condname") == nil && field(raise, "message") == nil && field(raise, "options") == nil
}

// leaves reports whether the handler may end in a statement.
func leaves(t tree) bool {
	return slices.ContainsFunc(list(t), func(item tree) bool {
		return item.name == "PLpgSQL_stmt_return" || item.name == "PLpgSQL_stmt_exit" || leaves(item)
	})
}

// lines are the first and the last line of a block.
type lines struct{ line, last int }

// swallowingBlocks returns the blocks below a tree that swallow the error of a gate, the outer ones first.
func swallowingBlocks(t tree) (blocks []lines) {
	for _, item := range list(t) {
		if item.name == "PLpgSQL_stmt_block" && swallows(field(item, "exceptions")) {
			blocks = append(blocks, lines{line: whole(field(item, "lineno")), last: lastLine(field(item, "body"))})
		}
		blocks = append(blocks, swallowingBlocks(item)...)
	}
	return blocks
}

// lastLine returns the largest line number in a tree.
func lastLine(t tree) (last int) {
	for _, item := range list(t) {
		if item.name == "lineno" {
			last = max(last, whole(item))
		}
		last = max(last, lastLine(item))
	}
	return last
}
