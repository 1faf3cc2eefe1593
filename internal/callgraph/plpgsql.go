package callgraph

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// expression is a piece of SQL in a function: a statement, or something that PL/pgSQL lets the server compute.
type expression struct {
	source  string
	line    int
	dynamic bool   // its value is a statement, which is executed
	through string // what happens to the relations that it names; empty: they are read
	block   int    // the line of the innermost block around it that swallows a gate's error; 0 if there is none
	number  int    // in the flow of its function; 0 if it is not in it
}

// plpgsql is the content of a PL/pgSQL body.
type plpgsql struct {
	expressions []expression
	flow        []step
	// constants are the variables that keep their declared value, with the expression of that value.
	constants map[string]string
}

// unknownVariable is the parser's error for a field of a variable whose type it does not know as a row type: it has no
// catalog in which to look up types.
var unknownVariable = regexp.MustCompile(`"([^"]+)" is not a known variable`)

// readPLpgSQL parses the body of a function.
func readPLpgSQL(f *function) (*plpgsql, error) {
	body := f.Source
	if depth(body) > maximumDepth {
		return nil, errTooDeep
	}
	for {
		parsed, err := parsePLpgSQL(definition(f, body))
		if err == nil {
			result := &plpgsql{constants: map[string]string{}}
			result.read(parsed)
			result.readConstants(parsed)
			return result, nil
		}
		unknown := unknownVariable.FindStringSubmatch(err.Error())
		if unknown == nil {
			return nil, err
		}
		variable, _, _ := strings.Cut(unknown[1], ".")
		declared, changed := declareAsRecord(body, variable)
		if !changed {
			return nil, err
		}
		body = declared
	}
}

// definition returns the function with a body, and the part of its signature that matters to PL/pgSQL.
func definition(f *function, body string) string {
	arguments := []string{}
	for index, isRow := range f.ArgumentIsRow {
		mode := map[string]string{"o": "out ", "b": "inout ", "t": "out ", "v": ""}[f.ArgumentModes[index]]
		name := ""
		if index < len(f.ArgumentNames) && f.ArgumentNames[index] != "" {
			name = pgx.Identifier{f.ArgumentNames[index]}.Sanitize() + " "
		}
		kind := "text"
		if isRow {
			kind = "any_schema.any_type"
		}
		arguments = append(arguments, mode+name+kind)
	}
	tag := "$postern$"
	for strings.Contains(body, tag) {
		tag = tag[:len(tag)-1] + "x$"
	}
	kind, returns := "function", " returns "+f.Returns
	if f.ReturnsSet {
		returns = " returns setof " + f.Returns
	}
	if f.Kind == "p" {
		kind, returns = "procedure", ""
	}
	return fmt.Sprintf("create %s f(%s)%s language plpgsql as %s%s%s", kind, strings.Join(arguments, ", "), returns, tag, body, tag)
}

// declareAsRecord gives a variable the type record wherever it is declared with another type.
func declareAsRecord(body, variable string) (declared string, changed bool) {
	all := slices.Collect(tokens(body))
	var result strings.Builder
	kept := 0
	for index := 1; index+1 < len(all); index++ {
		before, here, after := all[index-1], all[index], all[index+1]
		begins := before.sign == ";" || before.sign == ">>" || before.name == "declare" && !before.quoted
		if !begins || here.name != variable || after.name == "" {
			continue
		}
		first := index + 1
		if after.name == "constant" && !after.quoted && first+1 < len(all) {
			first++
		}
		last := first
		for last+1 < len(all) && !endsType(all[last+1]) {
			last++
		}
		if last == first && all[first].name == "record" {
			continue
		}
		result.WriteString(body[kept:all[first].start])
		result.WriteString("record")
		kept, changed = all[last].end, true
	}
	result.WriteString(body[kept:])
	return result.String(), changed
}

// endsType reports whether a token follows the type in a declaration.
func endsType(t token) bool {
	return slices.Contains([]string{";", ":=", "="}, t.sign) ||
		!t.quoted && slices.Contains([]string{"not", "default", "collate"}, t.name)
}

// How the server parses the text of an expression (RawParseMode).
const (
	parseExpression = 2
	parseAssignment = 3 // and above
)

