package callgraph

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// Node is a function, or something that happens to a relation.
type Node struct {
	// Name is schema.function(types), or INSERT on schema.table.
	Name string
	// Gates are the calls of gates in it.
	Gates []Gate
	// Actions are those that it begins, if their names are constant.
	Actions []string
	// Unknown lists what cannot be known about it.
	Unknown []string
	// Unknowable reports that it may call any gate: the id is computed, or what names gates cannot be read.
	Unknowable bool
	// Unreadable says why something in it that names gates cannot be read; empty if everything can.
	Unreadable string
	// Late are the calls of gates behind a write of the same function.
	Late []Late
	// Calls are the nodes to which it leads.
	Calls []*Node

	swallowing []swallowing
	writes     []write
	relation   *relation // to which something happens; nil if it is a function

	read   func() *content // reads it once, in any goroutine
	begun  bool            // read was called
	link   func(*content)  // nil after it was called
	search int             // the last search that came here
}

func newNode(name string, read func() *content, link func(*content)) *Node {
	return &Node{Name: name, read: sync.OnceValue(read), link: link}
}

// Gate is a call of a gate.
type Gate struct {
	// ID is the id of the gate; empty if it is computed.
	ID string
	// Line counts from the first line of the function's body; 0 if there are no lines.
	Line int
	// Guard says that the guard of a table calls it: what the statement has written is undone with the error.
	Guard bool
}

// Late is a call of a gate behind a write.
type Late struct {
	Gate
	// Write is the line of the write; 0 if there are no lines.
	Write int
}

// write is what a statement of a function or of a view writes.
type write struct {
	relation *relation
	kind     string
	columns  []string
}

// Write is what a function writes to a table.
type Write struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	// Operation is insert, update or delete.
	Operation string `json:"operation"`
	// Columns are those that the statement names; nil if it may write any of them.
	Columns []string `json:"columns"`
}

// swallowing is what a function calls in a block that keeps the error of a gate from the client.
type swallowing struct {
	block, line int
	gates       []Gate
	calls       []*Node
}

// Swallowed is a place in a function that leads to gates, in a block that keeps their error from the client.
type Swallowed struct {
	// Function is its name, as in Node.
	Function string `json:"in"`
	// Line is that of the call, and Block that of the block's BEGIN.
	Line  int `json:"line"`
	Block int `json:"block_line"`
	// Gates are the ids of the first gates, in order; none if all of them are computed.
	Gates []string `json:"gates"`
	// More counts the gates that are not in Gates.
	More int `json:"more"`
	// Guard says that only guards of tables are reached.
	Guard bool `json:"guard"`
}

// maximumSwallowed limits the gates that are named for one place. In a large application a call may lead to hundreds.
const maximumSwallowed = 10

// Find returns the node of a function: schema.name(types), or schema.name if there is only one function of that name.
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

