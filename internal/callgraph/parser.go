package callgraph

import (
	"runtime/debug"
	"sync"

	"github.com/wasilibs/go-pgquery/parser"
)

// parsing lets one statement in at a time: the library compiles its WebAssembly module anew for each one that is parsed
// at the same moment. That takes as long as 5,000 functions, on one core, and nearly all of the memory there is.
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
	parsed, err := decode(text)
	if err != nil {
		return nil, err
	}
	trees := []tree{}
	for _, statement := range list(field(parsed, "stmts")) {
		trees = append(trees, field(statement, "stmt"))
	}
	return trees, nil
}

// parsePLpgSQL takes a complete CREATE FUNCTION.
func parsePLpgSQL(source string) (tree, error) {
	text, err := parse(source, parser.ParsePlPgSqlToJSON)
	if err != nil {
		return nil, err
	}
	return decode(text)
}
