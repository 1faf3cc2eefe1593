package callgraph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// Node is a function, or something that happens with a relation.
type Node struct {
	// Name is schema.function(types), or INSERT on schema.table.
	Name string
	// Gates are the calls of gates that stand in it.
	Gates []Gate
	// Actions are those that it begins, as far as they are constant.
	Actions []string
	// Unknown tells what in it can't be known.
	Unknown []string
	// Calls are the nodes that it leads to.
	Calls []*Node

	expand func() // nil when it is done
}

// Gate is the call of a gate.
type Gate struct {
	// ID is the gate's; empty where it is computed.
	ID string
	// Line counts from the first one of the function's body; 0 where there are none.
	Line int
}

// Find gives the node of a function: schema.name(types), or schema.name where there is just one of that name.
func (g *Graph) Find(ctx context.Context, connection *pgx.Conn, signature string) (*Node, error) {
	query := "select to_regproc($1)::oid"
	if strings.Contains(signature, "(") {
		query = "select to_regprocedure($1)::oid"
	}
	var oid *uint32
	if err := connection.QueryRow(ctx, query, signature).Scan(&oid); err != nil {
		return nil, fmt.Errorf("look for the function %s: %w", signature, err)
	}
	if oid == nil || g.functions[*oid] == nil {
		return nil, fmt.Errorf("there is no function %s, or more than one; name it as schema.name(types)", signature)
	}
	return g.node(g.functions[*oid]), nil
}

// Callers are the nodes in which a gate is called or an action is begun, in the order of their names. Statements that are
// put together at run time are not among them.
func (g *Graph) Callers() []*Node {
	callers := []*Node{}
	add := func(node *Node) {
		g.complete(node)
		if len(node.Gates) > 0 || len(node.Actions) > 0 {
			callers = append(callers, node)
		}
	}
	for _, f := range g.functions {
		if !f.isPosterns() && mentionsGate(f.Source+f.SQLBody+f.DefaultValues) {
			add(g.node(f))
		}
	}
	for _, r := range g.relations {
		if slices.Contains(posternSchemas, r.Schema) {
			continue
		}
		for _, kind := range []string{onSelect, onInsert, onUpdate, onDelete, onTruncate} {
			if r.mentionsGate(kind) {
				add(g.event(event{r.OID, kind}))
			}
		}
	}
	slices.SortFunc(callers, func(a, b *Node) int { return cmp.Compare(a.Name, b.Name) })
	return callers
}

// mentionsGate tells whether something that is kept with the relation, and runs with an event, may call a gate.
func (r *relation) mentionsGate(kind string) bool {
	return kind == onSelect && mentionsGate(r.Query) ||
		slices.ContainsFunc(r.fragments, func(f fragment) bool { return slices.Contains(f.Events, kind) && mentionsGate(f.Source) }) ||
		slices.ContainsFunc(r.triggers, func(t trigger) bool { return t.fires(kind) && mentionsGate(t.Definition) })
}

// mentionsGate tells whether a text may call a gate or begin an action: the names stand in it, or it has letters that are
// written as numbers.
func mentionsGate(source string) bool {
	source = strings.ToLower(source)
	for _, name := range []string{"checkpoint", "begin_action", `u&"`, `\u`} {
		if strings.Contains(source, name) {
			return true
		}
	}
	return false
}

// Reached is what an entry leads to.
type Reached struct {
	// Nodes are all of them, the entry first.
	Nodes []*Node
	// Gates are the ids of the gates, in their order.
	Gates []string
	// leads are the nodes that have a gate or something unknown in them or below.
	leads map[*Node]bool
}

// Leads tells whether a gate, or something that can't be known, is in a node or below it.
func (r *Reached) Leads(node *Node) bool { return r.leads[node] }

// Reach follows all calls from an entry.
func (g *Graph) Reach(entry *Node) *Reached {
	r := &Reached{Nodes: []*Node{entry}, Gates: []string{}, leads: map[*Node]bool{}}
	seen := map[*Node]bool{entry: true}
	callers := map[*Node][]*Node{}
	interesting := []*Node{}
	for index := 0; index < len(r.Nodes); index++ {
		node := r.Nodes[index]
		g.complete(node)
		for _, gate := range node.Gates {
			if gate.ID != "" {
				r.Gates = append(r.Gates, gate.ID)
			}
		}
		if len(node.Gates) > 0 || len(node.Unknown) > 0 {
			interesting = append(interesting, node)
		}
		for _, called := range node.Calls {
			callers[called] = append(callers[called], node)
			if !seen[called] {
				seen[called] = true
				r.Nodes = append(r.Nodes, called)
			}
		}
	}
	for len(interesting) > 0 {
		node := interesting[0]
		interesting = interesting[1:]
		if !r.leads[node] {
			r.leads[node] = true
			interesting = append(interesting, callers[node]...)
		}
	}
	slices.Sort(r.Gates)
	r.Gates = slices.Compact(r.Gates)
	return r
}