// Callers returns the nodes that call a gate or begin an action, or may do so, in the order of their names. It does not
// cover statements that are assembled at run time.
func (g *Graph) Callers() []*Node {
	candidates := []*Node{}
	for _, f := range g.functions {
		if f.mentionsGate() {
			candidates = append(candidates, g.node(f))
		}
	}
	for _, r := range g.relations {
		if slices.Contains(posternSchemas, r.Schema) {
			continue
		}
		for _, kind := range []string{onSelect, onInsert, onUpdate, onDelete, onTruncate} {
			if r.mentionsGate(kind) {
				candidates = append(candidates, g.event(event{relation: r.OID, kind: kind}))
			}
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	compile()
	callers := []*Node{}
	for index, node := range candidates {
		g.complete(node, candidates[index+1:])
		if len(node.Gates) > 0 || len(node.Actions) > 0 || node.Unknowable {
			callers = append(callers, node)
		}
	}
	slices.SortFunc(callers, func(a, b *Node) int { return cmp.Compare(a.Name, b.Name) })
	return callers
}

// mentionsGate reports whether something stored with the relation, which runs with an event, may call a gate.
func (r *relation) mentionsGate(kind string) bool {
	return kind == onSelect && mentionsGate(r.Query) ||
		slices.ContainsFunc(r.fragments, func(f fragment) bool { return slices.Contains(f.Events, kind) && mentionsGate(f.Source) }) ||
		slices.ContainsFunc(r.triggers, func(t trigger) bool { return t.fires(kind) && mentionsGate(t.Definition) })
}

// gateMentions are the words in a text that call a gate or begin an action: the names, or characters written as
// numbers. The view postern_internal.current_gate_reading has the same list; a test compares them.
var gateMentions = []string{"checkpoint", "begin_action", `u&"`, `\u`}

// mentionsGate reports whether a text may call a gate or begin an action.
func mentionsGate(source string) bool {
	source = strings.ToLower(source)
	for _, name := range gateMentions {
		if strings.Contains(source, name) {
			return true
		}
	}
	return false
}

// Reached is everything to which an entry leads.
type Reached struct {
	// Nodes are all of them, the entry first.
	Nodes []*Node
	// Gates are the ids of the gates, in order.
	Gates []string
	// Swallowed are the places where a handler keeps the error of a gate from the client.
	Swallowed []Swallowed
	// leads are the nodes with a gate or something unknown in them or below.
	leads map[*Node]bool
}

// Leads reports whether a node, or a node below it, has a gate or something that cannot be known.
func (r *Reached) Leads(node *Node) bool { return r.leads[node] }

// Reach follows all calls from an entry.
func (g *Graph) Reach(entry *Node) *Reached {
	compile()
	r := &Reached{Nodes: g.below([]*Node{entry})}
	r.Gates = gates(r.Nodes)
	r.Swallowed = g.swallowed(r.Nodes)
	interesting := slices.Clone(r.Nodes)
	interesting = slices.DeleteFunc(interesting, func(node *Node) bool { return len(node.Gates)+len(node.Unknown) == 0 })
	r.leads = climb(interesting, callersOf(r.Nodes))
	return r
}

// callersOf returns, for each node that another of them calls, those that do.
func callersOf(nodes []*Node) map[*Node][]*Node {
	callers := map[*Node][]*Node{}
	for _, node := range nodes {
		for _, called := range node.Calls {
			callers[called] = append(callers[called], node)
		}
	}
	return callers
}

// climb returns the nodes, and all that lead to one of them.
func climb(nodes []*Node, callers map[*Node][]*Node) map[*Node]bool {
	above := map[*Node]bool{}
	for len(nodes) > 0 {
		node := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		if !above[node] {
			above[node] = true
			nodes = append(nodes, callers[node]...)
		}
	}
	return above
}

// gatesBelow returns the ids of the gates of a kind to which each of the nodes leads, in order. A node that leads to no
// such gate has no entry, and one that leads only to computed ids an empty one. It goes up from each gate, because in a
// large application many functions lead to nearly all others, but few call gates.
func gatesBelow(nodes []*Node, kind func(Gate) bool) map[*Node][]string {
	calling := map[string][]*Node{}
	for _, node := range nodes {
		for _, gate := range node.Gates {
			if kind(gate) {
				calling[gate.ID] = append(calling[gate.ID], node)
			}
		}
	}
	below, callers := map[*Node][]string{}, callersOf(nodes)
	for _, id := range slices.Sorted(maps.Keys(calling)) {
		for node := range climb(calling[id], callers) {
			if below[node] == nil {
				below[node] = []string{}
			}
			if id != "" {
				below[node] = append(below[node], id)
			}
		}
	}
	return below
}

func anyGate(Gate) bool       { return true }
func isGuard(gate Gate) bool  { return gate.Guard }
func notGuard(gate Gate) bool { return !gate.Guard }

// ReachGates returns, for each entry, the ids of the gates to which it leads, in order.
func (g *Graph) ReachGates(entries []*Node) [][]string {
	if len(entries) == 0 {
		return nil
	}
	compile()
	below := gatesBelow(g.below(entries), anyGate)
	reached := make([][]string, len(entries))
	for index, entry := range entries {
		reached[index] = append([]string{}, below[entry]...)
	}
	return reached
}

// Swallowed returns all places in functions that lead to gates, where a handler keeps their error from the client.
func (g *Graph) Swallowed() []Swallowed {
	nodes := []*Node{}
	for _, f := range g.functions {
		if !f.isPosterns() && f.mayCatchGate() {
			nodes = append(nodes, g.node(f))
		}
	}
	return g.swallowed(nodes)
}

// swallowed returns the places in the nodes where a handler keeps the error of a gate from the client.
func (g *Graph) swallowed(nodes []*Node) []Swallowed {
	if len(nodes) == 0 {
		return nil
	}
	compile()
	called := []*Node{}
	for index, node := range nodes {
		g.complete(node, nodes[index+1:])
		for _, s := range node.swallowing {
			called = append(called, s.calls...)
		}
	}
	found := []Swallowed{}
	all := g.below(called)
	below, guards := gatesBelow(all, notGuard), gatesBelow(all, isGuard)
	for _, node := range nodes {
		for _, s := range node.swallowing {
			leads, ids := len(s.gates) > 0, gates([]*Node{{Gates: s.gates}})
			guarded := []string{}
			for _, called := range s.calls {
				if reached := below[called]; reached != nil {
					leads, ids = true, append(ids, reached...)
				}
				guarded = append(guarded, guards[called]...)
			}
			if leads {
				found = append(found, newSwallowed(node, s, ids, false))
			}
			// The gate of a function and the guard of the table are one approval.
			guarded = slices.DeleteFunc(guarded, func(id string) bool { return slices.Contains(ids, id) })
			if len(guarded) > 0 {
				found = append(found, newSwallowed(node, s, guarded, true))
			}
		}
	}
	slices.SortFunc(found, func(a, b Swallowed) int {
		return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Block, b.Block), slices.Compare(a.Gates, b.Gates), compareBool(a.Guard, b.Guard))
	})
	return slices.CompactFunc(found, func(a, b Swallowed) bool {
		return a.Function == b.Function && a.Line == b.Line && a.Block == b.Block && a.Guard == b.Guard && slices.Equal(a.Gates, b.Gates)
	})
}

