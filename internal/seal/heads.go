package seal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/internal/wholefile"
)

// HeadsVariable names the environment variable with the directory of signed heads.
const HeadsVariable = "POSTERN_LOG_HEADS"

// KeysFile is the file in a directory of heads that lists the public keys that may sign, one per line.
const KeysFile = "keys"

// These are the other files of such a directory.
const (
	latestFile = "latest"  // the newest head
	headPrefix = "heads-"  // followed by a day; the file has all heads of that day, one after the other
	signature  = "\u2014 " // begins the lines of signatures
)

// Heads is a directory of signed heads outside the database. The log is compared with them.
type Heads struct {
	// Directory is its path.
	Directory string
	// Keys are the public keys that may sign, as the file of keys has them.
	Keys []string
	// Latest is the newest head; nil if there is none yet.
	Latest *Head
	// Restarts are the restarts recorded in the directory.
	Restarts []*Restart

	verifiers note.Verifiers
}

// OpenHeads reads a directory of heads and checks the newest one. The directory may be empty, and need not exist.
func OpenHeads(directory string) (*Heads, error) {
	h := &Heads{Directory: directory}
	text, err := os.ReadFile(filepath.Join(directory, KeysFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if h.verifiers, h.Keys, err = readKeys(string(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(directory, KeysFile), err)
	}
	if err := h.readRestarts(); err != nil {
		return nil, err
	}
	latest, err := os.ReadFile(filepath.Join(directory, latestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	if h.Latest, err = OpenHead(string(latest), h.verifiers); err != nil {
		file := filepath.Join(directory, latestFile)
		if tampered := (*TamperedError)(nil); errors.As(err, &tampered) {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		// Nobody has signed this, so it proves nothing. Until it is a head again, the log cannot be compared with it.
		return nil, fmt.Errorf("%s cannot be read: %w. Replace its content by the last head of the newest file %s…", file, err, headPrefix)
	}
	if h.Latest.Restart > int64(len(h.Restarts)) {
		return nil, &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
			"the newest head in %s names restart %d, of which %s has no note", directory, h.Latest.Restart, restartsFile)}}
	}
	return h, nil
}

// OpenHead reads a head and checks it with the keys of the directory.
func (h *Heads) OpenHead(text string) (*Head, error) { return OpenHead(text, h.verifiers) }

// admit makes sure that a key may sign. An empty directory accepts its first key.
func (h *Heads) admit(key *Key) error {
	if slices.Contains(h.Keys, key.Public) {
		return nil
	}
	if len(h.Keys) > 0 || h.Latest != nil {
		return &TamperedError{Finding{Kind: KeyUnknown, Message: fmt.Sprintf(
			"the key %s is not among those of %s: if it is to sign from now on, add it there as a line", key.Public, filepath.Join(h.Directory, KeysFile))}}
	}
	if err := os.MkdirAll(h.Directory, 0o755); err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(h.Directory, KeysFile), []byte(key.Public+"\n")); err != nil {
		return err
	}
	h.Keys = []string{key.Public}
	var err error
	h.verifiers, _, err = readKeys(key.Public)
	return err
}

// add stores a head, first among all heads and then as the newest. The head is on disk when add returns.
func (h *Heads) add(head *Head, now time.Time) error {
	if err := appendNote(filepath.Join(h.Directory, headPrefix+now.UTC().Format(time.DateOnly)), head.Note); err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(h.Directory, latestFile), []byte(head.Note)); err != nil {
		return err
	}
	h.Latest = head
	return nil
}

// all returns every head of the directory, sorted by size. The newest one is in it twice. Heads of the same tree all
// count, because a restart may have given up only the earlier one. It skips a note that a crash left half written.
func (h *Heads) all() ([]*Head, error) {
	paths, err := filepath.Glob(filepath.Join(h.Directory, headPrefix+"*"))
	if err != nil {
		return nil, err
	}
	var heads []*Head
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, one := range splitNotes(string(text)) {
			head, err := OpenHead(one, h.verifiers)
			if tampered := (*TamperedError)(nil); errors.As(err, &tampered) {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if err == nil {
				heads = append(heads, head)
			}
		}
	}
	if h.Latest != nil {
		heads = append(heads, h.Latest)
	}
	slices.SortStableFunc(heads, func(a, b *Head) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	return heads, nil
}

// has reports whether the directory has a head. It returns a *TamperedError if the head contradicts another one of the
// directory, or names a restart that the directory does not know.
func (h *Heads) has(head *Head) (bool, error) {
	if h.Latest != nil && h.Latest.Origin == head.Origin && head.Restart > int64(len(h.Restarts)) {
		return false, &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
			"a head names restart %d, of which %s has no note", head.Restart, filepath.Join(h.Directory, restartsFile))}}
	}
	paths, err := h.daysOf(head)
	if err != nil {
		return false, err
	}
	found := false
	same := fmt.Sprintf("%s\n%d\n", head.Origin, head.Size)
	for _, path := range append(paths, filepath.Join(h.Directory, latestFile)) {
		octets, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		for text := string(octets); ; {
			index := strings.Index(text, same)
			if index < 0 {
				break
			}
			text = text[index:]
			_, behind, _ := strings.Cut(text, "\n\n"+signature)
			line, _, _ := strings.Cut(behind, "\n")
			other, err := OpenHead(strings.TrimSuffix(text[:len(text)-len(behind)], signature)+signature+line+"\n", h.verifiers)
			text = text[len(same):]
			if err != nil || other.Restart != head.Restart {
				continue // what nobody signed contradicts nothing
			}
			if other.Root != head.Root {
				return false, &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
					"a head of %d leaves contradicts that of %s: somebody with a key of %s has signed another history", head.Size, path, head.Origin)}}
			}
			found = true
		}
	}
	return found, nil
}