// complete reads what is in a node, once.
func (g *Graph) complete(node *Node) {
	if node.expand == nil {
		return
	}
	expand := node.expand
	node.expand = nil
	expand()
	slices.SortStableFunc(node.Gates, func(a, b Gate) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID)) })
	node.Gates = slices.Compact(node.Gates)
	slices.Sort(node.Actions)
	node.Actions = slices.Compact(node.Actions)
	slices.SortFunc(node.Calls, func(a, b *Node) int { return cmp.Compare(a.Name, b.Name) })
	node.Calls = slices.Compact(node.Calls)
	slices.Sort(node.Unknown)
	node.Unknown = slices.Compact(node.Unknown)
}

func (g *Graph) node(f *function) *Node {
	if f.node == nil {
		f.node = &Node{Name: f.Signature}
		f.node.expand = func() { g.expandFunction(f) }
	}
	return f.node
}

func (g *Graph) expandFunction(f *function) {
	node := f.node
	if f.isPosterns() {
		return
	}
	for _, part := range f.Parts {
		if called := g.functions[part]; called != nil {
			node.Calls = append(node.Calls, g.node(called))
		}
	}
	reader := reader{graph: g, node: node, path: g.searchPath(f)}
	if strings.Contains(f.DefaultValues, "(") {
		reader.statement(expression{source: "select " + f.DefaultValues})
	}
	switch {
	case f.SQLBody != "":
		reader.statement(expression{source: "create function f() returns void language sql " + f.SQLBody})
	case f.Language == "sql":
		reader.statement(expression{source: f.Source})
	case f.Language == "plpgsql":
		body, err := readPLpgSQL(f)
		if err != nil {
			node.Unknown = append(node.Unknown, fmt.Sprintf("its body cannot be read: %v", err))
			return
		}
		reader.constants = constants{}
		for name, source := range body.constants {
			if trees, err := parseStatements(source); err == nil && len(trees) == 1 {
				reader.constants[name] = firstTarget(trees[0])
			}
		}
		reader.expressions(body.expressions)
	case !slices.Contains([]string{"c", "internal"}, f.Language) && f.Kind != "a" && f.Kind != "w":
		node.Unknown = append(node.Unknown, fmt.Sprintf("it is written in %s, which is not looked into", f.Language))
	}
}

func (g *Graph) event(of event) *Node {
	if g.events[of] == nil {
		r := g.relations[of.relation]
		node := &Node{Name: of.kind + " on " + r.QualifiedName}
		node.expand = func() { g.expandEvent(node, r, of.kind) }
		g.events[of] = node
	}
	return g.events[of]
}

