package callgraph

import (
	"sync"

	"github.com/wasilibs/go-pgquery/parser"
)

// parsing admits one statement at a time: the library compiles its WebAssembly module again for each statement that is
// parsed concurrently. That takes as long as parsing 5,000 functions on one core, and nearly all of the memory.
var parsing sync.Mutex

// compile prepares the parser, once. It needs some 200 MB for a moment, much more than everything later.
var compile = sync.OnceFunc(func() { _, _ = parser.ParseToJSON("select") })

// parse lets the library read a text. Whoever writes a function chooses the text, and the parser has a small stack.
func parse(source string, read func(string) (string, error)) (string, error) {
	parsing.Lock()
	defer parsing.Unlock()
	compile()
	return read(source)
}

// parseStatements returns one tree per statement.
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
