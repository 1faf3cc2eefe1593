package cli

import "runtime/debug"

const (
	// searchMemory is from how many bytes in use a search for gates has garbage collected. Making the parser ready
	// takes that much at once.
	searchMemory = 240 << 20
	// searchGarbage is how much garbage may lie beside what is kept, in percent. Collecting as often as usual (100) takes
	// as long as the parser does.
	searchGarbage = 400
)

// collectForSearch sets when garbage is collected while gates are searched, and gives what puts back the former limits.
// A lower limit of the environment (GOMEMLIMIT) stays.
func collectForSearch() (restore func()) {
	memory := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(memory, searchMemory))
	percent := debug.SetGCPercent(searchGarbage)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(memory)
	}
}
