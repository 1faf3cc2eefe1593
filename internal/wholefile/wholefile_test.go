package wholefile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/posternsql/postern/internal/wholefile"
)

func TestHalfAFileIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(path, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := wholefile.Replace(path, 0o600, func(out io.Writer) error {
		_, err := out.Write([]byte("half of it"))
		return errors.Join(err, errors.New("the connection broke"))
	})
	if err == nil {
		t.Error("half a file was written without an error")
	}
	requireContent(t, path, "the old one", 0o600)
}

func TestReplacedFileHasItsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head")
	for _, content := range []string{"the first", "the second"} {
		err := wholefile.Replace(path, 0o644, func(out io.Writer) error {
			_, err := io.WriteString(out, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		requireContent(t, path, content, 0o644)
	}
}

func TestCreateOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := wholefile.Create(path, 0o600, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.Create(path, 0o600, []byte("another")); err == nil {
		t.Error("an existing file was overwritten")
	}
	requireContent(t, path, "secret", 0o600)
}

// requireContent also wants that nothing else is in the folder.
func requireContent(t *testing.T, path, want string, permissions os.FileMode) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || string(content) != want {
		t.Errorf("the file holds %q, %v, want %q", content, err, want)
	}
	if about, err := os.Stat(path); err != nil || about.Mode().Perm() != permissions {
		t.Errorf("the file is %v, %v, want %v", about, err, permissions)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, want only the file; error: %v", left, err)
	}
}
