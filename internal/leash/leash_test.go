//go:build unix

package leash

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestFolderGoesWhenItIsUndone(t *testing.T) {
	t.Parallel()
	name, l, err := Folder("postern-leash-")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(name, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Undo(); err != nil {
			t.Error(err)
		}
	}
	requireAbsent(t, name)
}

func TestKeptFolderStays(t *testing.T) {
	t.Parallel()
	name, l, err := Folder("postern-leash-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(name)
	for _, end := range []func() error{l.Keep, l.Undo} {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}

// A leash stays open although nothing refers to it any more.
func TestGarbageCollectorUndoesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "undone")
	if _, err := Command("echo >" + file); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		runtime.GC()
		time.Sleep(50 * time.Millisecond)
	}
	requireAbsent(t, file)
}

func TestFolderThatCannotBeMadeIsAnError(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	if name, _, err := Folder("postern-leash-"); err == nil {
		t.Errorf("the folder %s was made, want an error", name)
	}
}

func requireAbsent(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s still exists: %v", name, err)
	}
}