// daysOf returns the files in which a head can be. Years of heads are gigabytes, so it reads only the first head of each
// file: later files have later restarts and larger trees.
func (h *Heads) daysOf(head *Head) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(h.Directory, headPrefix+"*"))
	if err != nil {
		return nil, err
	}
	first, last := 0, 0
	for index, path := range paths {
		begin, err := firstNote(path)
		if err != nil {
			return nil, err
		}
		one, err := OpenHead(begin, h.verifiers)
		if err != nil {
			last = index + 1 // it cannot say
			continue
		}
		order := cmp.Or(cmp.Compare(one.Restart, head.Restart), cmp.Compare(one.Size, head.Size))
		if order < 0 {
			first = index
		}
		if order <= 0 {
			last = index + 1
		}
	}
	return paths[first:last], nil
}

// firstNote reads the first note of a file; it is empty if there is none.
func firstNote(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	begin := make([]byte, 4096)
	count, err := io.ReadFull(file, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	notes := splitNotes(string(begin[:count]))
	if len(notes) == 0 {
		return "", nil
	}
	return notes[0], nil
}

// splitNotes splits a file into its notes. A note is a text, an empty line, and signatures.
func splitNotes(text string) []string {
	var notes []string
	var current strings.Builder
	signed := false
	for line := range strings.Lines(text) {
		if isSignature := strings.HasPrefix(line, signature); signed && !isSignature {
			notes = append(notes, current.String())
			current.Reset()
			signed = false
		} else if isSignature {
			signed = true
		}
		current.WriteString(line)
	}
	if signed {
		notes = append(notes, current.String())
	}
	return notes
}

// notes reads the signed notes that a file had by the given number of restarts. It yields the origin, the lines behind the
// second one, without that of the restart, and the number of leaves that still counted by then: a restart may have given
// up the others. It skips a note that a crash left half written, but returns an error for a wrong signature.
func (h *Heads) notes(file, secondLine string, until int64, each func(origin string, lines []string, kept int64) error) error {
	path := filepath.Join(h.Directory, file)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, one := range splitNotes(string(text)) {
		opened, err := note.Open([]byte(one), h.verifiers)
		if err != nil {
			return &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s: %v", path, err)}}
		}
		lines := strings.Split(strings.TrimSuffix(opened.Text, "\n"), "\n")
		if len(lines) < 3 || lines[1] != secondLine || lines[0] != opened.Sigs[0].Name {
			return &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s has a note that does not say: %s", path, secondLine)}}
		}
		restarts := int64(0)
		if keyword, number, _ := strings.Cut(lines[2], " "); keyword == "restart" {
			if restarts, err = strconv.ParseInt(number, 10, 64); err != nil {
				return fmt.Errorf("%s: %q is not the number of a restart", path, number)
			}
			lines = lines[1:]
		}
		if len(lines) < 3 {
			return &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s has a note that ends early", path)}}
		}
		// The numbers of another log, whose notes were copied, mean nothing here: they are from before this directory began.
		if h.Latest != nil && opened.Sigs[0].Name != h.Latest.Origin {
			restarts = 0
		}
		if restarts > until {
			continue
		}
		kept := int64(math.MaxInt64)
		for _, loss := range h.lossesSince(restarts) {
			if loss.Number <= until {
				kept = min(kept, loss.Kept.Size)
			}
		}
		if err := each(opened.Sigs[0].Name, lines[2:], kept); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// appendNote appends a note to a file. It first ends a note that a crash left incomplete.
func appendNote(path, text string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && end > 0 {
		last := make([]byte, 1)
		if _, err = file.ReadAt(last, end-1); last[0] != '\n' {
			text = "\n" + text
		}
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// replaceFile replaces the content of a file that everybody may read.
func replaceFile(path string, content []byte) error {
	return wholefile.Replace(path, 0o644, func(out io.Writer) error {
		_, err := out.Write(content)
		return err
	})
}
