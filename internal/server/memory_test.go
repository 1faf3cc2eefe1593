package server

import "testing"

func TestOnlyAFileSystemInMemoryHasRoom(t *testing.T) {
	for _, folder := range []string{"/proc", "/no such folder"} {
		if hasRoom(folder) {
			t.Errorf("%s counts as a file system in memory", folder)
		}
	}
}
