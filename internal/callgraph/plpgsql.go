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
}

// plpgsql is the content of a PL/pgSQL body.
type plpgsql struct {
	expressions []expression
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
			result.collect(parsed, 0, "")
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

// collect finds the expressions below a tree. line is that of the statement that contains them, name the tree's name in
// its parent.
func (p *plpgsql) collect(t tree, line int, name string) {
	if number := field(t, "lineno"); number != nil {
		line = whole(number)
	}
	for _, item := range list(t) {
		switch {
		case item.name == "PLpgSQL_expr":
			p.add(item, line, name)
		case item.name == "query" && (name == "PLpgSQL_stmt_dynexecute" || name == "PLpgSQL_stmt_dynfors"):
			p.collect(item, line, "dynquery")
		case item.name == "":
			p.collect(item, line, name)
		default:
			p.collect(item, line, item.name)
		}
	}
}

func (p *plpgsql) add(expr tree, line int, name string) {
	source := text(field(expr, "query"))
	mode := whole(field(expr, "parseMode"))
	switch {
	case mode >= parseAssignment:
		source = assignment(source)
	case mode == parseExpression:
		source = "select " + source
	}
	p.expressions = append(p.expressions, expression{source: source, line: line, dynamic: name == "dynquery"})
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