// compareBool puts false first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func newSwallowed(node *Node, s swallowing, ids []string, guard bool) Swallowed {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	first := ids[:min(len(ids), maximumSwallowed)]
	return Swallowed{node.Name, s.line, s.block, first, len(ids) - len(first), guard}
}

// Guarded reports whether a gate guards a table. Then a function may reach a gate without naming one.
func (g *Graph) Guarded() bool { return g.guarded }

// writesOf returns what the statements of a node write to tables, also through views that it names. It does not cover
// what the functions that it calls write.
func (g *Graph) writesOf(node *Node) []Write {
	writes := []Write{}
	seen := map[*Node]bool{}
	var take func(*Node, bool)
	take = func(node *Node, throughView bool) {
		if seen[node] {
			return
		}
		seen[node] = true
		g.complete(node, nil)
		for _, w := range node.writes {
			switch {
			case w.relation.Query != "":
				take(g.event(event{relation: w.relation.OID, kind: w.kind}), true)
			case w.kind == onTruncate:
			case throughView:
				writes = append(writes, Write{w.relation.Schema, w.relation.Name, strings.ToLower(w.kind), nil})
			default:
				writes = append(writes, Write{w.relation.Schema, w.relation.Name, strings.ToLower(w.kind), w.columns})
			}
		}
	}
	take(node, false)
	slices.SortFunc(writes, func(a, b Write) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Operation, b.Operation), slices.Compare(a.Columns, b.Columns))
	})
	return slices.CompactFunc(writes, func(a, b Write) bool {
		return a.Schema == b.Schema && a.Table == b.Table && a.Operation == b.Operation && slices.Equal(a.Columns, b.Columns) && (a.Columns == nil) == (b.Columns == nil)
	})
}

// below returns the entries and all nodes to which they lead, after completing them.
func (g *Graph) below(entries []*Node) []*Node {
	g.searches++
	nodes := []*Node{}
	take := func(node *Node) {
		if node.search != g.searches {
			node.search = g.searches
			nodes = append(nodes, node)
		}
	}
	for _, entry := range entries {
		take(entry)
	}
	for index := 0; index < len(nodes); index++ {
		g.complete(nodes[index], nodes[index+1:])
		for _, called := range nodes[index].Calls {
			take(called)
		}
	}
	return nodes
}

