package configuration

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/posternsql/postern/internal/acceptance"
)

// standardInput is the name of standard input on a command line.
const standardInput = "-"

// Read reads files, either all of them or none. The name - means standard input.
func Read(names []string, in io.Reader) (*Desired, error) {
	desired := &Desired{objects: map[string]*object{}, scopes: map[string]bool{}, accepted: map[acceptance.Key]Position{}}
	for _, name := range names {
		text, err := readSource(name, in)
		if err != nil {
			return nil, err
		}
		content, err := text.parse()
		if err != nil {
			return nil, err
		}
		if err := desired.add(content); err != nil {
			return nil, err
		}
		digest := sha256.Sum256(text.text)
		desired.digests = append(desired.digests, hex.EncodeToString(digest[:]))
	}
	return desired, nil
}

// readSource never reads more than the maximum size of a file.
func readSource(name string, in io.Reader) (*source, error) {
	if name == standardInput {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, openError(name, err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: name the files in it, %s", name, filepath.Join(name, "*.yaml"))
		}
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maximumSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	s := &source{name: name, text: text}
	return s, s.check()
}

func openError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s", name)
	}
	if failure := (*fs.PathError)(nil); errors.As(err, &failure) {
		err = failure.Err // the new error has the name too
	}
	return fmt.Errorf("open %s: %w", name, err)
}

// projection matches the beginning of a file with projection snippets, after comments and annotations.
var projection = regexp.MustCompile(`^\x{FEFF}?(?:\s+|--.*|//.*|/\*(?s:.*?)\*/|@\w+)*(?:projection|action)\s+\w+\s*[;{\w]`)

func (s *source) parse() (*content, error) {
	switch filepath.Ext(s.name) {
	case ".yaml", ".yml", ".json":
	default:
		if projection.Match(s.text) {
			return parseProjection(s)
		}
	}
	read, positions, err := readYAML(s)
	if err != nil {
		return nil, err
	}
	return flatten(read, positions)
}
