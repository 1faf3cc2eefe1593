package callgraph

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/wasilibs/go-pgquery/parser"
)

// parsing lets one statement in at a time: the library compiles its WebAssembly module anew for each one that is parsed
// at the same moment, and that takes longer than anything here.
var parsing sync.Mutex

// compileMemory is what the compilation of the parser needs at once; the garbage is collected before it comes on top.
const compileMemory = 240 << 20

// compile makes the parser ready, once. It needs much more memory than all that comes later, so what it leaves goes back first.
var compile = sync.OnceFunc(func() {
	defer debug.FreeOSMemory()
	defer collectAt(compileMemory, usualGarbage)()
	_, _ = parser.ParseToJSON("select")
})

// While bodies are read, more garbage than usual may lie beside what is kept, for collecting it takes as long as the parser;
// but not so much that it is more than the compilation has taken before.
const (
	readMemory   = 160 << 20
	readGarbage  = 400
	usualGarbage = 100
)

// prepare makes ready for much to be read; it gives what is to be called behind it.
func prepare() (done func()) {
	compile()
	return collectAt(readMemory, readGarbage)
}

// collectAt has garbage collected when so many bytes are in use, or garbage is so many percent of what is kept; it gives
// what puts back the former limits.
func collectAt(memory int64, percent int) (restore func()) {
	memory, percent = debug.SetMemoryLimit(memory), debug.SetGCPercent(percent)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(memory)
	}
}

// tree is a node of a parse tree, or a list of them, as PostgreSQL's parser has made it.
type tree = any

// parse has the library read a text. Whoever writes a function chooses the text, and the parser has a small stack.
func parse(source string, read func(string) (string, error)) (string, error) {
	parsing.Lock()
	defer parsing.Unlock()
	compile()
	return read(source)
}

// parseStatements gives one tree a statement.
func parseStatements(source string) ([]tree, error) {
	if depth(source) > maximumDepth {
		return nil, errTooDeep
	}
	text, err := parse(source, parser.ParseToJSON)
	if err != nil {
		return nil, err
	}
	parsed := struct {
		Statements []struct {
			Statement tree `json:"stmt"`
		} `json:"stmts"`
	}{}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, fmt.Errorf("read the parse tree: %w", err)
	}
	trees := make([]tree, len(parsed.Statements))
	for index, statement := range parsed.Statements {
		trees[index] = statement.Statement
	}
	return trees, nil
}

// parsePLpgSQL takes a complete CREATE FUNCTION.
func parsePLpgSQL(source string) (tree, error) {
	text, err := parse(source, parser.ParsePlPgSqlToJSON)
	if err != nil {
		return nil, err
	}
	var parsed tree
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, fmt.Errorf("read the parse tree: %w", err)
	}
	return parsed, nil
}

// fields is the tree as an object with names; nil where it is none.
func fields(t tree) map[string]any {
	object, _ := t.(map[string]any)
	return object
}

// field follows names downwards; nil where one is missing.
func field(t tree, names ...string) tree {
	for _, name := range names {
		t = fields(t)[name]
	}
	return t
}

func list(t tree) []any {
	items, _ := t.([]any)
	return items
}

func text(t tree) string {
	value, _ := t.(string)
	return value
}

// words are the names of a qualified name.
func words(t tree) []string {
	names := []string{}
	for _, item := range list(t) {
		names = append(names, text(field(item, "String", "sval")))
	}
	return names
}