// gates returns the ids of the gates that the nodes call.
func gates(nodes []*Node) []string {
	ids := []string{}
	for _, node := range nodes {
		for _, gate := range node.Gates {
			if gate.ID != "" {
				ids = append(ids, gate.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// ahead is how many nodes are started before their turn. While the parser works on one of them, others are prepared,
// and results of others are read. If ahead is small, the parser waits whenever the first node is not the first to
// finish.
const ahead = 32

// complete finds the content of a node, once. following are the nodes that will be needed next.
func (g *Graph) complete(node *Node, following []*Node) {
	if node.link == nil {
		return
	}
	for _, next := range following[:min(len(following), ahead)] {
		if !next.begun {
			next.begun = true
			go next.read()
		}
	}
	node.begun = true
	node.link(node.read())
	node.read, node.link = nil, nil
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
		f.node = newNode(f.Signature, func() *content { return g.readFunction(f) }, func(c *content) { g.linkFunction(f, c) })
	}
	return f.node
}

func (g *Graph) linkFunction(f *function, c *content) {
	if f.isPosterns() {
		return
	}
	for _, part := range f.Parts {
		if called := g.functions[part]; called != nil {
			f.node.Calls = append(f.node.Calls, g.node(called))
		}
	}
	g.link(f.node, c, g.searchPath(f))
}

func (g *Graph) event(of event) *Node {
	if g.events[of] == nil {
		r := g.relations[of.relation]
		node := newNode(of.kind+" on "+r.QualifiedName, func() *content { return g.readEvent(r, of.kind) }, nil)
		node.relation = r
		node.link = func(c *content) { g.linkEvent(node, r, of, c) }
		g.events[of] = node
	}
	return g.events[of]
}

func (g *Graph) linkEvent(node *Node, r *relation, of event, c *content) {
	for _, t := range r.triggers {
		if called := g.functions[t.Function]; called != nil && t.fires(of.kind) && !of.spares(t) {
			node.Calls = append(node.Calls, g.node(called))
		}
	}
	for _, child := range r.Children {
		if g.relations[child] != nil {
			node.Calls = append(node.Calls, g.event(event{child, of.kind, of.spared}))
		}
	}
	for _, c := range r.cascades {
		consequence := map[string]string{onDelete: c.OnDelete, onUpdate: c.OnUpdate}[of.kind]
		if consequence != "" && g.relations[c.Child] != nil {
			node.Calls = append(node.Calls, g.event(event{relation: c.Child, kind: consequence}))
		}
	}
	// The catalogs' descriptions qualify every name.
	g.link(node, c, nil)
}

// link resolves the names in a content.
func (g *Graph) link(node *Node, c *content, path []string) {
	node.Unknown = append(node.Unknown, c.unknown...)
	node.Unknowable, node.Unreadable = c.unknowable, c.unreadable
	writes, gates := map[int]*int{}, map[int][]Gate{}
	for _, s := range c.statements {
		firstCall, firstGate := len(node.Calls), len(node.Gates)
		for _, called := range s.calls {
			g.linkCall(node, c, s, called, path)
		}
		for _, operator := range s.operate {
			for _, oid := range g.operators[operator] {
				if called := g.functions[oid]; called != nil && !called.isPosterns() {
					node.Calls = append(node.Calls, g.node(called))
				}
			}
		}
		for _, u := range s.uses {
			kind := u.event
			if s.through != "" && kind == onSelect {
				kind = s.through
			}
			for _, touched := range g.findRelations(u.name, path) {
				if slices.Contains(posternSchemas, touched.Schema) {
					continue
				}
				node.Calls = append(node.Calls, g.event(event{touched.OID, kind, touched.spared(kind, u.columns)}))
				if kind != onSelect && kind != onRefresh {
					writes[s.number] = &s.line
					node.writes = append(node.writes, write{touched, kind, u.columns})
				}
			}
		}
		gates[s.number] = append(gates[s.number], node.Gates[firstGate:]...)
		if s.block > 0 {
			node.swallowing = append(node.swallowing, swallowing{s.block, s.line, slices.Clone(node.Gates[firstGate:]), slices.Clone(node.Calls[firstCall:])})
		}
	}
	follow(c.flow, nil, func(number int) *int { return writes[number] }, func(number int, write *int) {
		for _, gate := range gates[number] {
			if write != nil {
				node.Late = append(node.Late, Late{gate, *write})
			}
		}
	})
}

func (g *Graph) linkCall(node *Node, c *content, s statement, of call, path []string) {
	if len(of.name) == 0 {
		return
	}
	for _, called := range g.resolve(of, path) {
		switch {
		case called.isGate():
			ids, known := c.constants.texts(of.argument(0, "gate_id"))
			if !known {
				node.Gates = append(node.Gates, Gate{Line: s.line})
				node.Unknown = append(node.Unknown, s.withLine("the id of the gate is computed: "+shorten(s.source)))
				node.Unknowable = true
			}
			for _, id := range ids {
				node.Gates = append(node.Gates, Gate{ID: id, Line: s.line, Guard: called.isGuard()})
			}
		case called.beginsAction():
			if names, known := c.constants.texts(of.argument(0, "action")); known {
				node.Actions = append(node.Actions, names...)
			}
		case !called.isPosterns():
			node.Calls = append(node.Calls, g.node(called))
		}
	}
}
