package callgraph

import (
	"fmt"
	"slices"
	"strings"
)

// content is what the texts of a node contain, before the names in them are resolved. It depends only on what Read has
// loaded, so several can be read at once.
type content struct {
	statements []statement
	flow       []step // of a function
	constants  constants
	// The rest belongs to the node.
	unknown    []string
	unknowable bool
	unreadable string
}

// statement is the content of one text.
type statement struct {
	expression
	found
}

// withLine puts the line before a remark about an expression.
func (e expression) withLine(what string) string {
	if e.line > 0 {
		return fmt.Sprintf("line %d: %s", e.line, what)
	}
	return what
}

func (g *Graph) readFunction(f *function) *content {
	reader := reader{names: &g.names, body: f.Source}
	if f.isPosterns() {
		return &reader.content
	}
	if strings.Contains(f.DefaultValues, "(") {
		reader.statement(expression{source: "select " + f.DefaultValues})
	}
	switch {
	case f.SQLBody != "":
		reader.sequence("create function f() returns void language sql " + f.SQLBody)
	case f.Language == "sql":
		reader.sequence(f.Source)
	case f.Language == "plpgsql":
		reader.function(f)
	case f.Source != "":
		reader.note(expression{source: f.Source}, fmt.Sprintf("it is written in %s, which is not looked into", f.Language))
	}
	return &reader.content
}

func (g *Graph) readEvent(r *relation, kind string) *content {
	reader := reader{names: &g.names}
	instead := false
	for _, t := range r.triggers {
		if !t.fires(kind) {
			continue
		}
		instead = instead || t.Kind&triggerInsteadOf != 0
		if t.Definition != "" {
			reader.statement(expression{source: t.Definition})
		}
	}
	for _, f := range r.fragments {
		if slices.Contains(f.Events, kind) {
			instead = instead || strings.HasPrefix(f.Name, "rule ") && strings.Contains(f.Source, " DO INSTEAD ")
			reader.statement(expression{source: f.Source})
		}
	}
	switch {
	case r.Query == "":
	case kind == onSelect || kind == onRefresh:
		reader.statement(expression{source: r.Query})
	case !instead:
		// What is written to a simple view goes to the table below it.
		reader.statement(expression{source: r.Query, through: kind})
	}
	return &reader.content
}

// reader reads SQL into a content.
type reader struct {
	content
	names *nameSet
	body  string // of the function; empty if there is none
}

// function reads the body of a PL/pgSQL function.
func (r *reader) function(f *function) {
	body, err := readPLpgSQL(f)
	if err != nil {
		r.cannotRead(expression{source: f.Source}, fmt.Sprintf("its body cannot be read: %v", err))
		return
	}
	r.constants = constants{}
	for name, source := range body.constants {
		if trees, err := parseStatements(source); err == nil && len(trees) == 1 {
			r.constants[name] = firstTarget(trees[0])
		}
	}
	r.flow = body.flow
	r.expressions(body.expressions)
}

// expressions reads many at once, which is much faster. It reads them one by one if they cannot be read together.
func (r *reader) expressions(all []expression) {
	all = slices.DeleteFunc(all, func(e expression) bool { return !r.matters(e) })
	if len(all) == 0 {
		return
	}
	var together strings.Builder
	for _, e := range all {
		together.WriteString(e.source)
		together.WriteString("\n;\n")
	}
	trees, err := parseStatements(together.String())
	if err == nil && len(trees) == len(all) {
		for index, e := range all {
			r.tree(trees[index], e)
		}
		return
	}
	for _, e := range all {
		r.statement(e)
	}
}

// matters reports whether an expression may do something relevant. Most expressions of PL/pgSQL name only variables and
// built-in functions, and parsing takes nearly all of the time. The words of strings and comments count as well, so
// nothing is missed.
func (r *reader) matters(e expression) bool {
	return e.dynamic || r.names.occurIn(e.source)
}

// sequence reads the body of a function in SQL.
func (r *reader) sequence(source string) {
	e := expression{source: source}
	if !r.matters(e) {
		return
	}
	trees, err := parseStatements(source)
	if err != nil {
		r.statement(e)
		return
	}
	for _, t := range trees {
		for _, statement := range bodyStatements(t) {
			e.number++
			r.flow = append(r.flow, step{number: e.number})
			r.tree(statement, e)
		}
	}
}

// bodyStatements returns the statements of BEGIN ATOMIC; of anything else the tree as it is.
func bodyStatements(t tree) []tree {
	for _, body := range list(field(t, "CreateFunctionStmt", "sql_body", "List", "items")) {
		if statements := list(field(body, "List", "items")); len(statements) > 0 {
			return statements
		}
	}
	return []tree{t}
}

// statement reads one text.
func (r *reader) statement(e expression) {
	if !r.matters(e) {
		return
	}
	trees, err := parseStatements(e.source)
	if err != nil {
		r.cannotRead(e, fmt.Sprintf("this cannot be read (%v): %s", err, shorten(e.source)))
		return
	}
	for _, t := range trees {
		r.tree(t, e)
	}
}

func (r *reader) tree(t tree, e expression) {
	s := statement{expression: e}
	s.search(t)
	if s.blocks {
		r.note(e, "a DO block is not looked into: "+shorten(e.source))
	}
	r.statements = append(r.statements, s)
	if e.dynamic {
		r.dynamic(t, e)
	}
}

// dynamic reads the statement that an expression produces.
func (r *reader) dynamic(t tree, e expression) {
	sources, known := r.constants.statements(firstTarget(t))
	if !known {
		r.note(e, "a statement is put together: "+shorten(e.source))
	}
	for _, source := range sources {
		made := e
		made.source, made.dynamic = source, false
		r.statement(made)
	}
}

// note records what cannot be known of an expression. The expression may call a gate if it names one, or if a string in
// the function names one, because the string may become a part of it.
func (r *reader) note(e expression, what string) {
	r.unknown = append(r.unknown, e.withLine(what))
	r.unknowable = r.unknowable || mentionsGate(e.source) || textsMentionGate(r.body)
}

// cannotRead records an expression that the parser rejects.
func (r *reader) cannotRead(e expression, what string) {
	r.note(e, what)
	if r.unreadable == "" && mentionsGate(e.source) {
		r.unreadable = e.withLine(what)
	}
}

// textsMentionGate reports whether a string in a function body may name a gate.
func textsMentionGate(body string) bool {
	if !mentionsGate(body) {
		return false
	}
	for t := range tokens(body) {
		if t.sign == "'" && mentionsGate(body[t.start:t.end]) {
			return true
		}
	}
	return false
}

// firstTarget returns the first expression of a SELECT.
func firstTarget(t tree) tree {
	targets := list(field(t, "SelectStmt", "targetList"))
	if len(targets) == 0 {
		return nil
	}
	return field(targets[0], "ResTarget", "val")
}

// shorten puts a text on one line and cuts it.
func shorten(source string) string {
	const longest = 100
	source = strings.Join(strings.Fields(source), " ")
	if prefix := "select "; len(source) > len(prefix) && strings.EqualFold(source[:len(prefix)], prefix) {
		source = source[len(prefix):]
	}
	if characters := []rune(source); len(characters) > longest {
		return string(characters[:longest]) + "…"
	}
	return source
}
