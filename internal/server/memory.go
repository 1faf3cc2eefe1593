package server

import "os"

// MemoryFolder returns a folder in memory for the files of a server for tests; empty if there is none with enough room,
// or if the user has chosen a TMPDIR. Each test creates and drops a database, which means 500 files. In memory that
// takes a fifth of the time.
func MemoryFolder() string {
	if os.Getenv("TMPDIR") != "" || !hasRoom(memoryFolder) {
		return ""
	}
	return memoryFolder
}
