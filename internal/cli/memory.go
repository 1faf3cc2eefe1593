package cli

import "runtime/debug"

const (
	// searchMemory is the memory in bytes above which a search for gates collects garbage more often. Preparing the parser
	// takes that much at once.
	searchMemory = 240 << 20
	// searchGarbage is the limit for garbage, in percent of the memory in use. Collecting at the usual limit (100) takes
	// as long as the parser itself.
	searchGarbage = 400
)

// collectForSearch sets the limits of the garbage collector for a search for gates. It returns a function that restores
// the former limits. A lower GOMEMLIMIT stays in force.
func collectForSearch() (restore func()) {
	memory := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(memory, searchMemory))
	percent := debug.SetGCPercent(searchGarbage)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(memory)
	}
}
