// Package wholefile writes files that are there as a whole or not at all.
package wholefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes a new file, with at most these permissions. It never overwrites a file.
func Create(path string, permissions fs.FileMode, content []byte) (err error) {
	created, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, permissions)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s already exists and is not overwritten: name a new file", path)
	}
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, created.Close())
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	if _, err := created.Write(content); err != nil {
		return err
	}
	return created.Sync()
}

// Replace writes to a temporary file beside the path, and renames it when it is complete and on disk. Until then, the
// path has its old content, or there is no file.
func Replace(path string, permissions fs.FileMode, write func(io.Writer) error) (err error) {
	created, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = created.Close()
			_ = os.Remove(created.Name())
		}
	}()
	buffer := bufio.NewWriter(created)
	if err := write(buffer); err != nil {
		return err
	}
	if err := errors.Join(buffer.Flush(), created.Chmod(permissions), created.Sync(), created.Close()); err != nil {
		return err
	}
	if err := os.Rename(created.Name(), path); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // the file is there; a folder that may be written need not be readable
	}
	// Ignore the errors: not every file system can sync a directory.
	_ = directory.Sync()
	_ = directory.Close()
	return nil
}