// place is where something stands in a body.
type place struct {
	line  int
	name  string // of the tree in its parent
	block int    // as in expression
}

// read finds the expressions of a body, and the order in which they run.
func (p *plpgsql) read(parsed tree) {
	for _, function := range list(parsed) {
		function = field(function, "PLpgSQL_function")
		body := field(function, "action")
		swallowing := swallowingBlocks(body)
		for _, datum := range list(field(function, "datums")) {
			// A declaration is not below its block in the tree, so only its line tells which blocks are around it.
			around, line := 0, lastLine(datum)
			for _, block := range swallowing {
				if block.line < line && line <= block.last {
					around = block.line
				}
			}
			p.split(datum, place{block: around})
		}
		p.flow = append(p.flow, p.steps(body, place{})...)
	}
}

// steps returns the order in which what is below a tree runs.
func (p *plpgsql) steps(t tree, at place) []step {
	steps, branches := p.split(t, at)
	return append(steps, choose(branches)...)
}

// split finds what is below a tree. first runs first, in this order, and then at most one of the branches.
func (p *plpgsql) split(t tree, at place) (first []step, branches [][]step) {
	if number := field(t, "lineno"); number != nil {
		at.line = whole(number)
	}
	for _, item := range list(t) {
		below := place{line: at.line, name: item.name, block: at.block}
		switch item.name {
		case "PLpgSQL_expr":
			first = append(first, p.add(item, at))
			continue
		case "": // an item of a list
			below.name = at.name
		case "query":
			if at.name == "PLpgSQL_stmt_dynexecute" || at.name == "PLpgSQL_stmt_dynfors" {
				below.name = "dynquery"
			}
		case "body", "then_body", "else_body", "stmts", "else_stmts", "action":
			if item.name == "body" && at.name == "PLpgSQL_stmt_block" && swallows(field(t, "exceptions")) {
				below.block = at.line
			}
			branch := []step{}
			for _, statement := range list(item) {
				branch = append(branch, p.steps(statement, below)...)
			}
			branches = append(branches, branch)
			continue
		}
		more, choices := p.split(item, below)
		first = append(first, more...)
		if !strings.HasPrefix(item.name, "PLpgSQL_stmt_") {
			branches = append(branches, choices...)
			continue
		}
		first = append(first, choose(choices)...)
		if item.name == "PLpgSQL_stmt_return" || item.name == "PLpgSQL_stmt_raise" && whole(field(item, "elog_level")) >= levelError {
			first = append(first, step{ends: true})
		}
	}
	return first, branches
}

func (p *plpgsql) add(expr tree, at place) step {
	source := text(field(expr, "query"))
	mode := whole(field(expr, "parseMode"))
	switch {
	case mode >= parseAssignment:
		source = assignment(source)
	case mode == parseExpression:
		source = "select " + source
	}
	number := len(p.expressions) + 1
	p.expressions = append(p.expressions, expression{source: source, line: at.line, dynamic: at.name == "dynquery", block: at.block, number: number})
	return step{number: number}
}

// assignment returns what an assignment makes the server compute: subscripts on its left, and all of its right side.
func assignment(source string) string {
	depth := 0
	for t := range tokens(source) {
		switch {
		case t.sign == "[" || t.sign == "(":
			depth++
		case t.sign == "]" || t.sign == ")":
			depth--
		case depth == 0 && (t.sign == ":=" || t.sign == "="):
			return "select " + source[:t.start] + ", " + source[t.end:]
		}
	}
	return "select " + source
}

// readConstants finds the variables that are declared as constants. A name that is declared twice does not count.
func (p *plpgsql) readConstants(parsed tree) {
	declared := map[string]int{}
	for _, function := range list(parsed) {
		for _, datum := range list(field(function, "PLpgSQL_function", "datums")) {
			variable := field(datum, "PLpgSQL_var")
			name := text(field(variable, "refname"))
			declared[name]++
			// The parser has variables of its own, such as sqlstate, that are not declared with a value.
			if value := field(variable, "default_val", "PLpgSQL_expr", "query"); value != nil && isTrue(field(variable, "isconst")) {
				p.constants[name] = "select " + text(value)
			}
		}
	}
	for name, count := range declared {
		if count > 1 {
			delete(p.constants, name)
		}
	}
}
