package testdb

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// CopyPrograms copies a version's programs, and the files that belong to them, to a folder in which a test may write. It
// returns the folder of the copied programs, and the one from which their servers read extensions: a server finds its
// folders from where its program is.
func CopyPrograms(t testing.TB, programs, to string) (copied, extensions string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(programs, "pg_config"), "--sharedir").Output()
	if err != nil {
		t.Fatal(err)
	}
	shared := strings.TrimSpace(string(out))
	for _, folder := range []string{filepath.Dir(programs), shared} {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(to, folder), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(to, programs), filepath.Join(to, shared, "extension")
}
