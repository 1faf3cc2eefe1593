package callgraph

import (
	"sync"

	"github.com/wasilibs/go-pgquery/parser"
)

// parsing lets one statement in at a time: the library compiles its WebAssembly module anew for each one that is parsed
// at the same moment. That takes as long as 5,000 functions, on one core, and nearly all of the memory there is.
var parsing sync.Mutex

// compile makes the parser ready, once. It needs some 200 MB for a moment, much more than all that comes later.
var compile = sync.OnceFunc(func() { _, _ = parser.ParseToJSON("select") })

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
