package callgraph

import (
	"slices"
	"strings"
)

// found is what a statement does that matters here.
type found struct {
	calls   []call
	uses    []use
	operate []string // names of operators
	blocks  bool     // a DO block
}

// call is a call of a function by name.
type call struct {
	name      []string
	arguments []tree          // by position
	named     map[string]tree // by name
	variadic  bool
	all       bool // CALL, where output arguments count
}

// use is what a statement does with a relation.
type use struct {
	name  []string
	event string
	// columns are those that an INSERT or UPDATE names; nil if it may write any of them.
	columns []string
}

// What happens to a relation. Triggers fire on the first four.
const (
	onInsert   = "INSERT"
	onUpdate   = "UPDATE"
	onDelete   = "DELETE"
	onTruncate = "TRUNCATE"
	onSelect   = "SELECT"
	onRefresh  = "REFRESH"
)

// search walks a statement.
func (f *found) search(t tree) {
	for _, item := range list(t) {
		if item.name == "relation" && field(item, "relname") != nil {
			// The target relation of a statement, whose node knows what happens to it.
			continue
		}
		f.note(item.name, item)
		f.search(item)
	}
}

// note examines one node.
func (f *found) note(kind string, content tree) {
	relation := field(content, "relation")
	switch kind {
	case "FuncCall":
		f.calls = append(f.calls, newCall(content, false))
	case "CallStmt":
		// Its FuncCall is visited again below, as a call of a function.
		f.calls = append(f.calls, newCall(field(content, "funccall"), true))
	case "A_Expr":
		if names := words(field(content, "name")); len(names) > 0 {
			f.operate = append(f.operate, names[len(names)-1])
		}
	case "DoStmt":
		f.blocks = true
	case "RangeVar":
		f.use(content, onSelect, nil)
	case "InsertStmt":
		f.use(relation, onInsert, targets(field(content, "cols")))
		if text(field(content, "onConflictClause", "action")) == "ONCONFLICT_UPDATE" {
			f.use(relation, onUpdate, targets(field(content, "onConflictClause", "targetList")))
		}
	case "UpdateStmt":
		f.use(relation, onUpdate, targets(field(content, "targetList")))
	case "DeleteStmt":
		f.use(relation, onDelete, nil)
	case "MergeStmt":
		for _, clause := range list(field(content, "mergeWhenClauses")) {
			columns := targets(field(clause, "MergeWhenClause", "targetList"))
			switch text(field(clause, "MergeWhenClause", "commandType")) {
			case "CMD_INSERT":
				f.use(relation, onInsert, columns)
			case "CMD_UPDATE":
				f.use(relation, onUpdate, columns)
			case "CMD_DELETE":
				f.use(relation, onDelete, nil)
			}
		}
		f.use(relation, onSelect, nil)
	case "TruncateStmt":
		for _, item := range list(field(content, "relations")) {
			f.use(field(item, "RangeVar"), onTruncate, nil)
		}
	case "CopyStmt":
		if isTrue(field(content, "is_from")) {
			f.use(relation, onInsert, nil)
		} else {
			f.use(relation, onSelect, nil)
		}
	case "RefreshMatViewStmt":
		f.use(relation, onRefresh, nil)
	}
}

// targets returns the names of the columns in a list of targets.
func targets(t tree) (columns []string) {
	for _, item := range list(t) {
		if name := text(field(item, "ResTarget", "name")); name != "" {
			columns = append(columns, name)
		}
	}
	return columns
}

func (f *found) use(relation tree, event string, columns []string) {
	name := text(field(relation, "relname"))
	if name == "" {
		return
	}
	qualified := []string{name}
	if schema := text(field(relation, "schemaname")); schema != "" {
		qualified = []string{schema, name}
	}
	f.uses = append(f.uses, use{name: qualified, event: event, columns: columns})
}

func newCall(content tree, all bool) call {
	c := call{name: words(field(content, "funcname")), named: map[string]tree{}, variadic: isTrue(field(content, "func_variadic")), all: all}
	for _, argument := range list(field(content, "args")) {
		if named := field(argument, "NamedArgExpr"); named != nil {
			c.named[text(field(named, "name"))] = field(named, "arg")
		} else {
			c.arguments = append(c.arguments, argument)
		}
	}
	return c
}

// argument returns the argument at a position or with a name; nil if the call leaves it out.
func (c call) argument(position int, name string) tree {
	if position < len(c.arguments) {
		return c.arguments[position]
	}
	return c.named[name]
}

// constants are the variables of a function whose values are known.
type constants map[string]tree

