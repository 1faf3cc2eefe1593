// Package callgraph finds out from the catalogs which functions reach which gates. It follows what they call, and the
// triggers, rules, policies and defaults of the relations that they use, and so on. PostgreSQL's own parser, as
// WebAssembly, reads function bodies: comments and strings mislead nobody, and no C compiler is needed.
//
// A function is parsed when it is first needed. What the catalogs cannot tell is reported, never skipped: a computed
// gate id, an assembled statement, a body that the parser rejects, a function in another language. The package does not
// look into casts, the input and output functions of types, and the functions of Postern itself.
package callgraph

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	postern "github.com/posternsql/postern/sql"
)

var (
	//go:embed functions.sql
	functionsSQL string
	//go:embed relations.sql
	relationsSQL string
	//go:embed triggers.sql
	triggersSQL string
	//go:embed fragments.sql
	fragmentsSQL string
	//go:embed cascades.sql
	cascadesSQL string
	//go:embed operators.sql
	operatorsSQL string
	//go:embed builtins.sql
	builtinsSQL string
)

// Graph holds the catalogs of one database. It is for use by one goroutine.
type Graph struct {
	path           []string // search_path of the connection, for functions that set none
	functions      map[uint32]*function
	functionsNamed map[string][]*function
	relations      map[uint32]*relation
	relationsNamed map[string][]*relation
	operators      map[string][]uint32
	builtins       map[string]bool
	names          nameSet
	events         map[event]*Node
	guarded        bool // a gate guards a table
	searches       int  // number of searches so far
}

// function is a row of functions.sql.
type function struct {
	OID            uint32
	Schema, Name   string
	Signature      string // as regprocedure, with the schema
	ArgumentTypes  string
	Language, Kind string
	SQLBody        string
	Source         string
	DefaultValues  string
	Defaults       int
	Variadic       bool
	ArgumentNames  []string
	ArgumentModes  []string
	ArgumentIsRow  []bool
	Returns        string
	ReturnsSet     bool
	SearchPath     *string
	Parts          []uint32
	Definer        bool

	node *Node
}

// relation is a row of relations.sql, with what belongs to it.
type relation struct {
	OID           uint32
	Schema, Name  string
	QualifiedName string
	Query         string
	Children      []uint32

	triggers  []trigger
	fragments []fragment
	cascades  []cascade
}

// trigger is a row of triggers.sql.
type trigger struct {
	Relation   uint32
	Name       string
	Function   uint32
	Kind       int16
	Definition string
	// Watched are the columns whose UPDATE the trigger of a guard asks about; none if it asks about each, or is no guard.
	Watched []string
}

// The bits of pg_trigger.tgtype.
const (
	triggerInsert    = 1 << 2
	triggerDelete    = 1 << 3
	triggerUpdate    = 1 << 4
	triggerTruncate  = 1 << 5
	triggerInsteadOf = 1 << 6
)

func (t trigger) fires(kind string) bool {
	bit := map[string]int16{onInsert: triggerInsert, onUpdate: triggerUpdate, onDelete: triggerDelete, onTruncate: triggerTruncate}[kind]
	return t.Kind&bit != 0
}

// fragment is a row of fragments.sql.
type fragment struct {
	Relation uint32
	Events   []string
	Name     string
	Source   string
}

// cascade is a row of cascades.sql.
type cascade struct {
	Parent, Child      uint32
	OnDelete, OnUpdate string
}

// guardPrefix begins the names of the triggers of guards, and of their functions.
const guardPrefix = "postern_guard_"

// event is something that happens to a relation.
type event struct {
	relation uint32
	kind     string
	// spared are the names of the guards' triggers that do not ask, because an UPDATE changes none of the columns that
	// they watch.
	spared string
}

