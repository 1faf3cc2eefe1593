package callgraph

import (
	"cmp"
	"maps"
	"slices"
)

// Writer is a function that writes tables behind gates or actions: in each way to it that the catalogs show, a gate is
// called or an action is begun, by the function itself or by one that leads to it.
type Writer struct {
	Node   *Node
	Writes []Write
	// Gates are the ids of the first gates above it, in order; none if all of them are computed.
	Gates []string
	// Actions are those that begin the ways to it on which no gate is called. If one of them asks nobody, the function is
	// not behind a gate.
	Actions []string
	// Definers are the names of functions below the gates that lead to it, or of itself, with the rights of their owners.
	// Whoever may call one of them needs no gate, and no right to the table.
	Definers []string
}

// maximumAbove limits the gates, and the functions with their owners' rights, that are named above a writer, because in a
// large application hundreds may lead to it.
const maximumAbove = 10

// maximumActions is from how many actions a function may be reached and still count. Otherwise it is a helper, such as
// one that writes a log.
const maximumActions = 100

// Writers returns what writes tables behind gates, in the order of their names. callers are those that Callers returns.
//
// A function that is also reached without a gate does not count: whoever wrote the application lets its table be written
// without one, and a guard would ask there too. A trigger of a table, and whatever else runs with a statement that writes
// or reads a table, runs for everybody who sends that statement, so it is reached without a gate.
func (g *Graph) Writers(callers []*Node) []Writer {
	if len(callers) == 0 {
		return nil
	}
	compile()
	asks, begins := map[*Node]bool{}, map[*Node]bool{}
	calling, beginning := map[string][]*Node{}, map[string][]*Node{}
	for _, node := range callers {
		// What may call any gate may call one here.
		asks[node] = len(node.Gates) > 0 || node.Unknowable
		begins[node] = len(node.Actions) > 0
		for _, gate := range node.Gates {
			if gate.ID != "" {
				calling[gate.ID] = append(calling[gate.ID], node)
			}
		}
		for _, action := range node.Actions {
			if !asks[node] {
				beginning[action] = append(beginning[action], node)
			}
		}
	}
	below := g.belowThroughCalls(callers)
	open := g.reachedOtherwise(below, asks, begins)
	gates := descend(calling, maximumAbove, func(*Node) bool { return true })
	actions := descend(beginning, maximumActions+1, func(node *Node) bool { return !asks[node] })

	definers := map[string][]*Node{}
	quiet := func(node *Node) bool { return !asks[node] && !begins[node] }
	for _, f := range g.functions {
		if f.Definer && below[f.node] && quiet(f.node) && f.Returns != "trigger" {
			definers[f.Signature] = append(definers[f.Signature], f.node)
		}
	}
	lent := descend(definers, maximumAbove, quiet)

	writers := []Writer{}
	for node := range below {
		if open[node] || len(actions[node]) > maximumActions || node.relation != nil && !slices.Contains(callers, node) {
			continue
		}
		if writes := g.writesOf(node); len(writes) > 0 {
			writers = append(writers, Writer{node, writes, append([]string{}, gates[node]...), append([]string{}, actions[node]...), append([]string{}, lent[node]...)})
		}
	}
	slices.SortFunc(writers, func(a, b Writer) int { return cmp.Compare(a.Node.Name, b.Node.Name) })
	return writers
}

// runsForEverybody reports whether a node is what happens to a table. What runs then does not depend on who has sent the
// statement, and behind what.
func (n *Node) runsForEverybody() bool { return n.relation != nil && n.relation.Query == "" }

// belowThroughCalls returns the entries and the nodes to which they lead, but not through what happens to tables.
func (g *Graph) belowThroughCalls(entries []*Node) map[*Node]bool {
	below := map[*Node]bool{}
	nodes := slices.Clone(entries)
	for index := 0; index < len(nodes); index++ {
		node := nodes[index]
		if below[node] || node.runsForEverybody() && index >= len(entries) {
			continue
		}
		below[node] = true
		g.complete(node, nodes[index+1:])
		nodes = append(nodes, node.Calls...)
	}
	return below
}

// descend goes down the calls from the nodes of each key, as far as through allows, and returns the first keys that lead
// to each node, in order. If a node has the maximum of them, so has all that is below it.
func descend(from map[string][]*Node, maximum int, through func(*Node) bool) map[*Node][]string {
	above := map[*Node][]string{}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		seen := map[*Node]bool{}
		nodes := slices.Clone(from[key])
		for len(nodes) > 0 {
			node := nodes[len(nodes)-1]
			nodes = nodes[:len(nodes)-1]
			if seen[node] || len(above[node]) >= maximum || !through(node) {
				continue
			}
			seen[node] = true
			above[node] = append(above[node], key)
			for _, called := range node.Calls {
				if !called.runsForEverybody() {
					nodes = append(nodes, called)
				}
			}
		}
	}
	return above
}

// reachedOtherwise returns the nodes below callers of gates that are also reached without a gate or an action. What is
// neither a caller nor below one has none above it. So it is enough to find those that lead directly to one that is.
func (g *Graph) reachedOtherwise(below, asks, begins map[*Node]bool) map[*Node]bool {
	matters := func(node *Node) bool { return below[node] && !asks[node] && !begins[node] }
	functionMatters := func(oid uint32) bool { f := g.functions[oid]; return f != nil && matters(f.node) }
	names := nameSet{words: map[string]bool{}}
	for oid, f := range g.functions {
		if functionMatters(oid) {
			names.add(f.Name)
		}
	}
	for name, functions := range g.operators {
		if slices.ContainsFunc(functions, functionMatters) {
			names.add(name)
		}
	}
	for node := range below {
		if node.relation != nil && matters(node) {
			names.add(node.relation.Name)
		}
	}

	outside := []*Node{}
	take := func(node *Node) {
		if !asks[node] && !begins[node] && (!below[node] || node.runsForEverybody()) {
			outside = append(outside, node)
		}
	}
	for _, f := range g.functions {
		if !f.isPosterns() && (names.occurIn(f.Source) || names.occurIn(f.SQLBody) || names.occurIn(f.DefaultValues) || slices.ContainsFunc(f.Parts, functionMatters)) {
			take(g.node(f))
		}
	}
	for _, r := range g.relations {
		if slices.Contains(posternSchemas, r.Schema) {
			continue
		}
		for _, kind := range []string{onSelect, onInsert, onUpdate, onDelete, onTruncate} {
			if kind == onSelect && names.occurIn(r.Query) ||
				slices.ContainsFunc(r.fragments, func(f fragment) bool { return slices.Contains(f.Events, kind) && names.occurIn(f.Source) }) ||
				slices.ContainsFunc(r.triggers, func(t trigger) bool {
					return t.fires(kind) && (functionMatters(t.Function) || names.occurIn(t.Definition))
				}) {
				take(g.event(event{relation: r.OID, kind: kind}))
			}
		}
	}

	open := map[*Node]bool{}
	reached := []*Node{}
	for index, node := range outside {
		g.complete(node, outside[index+1:])
		reached = append(reached, node.Calls...)
	}
	for len(reached) > 0 {
		node := reached[len(reached)-1]
		reached = reached[:len(reached)-1]
		if matters(node) && !open[node] {
			open[node] = true
			reached = append(reached, node.Calls...)
		}
	}
	return open
}