func (g *Graph) expandEvent(node *Node, r *relation, kind string) {
	// What the catalogs print names the schema of everything.
	reader := reader{graph: g, node: node}
	instead := false
	for _, t := range r.triggers {
		if !t.fires(kind) {
			continue
		}
		instead = instead || t.Kind&triggerInsteadOf != 0
		if called := g.functions[t.Function]; called != nil {
			node.Calls = append(node.Calls, g.node(called))
		}
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
	for _, child := range r.Children {
		if g.relations[child] != nil {
			node.Calls = append(node.Calls, g.event(event{child, kind}))
		}
	}
	for _, c := range r.cascades {
		consequence := map[string]string{onDelete: c.OnDelete, onUpdate: c.OnUpdate}[kind]
		if consequence != "" && g.relations[c.Child] != nil {
			node.Calls = append(node.Calls, g.event(event{c.Child, consequence}))
		}
	}
	switch {
	case r.Query == "":
	case kind == onSelect || kind == onRefresh:
		reader.statement(expression{source: r.Query})
	case !instead:
		// What is written to a simple view goes to the table below it.
		reader.through = kind
		reader.statement(expression{source: r.Query})
	}
}

// reader reads SQL into a node.
type reader struct {
	graph     *Graph
	node      *Node
	path      []string
	constants constants
	through   string // what happens with the relations that the statement reads
}

// expressions reads many at once, which is much faster; one by one where they can't be read together.
func (r *reader) expressions(all []expression) {
	all = slices.DeleteFunc(all, func(e expression) bool { return !r.graph.matters(e) })
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

// matters tells whether an expression may do something that is looked for. Most of what PL/pgSQL computes names nothing but
// variables and the server's own functions, and parsing takes nearly all of the time. The words of strings and comments
// count as well, so nothing is missed.
func (g *Graph) matters(e expression) bool {
	return e.dynamic || g.names.occurIn(e.source)
}

// names are what somebody has named: functions, relations and operators.
type names struct {
	words map[string]bool // in small letters
	other []string        // those that are no single word
}

func (n *names) add(name string) {
	name = strings.ToLower(name)
	if strings.IndexFunc(name, func(c rune) bool { return !isWord(c) }) >= 0 {
		n.other = append(n.other, name)
	} else {
		n.words[name] = true
	}
}

// occurIn tells whether one of the names is in a text, or something that may hide one: letters that are written as
// numbers, a quote in quotes, a DO block.
func (n *names) occurIn(source string) bool {
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

// statement reads one text.
func (r *reader) statement(e expression) {
	trees, err := parseStatements(e.source)
	if err != nil {
		r.unknown(e, fmt.Sprintf("this cannot be read (%v): %s", err, shorten(e.source)))
		return
	}
	for _, t := range trees {
		r.tree(t, e)
	}
}

func (r *reader) tree(t tree, e expression) {
	var f found
	f.search(t)
	if f.blocks {
		r.unknown(e, "a DO block is not looked into: "+shorten(e.source))
	}
	for _, c := range f.calls {
		if len(c.name) == 0 {
			continue
		}
		for _, called := range r.graph.resolve(c, r.path) {
			switch {
			case called.isGate():
				r.gate(c, e)
			case called.beginsAction():
				names, known := r.constants.texts(c.argument(0, "action"))
				if known {
					r.node.Actions = append(r.node.Actions, names...)
				}
			case !called.isPosterns():
				r.node.Calls = append(r.node.Calls, r.graph.node(called))
			}
		}
	}
	for _, operator := range f.operate {
		for _, oid := range r.graph.operators[operator] {
			if called := r.graph.functions[oid]; called != nil && !called.isPosterns() {
				r.node.Calls = append(r.node.Calls, r.graph.node(called))
			}
		}
	}
	for _, u := range f.uses {
		kind := u.event
		if r.through != "" && kind == onSelect {
			kind = r.through
		}
		for _, touched := range r.graph.findRelations(u.name, r.path) {
			if !slices.Contains(posternSchemas, touched.Schema) {
				r.node.Calls = append(r.node.Calls, r.graph.event(event{touched.OID, kind}))
			}
		}
	}
	if e.dynamic {
		r.dynamic(t, e)
	}
}

func (r *reader) gate(c call, e expression) {
	ids, known := r.constants.texts(c.argument(0, "gate_id"))
	if !known {
		r.node.Gates = append(r.node.Gates, Gate{Line: e.line})
		r.unknown(e, "the id of the gate is computed: "+shorten(e.source))
	}
	for _, id := range ids {
		r.node.Gates = append(r.node.Gates, Gate{ID: id, Line: e.line})
	}
}

// dynamic reads the statement that an expression makes.
func (r *reader) dynamic(t tree, e expression) {
	sources, known := r.constants.statements(firstTarget(t))
	if !known {
		r.unknown(e, "a statement is put together: "+shorten(e.source))
	}
	for _, source := range sources {
		r.statement(expression{source: source, line: e.line})
	}
}

func (r *reader) unknown(e expression, what string) {
	if e.line > 0 {
		what = fmt.Sprintf("line %d: %s", e.line, what)
	}
	r.node.Unknown = append(r.node.Unknown, what)
}

// firstTarget is the first expression of a SELECT.
func firstTarget(t tree) tree {
	targets := list(field(t, "SelectStmt", "targetList"))
	if len(targets) == 0 {
		return nil
	}
	return field(targets[0], "ResTarget", "val")
}

// shorten is a text on one line, and not a long one.
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