// spared returns the guards of a relation that do not ask about an UPDATE of these columns.
func (r *relation) spared(kind string, columns []string) string {
	names := []string{}
	for _, t := range r.triggers {
		if kind == onUpdate && columns != nil && len(t.Watched) > 0 && !slices.ContainsFunc(t.Watched, func(column string) bool { return slices.Contains(columns, column) }) {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, " ")
}

func (e event) spares(t trigger) bool { return slices.Contains(strings.Fields(e.spared), t.Name) }

// Read reads the catalogs, in one transaction that changes nothing. Functions that are called without a schema are
// looked up on the calling function's own search_path, otherwise on that of the connection. If neither is set, they are
// looked up in all schemas.
func Read(ctx context.Context, connection *pgx.Conn) (*Graph, error) {
	g := &Graph{
		functions: map[uint32]*function{}, functionsNamed: map[string][]*function{},
		relations: map[uint32]*relation{}, relationsNamed: map[string][]*relation{},
		operators: map[string][]uint32{}, builtins: map[string]bool{}, names: nameSet{words: map[string]bool{}}, events: map[event]*Node{},
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "select current_schemas(false)::text[]").Scan(&g.path); err != nil {
			return err
		}
		// So that the server qualifies every name in its descriptions.
		if _, err := tx.Exec(ctx, "set local search_path = ''"); err != nil {
			return err
		}
		return g.read(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalogs: %w", err)
	}
	return g, nil
}

func (g *Graph) read(ctx context.Context, tx pgx.Tx) error {
	compileSoon := sync.OnceFunc(func() { go compile() })
	if err := each(ctx, tx, functionsSQL, func(f *function) {
		g.functions[f.OID] = f
		if !f.isPosterns() || f.isGate() || f.beginsAction() {
			g.names.add(f.Name)
		}
		g.functionsNamed[f.Name] = append(g.functionsNamed[f.Name], f)
		if f.mentionsGate() {
			// There will be something to parse. The server sends the other half of the catalogs meanwhile.
			compileSoon()
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, relationsSQL, func(r *relation) {
		g.relations[r.OID] = r
		if !slices.Contains(posternSchemas, r.Schema) {
			g.names.add(r.Name)
		}
		g.relationsNamed[r.Name] = append(g.relationsNamed[r.Name], r)
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, triggersSQL, func(t *trigger) {
		if r := g.relations[t.Relation]; r != nil {
			r.triggers = append(r.triggers, *t)
			g.guarded = g.guarded || strings.HasPrefix(t.Name, guardPrefix)
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, fragmentsSQL, func(f *fragment) {
		if r := g.relations[f.Relation]; r != nil {
			r.fragments = append(r.fragments, *f)
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, cascadesSQL, func(c *cascade) {
		if r := g.relations[c.Parent]; r != nil {
			r.cascades = append(r.cascades, *c)
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, operatorsSQL, func(o *struct {
		Name     string
		Function uint32
	}) {
		g.names.add(o.Name)
		g.operators[o.Name] = append(g.operators[o.Name], o.Function)
	}); err != nil {
		return err
	}
	return each(ctx, tx, builtinsSQL, func(b *struct{ Name string }) { g.builtins[b.Name] = true })
}

// each passes on the rows of a query as they arrive.
func each[T any](ctx context.Context, tx pgx.Tx, query string, take func(*T)) error {
	found, err := tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		row, err := pgx.RowToAddrOfStructByPos[T](found)
		if err != nil {
			return err
		}
		take(row)
	}
	return found.Err()
}

// posternSchemas are not looked into: what they do with gates is known.
var posternSchemas = postern.OwnNames().Schemas

func (f *function) isPosterns() bool { return slices.Contains(posternSchemas, f.Schema) }

// isGate reports whether a call of the function reaches the gate named by its first argument.
func (f *function) isGate() bool {
	return f.Schema == "postern" && f.Name == "checkpoint" || f.Schema == "security_sys" && f.Name == "security_checkpoint" || f.isGuard()
}

// isGuard reports whether the guard of a table calls the function to reach its gate.
func (f *function) isGuard() bool { return f.Schema == "postern" && f.Name == "reach_guard" }

func (f *function) beginsAction() bool { return f.Schema == "postern" && f.Name == "begin_action" }

// mentionsGate reports whether a text of the function may call a gate.
func (f *function) mentionsGate() bool {
	return !f.isPosterns() && (mentionsGate(f.Source) || mentionsGate(f.SQLBody) || mentionsGate(f.DefaultValues))
}

// mayCatchGate reports whether a block of the function may have a handler for the error of a gate.
func (f *function) mayCatchGate() bool {
	source := strings.ToLower(f.Source)
	if f.Language != "plpgsql" || !strings.Contains(source, "exception") || !slices.ContainsFunc(catching, func(condition string) bool {
		return strings.Contains(source, strings.ToLower(condition))
	}) {
		return false
	}
	var before token
	for t := range tokens(f.Source) {
		if t.name == "when" && before.name == "exception" {
			return true
		}
		before = t
	}
	return false
}

// inputs returns the names of the arguments that a call passes.
func (f *function) inputs(all bool) []string {
	names := []string{}
	for index, mode := range f.ArgumentModes {
		if mode == "i" || mode == "b" || mode == "v" || all && mode == "o" {
			name := ""
			if index < len(f.ArgumentNames) {
				name = f.ArgumentNames[index]
			}
			names = append(names, name)
		}
	}
	return names
}

// searchPath returns the schemas in which an unqualified call looks.
func (g *Graph) searchPath(f *function) []string {
	if f == nil || f.SearchPath == nil {
		return g.path
	}
	path := []string{}
	for schema := range strings.SplitSeq(*f.SearchPath, ",") {
		schema = strings.TrimSpace(schema)
		if strings.HasPrefix(schema, `"`) {
			schema = strings.ReplaceAll(strings.Trim(schema, `"`), `""`, `"`)
		}
		path = append(path, schema)
	}
	return path
}

// resolve finds the functions that a call may mean: those whose arguments match in number and name. Types are not
// compared, so if several match, all are returned.
func (g *Graph) resolve(c call, path []string) []*function {
	fitting := []*function{}
	for _, f := range g.functionsNamed[c.name[len(c.name)-1]] {
		if f.fits(c) {
			fitting = append(fitting, f)
		}
	}
	if len(c.name) > 1 {
		return slices.DeleteFunc(fitting, func(f *function) bool { return f.Schema != c.name[len(c.name)-2] })
	}
	onPath := []*function{}
	for _, schema := range path {
		for _, f := range fitting {
			hidden := slices.ContainsFunc(onPath, func(other *function) bool { return other.ArgumentTypes == f.ArgumentTypes })
			if f.Schema == schema && !hidden {
				onPath = append(onPath, f)
			}
		}
	}
	if len(onPath) > 0 || g.builtins[c.name[0]] {
		return onPath
	}
	return fitting
}

func (f *function) fits(c call) bool {
	inputs := f.inputs(c.all && f.Kind == "p")
	given := len(c.arguments) + len(c.named)
	for name := range c.named {
		if position := slices.Index(inputs, name); position < len(c.arguments) {
			return false
		}
	}
	if f.Variadic && !c.variadic && len(c.named) == 0 {
		return given >= len(inputs)-1-f.Defaults
	}
	return given <= len(inputs) && given >= len(inputs)-f.Defaults
}

// findRelations returns the relations that a name in a statement may mean.
func (g *Graph) findRelations(name []string, path []string) []*relation {
	named := g.relationsNamed[name[len(name)-1]]
	if len(name) > 1 {
		path = []string{name[0]}
	}
	for _, schema := range path {
		for _, r := range named {
			if r.Schema == schema {
				return []*relation{r}
			}
		}
	}
	if len(name) > 1 {
		return nil
	}
	return named
}