// texts returns all values that an expression may have; ok is false if they are not known.
func (c constants) texts(t tree) (values []string, ok bool) {
	for _, content := range list(t) {
		switch content.name {
		case "A_Const":
			if isTrue(field(content, "isnull")) {
				return nil, true
			}
			if field(content, "sval") == nil {
				return nil, false
			}
			return []string{text(field(content, "sval", "sval"))}, true // the tree leaves out the empty string
		case "TypeCast":
			return c.texts(field(content, "arg"))
		case "ColumnRef":
			names := words(field(content, "fields"))
			if len(names) == 1 && c[names[0]] != nil {
				return constants(nil).texts(c[names[0]])
			}
		case "CaseExpr":
			branches := []tree{}
			for _, when := range list(field(content, "args")) {
				branches = append(branches, field(when, "CaseWhen", "result"))
			}
			if otherwise := field(content, "defresult"); otherwise != nil {
				branches = append(branches, otherwise)
			}
			return c.anyOf(branches)
		case "CoalesceExpr":
			return c.anyOf(list(field(content, "args")))
		case "A_Expr":
			if slices.Equal(words(field(content, "name")), []string{"||"}) {
				left, leftKnown := c.texts(field(content, "lexpr"))
				right, rightKnown := c.texts(field(content, "rexpr"))
				values, few := combine(left, right)
				return values, few && leftKnown && rightKnown
			}
		}
	}
	return nil, false
}

func (c constants) anyOf(branches []tree) (values []string, ok bool) {
	for _, branch := range branches {
		some, known := c.texts(branch)
		if !known {
			return nil, false
		}
		values = append(values, some...)
	}
	return values, true
}

// maximumLength limits the bytes of texts: each CASE that is appended doubles them.
const maximumLength = 1 << 20

// combine appends each text of right to each text of left; ok is false if the result is too long.
func combine(left, right []string) (both []string, ok bool) {
	length := 0
	for _, first := range left {
		for _, second := range right {
			if length += len(first) + len(second) + 1; length > maximumLength {
				return nil, false
			}
			both = append(both, first+second)
		}
	}
	return both, true
}

// unknownValue is a parameter. It replaces a quoted value in an assembled statement.
const unknownValue = "($1)"

// statements returns all texts that a dynamic statement may have; ok is false if they are not known. Quoted values
// cannot change what the statement does. Everything else must be constant.
func (c constants) statements(t tree) (sources []string, ok bool) {
	if values, ok := c.texts(t); ok {
		return values, true
	}
	switch {
	case field(t, "TypeCast") != nil:
		return c.statements(field(t, "TypeCast", "arg"))
	case slices.Equal(words(field(t, "A_Expr", "name")), []string{"||"}):
		left, leftKnown := c.statements(field(t, "A_Expr", "lexpr"))
		right, rightKnown := c.statements(field(t, "A_Expr", "rexpr"))
		sources, few := combine(left, right)
		return sources, few && leftKnown && rightKnown
	case field(t, "FuncCall") != nil:
		called := newCall(field(t, "FuncCall"), false)
		if len(called.name) == 2 && called.name[0] != "pg_catalog" || len(called.name) == 0 || called.variadic {
			return nil, false
		}
		switch called.name[len(called.name)-1] {
		case "quote_literal", "quote_nullable":
			return []string{unknownValue}, true
		case "quote_ident":
			values, known := c.texts(called.argument(0, ""))
			for _, value := range values {
				sources = append(sources, quoteIdentifier(value))
			}
			return sources, known
		case "format":
			return c.format(called)
		}
	}
	return nil, false
}

// format does what the server's function format does.
func (c constants) format(called call) (sources []string, ok bool) {
	patterns, known := c.texts(called.argument(0, ""))
	if !known {
		return nil, false
	}
	for _, pattern := range patterns {
		made, known := c.fill(pattern, called)
		if !known {
			return nil, false
		}
		sources = append(sources, made)
	}
	return sources, true
}

func (c constants) fill(pattern string, called call) (made string, ok bool) {
	var result strings.Builder
	next := 1
	for at := 0; at < len(pattern); at++ {
		if result.Len() > maximumLength {
			return "", false
		}
		if pattern[at] != '%' {
			result.WriteByte(pattern[at])
			continue
		}
		if at++; at >= len(pattern) {
			return "", false
		}
		if position, length := 0, 0; pattern[at] >= '1' && pattern[at] <= '9' {
			position, length = leadingPosition(pattern[at:])
			if length == 0 || at+length >= len(pattern) {
				return "", false
			}
			next, at = position, at+length
		}
		if pattern[at] == '%' {
			result.WriteByte('%')
			continue
		}
		argument := called.argument(next, "")
		next++
		values, known := c.texts(argument)
		known = known && len(values) == 1
		switch {
		case pattern[at] == 'L':
			if known {
				result.WriteString("'" + strings.ReplaceAll(values[0], "'", "''") + "'")
			} else {
				result.WriteString(unknownValue)
			}
		case pattern[at] == 'I' && known:
			result.WriteString(quoteIdentifier(values[0]))
		case pattern[at] == 's' && known:
			result.WriteString(values[0])
		default:
			return "", false
		}
	}
	return result.String(), true
}

// leadingPosition reads n$ and returns its length; 0 if there is something else.
func leadingPosition(pattern string) (position, length int) {
	digits, _, found := strings.Cut(pattern, "$")
	if !found {
		return 0, 0
	}
	for _, digit := range digits {
		if digit < '0' || digit > '9' || position > 1000 {
			return 0, 0
		}
		position = position*10 + int(digit-'0')
	}
	return position, len(digits) + 1
}

func quoteIdentifier(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
