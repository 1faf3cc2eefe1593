package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// restartsFile is the file of a directory of heads that says, signed, where the log went on without what had been signed:
// one note after the other.
const restartsFile = "restarts"

// AboutRestarts is where an operator reads what to do about a log whose end was lost.
const AboutRestarts = "docs/log-restart.md"

// Restart says that the log goes on although a signed head was lost, or that a directory begins beside a tree that was
// sealed before. It is signed, later heads name it, and Verify shows it for ever.
type Restart struct {
	// Number counts the restarts of a directory, from 1.
	Number int64 `json:"restart"`
	// At is when it was signed, by the clock of the machine with the key.
	At time.Time `json:"at"`
	// Place is the cluster, the database and the table of the log that go on, as errors name them; Timeline is theirs.
	Place    string `json:"place"`
	Timeline int64  `json:"timeline"`
	// Lost is the newest head until then, and Kept the newest of those before that the tree still led to. Both are nil where
	// a directory begins.
	Lost *Tree `json:"lost,omitempty"`
	Kept *Tree `json:"kept,omitempty"`
	// LogIDs is where the log ids of what was lost lie; nil where that is not known.
	LogIDs *LogIDs `json:"log_ids,omitempty"`
	// Reused is how many entries had got one of these ids when it was signed. It is not in the signature.
	Reused int64 `json:"-"`
}

// Tree is the first so many leaves, and their root.
type Tree struct {
	Size int64     `json:"leaves"`
	Root tlog.Hash `json:"root"`
}

func (t *Tree) String() string {
	return fmt.Sprintf("%d %s", t.Size, base64.StdEncoding.EncodeToString(t.Root[:]))
}

// LogIDs is a stretch of log ids: each that is meant lies in it, and others may.
type LogIDs struct {
	Lowest  int64 `json:"lowest"`
	Highest int64 `json:"highest"`
}

// text is what is signed. The second line of a head is a number and that of what was dropped has other words, so none can
// be taken for another.
func (r *Restart) text(origin string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\nrestart %d\nat %s\nplace %s timeline %d\n", origin, r.Number, r.At.UTC().Format(time.RFC3339), r.Place, r.Timeline)
	if r.Lost != nil {
		fmt.Fprintf(&text, "lost %s\nkept %s\n", r.Lost, r.Kept)
	}
	if r.LogIDs != nil {
		fmt.Fprintf(&text, "log_ids %d %d\n", r.LogIDs.Lowest, r.LogIDs.Highest)
	}
	return text.String()
}

// parseRestart reads what text has written, and nothing else.
func parseRestart(text string) (*Restart, error) {
	r := &Restart{}
	origin, rest, _ := strings.Cut(text, "\n")
	var at, root, keptRoot string
	for line := range strings.Lines(rest) {
		keyword, values, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var err error
		switch keyword {
		case "restart":
			_, err = fmt.Sscanf(values, "%d", &r.Number)
		case "at":
			at = values
			r.At, err = time.Parse(time.RFC3339, at)
		case "place":
			_, err = fmt.Sscanf(values, "%s timeline %d", &r.Place, &r.Timeline)
		case "lost":
			r.Lost = &Tree{}
			_, err = fmt.Sscanf(values, "%d %s", &r.Lost.Size, &root)
			err = errors.Join(err, decodeHash(root, &r.Lost.Root))
		case "kept":
			r.Kept = &Tree{}
			_, err = fmt.Sscanf(values, "%d %s", &r.Kept.Size, &keptRoot)
			err = errors.Join(err, decodeHash(keptRoot, &r.Kept.Root))
		case "log_ids":
			r.LogIDs = &LogIDs{}
			_, err = fmt.Sscanf(values, "%d %d", &r.LogIDs.Lowest, &r.LogIDs.Highest)
		default:
			err = errors.New("it is not known")
		}
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", strings.TrimSuffix(line, "\n"), err)
		}
	}
	if (r.Lost == nil) != (r.Kept == nil) || r.Lost != nil && (r.Kept.Size < 0 || r.Kept.Size >= r.Lost.Size) ||
		r.LogIDs != nil && r.LogIDs.Lowest > r.LogIDs.Highest || r.text(origin) != text {
		return nil, errors.New("it does not say what a restart says")
	}
	return r, nil
}

func decodeHash(text string, hash *tlog.Hash) error {
	octets, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(octets) != tlog.HashSize {
		return errors.New("there is no hash")
	}
	*hash = tlog.Hash(octets)
	return nil
}

// readRestarts reads the restarts that a directory was told of, in order. A wrong signature is a finding.
func (h *Heads) readRestarts() error {
	path := filepath.Join(h.Directory, restartsFile)
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
		restart, err := parseRestart(opened.Text)
		if err != nil || !strings.HasPrefix(opened.Text, opened.Sigs[0].Name+"\n") {
			return &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s has a note that is none of a restart: %v", path, err)}}
		}
		if restart.Number != int64(len(h.Restarts))+1 {
			return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf("%s has restart %d where %d is expected", path, restart.Number, len(h.Restarts)+1)}}
		}
		h.Restarts = append(h.Restarts, restart)
	}
	return nil
}

// addRestart keeps a restart, on disk when it returns.
func (h *Heads) addRestart(restart *Restart, key *Key) error {
	signed, err := note.Sign(&note.Note{Text: restart.text(key.signer.Name())}, key.signer)
	if err != nil {
		return err
	}
	path := filepath.Join(h.Directory, restartsFile)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := replaceFile(path, append(before, signed...)); err != nil {
		return err
	}
	h.Restarts = append(h.Restarts, restart)
	return nil
}

// endOf gives up to which leaf what was signed after so many restarts still holds, and the restart that says so; nil where
// all of it does.
func (h *Heads) endOf(restarts int64) (end int64, restart *Restart) {
	for _, one := range h.Restarts {
		if one.Number > restarts && one.Kept != nil && (restart == nil || one.Kept.Size < end) {
			end, restart = one.Kept.Size, one
		}
	}
	return end, restart
}

// lostBy is the restart that gave a head up; nil where it stands.
func (h *Heads) lostBy(head *Head) *Restart {
	if end, restart := h.endOf(head.Restart); restart != nil && head.Size > end {
		return restart
	}
	return nil
}

// LostBy is the restart that the log went on after without the entry of a proof; nil where there is none.
func (h *Heads) LostBy(proof *Proof) *Restart {
	if end, restart := h.endOf(proof.head.Restart); restart != nil && proof.Inclusion.LeafNumber >= end {
		return restart
	}
	return nil
}

// aboutLogID says that a restart may have lost an entry; empty where none has.
func (h *Heads) aboutLogID(logID int64) string {
	for _, one := range h.Restarts {
		if one.LogIDs != nil && logID >= one.LogIDs.Lowest && logID <= one.LogIDs.Highest {
			return fmt.Sprintf("; restart %d lost entries from %d to %d", one.Number, one.LogIDs.Lowest, one.LogIDs.Highest)
		}
	}
	return ""
}

// standing gives every head of the directory that no restart gave up, by size.
func (h *Heads) standing() ([]*Head, error) {
	heads, err := h.all()
	return slices.DeleteFunc(heads, func(head *Head) bool { return h.lostBy(head) != nil }), err
}

// references are the heads that the tree has to continue: the newest one. Where a restart gave that up, it is what the
// restart kept; and, since this directory may know another history than who signed that, the newest of its own that stands.
func (h *Heads) references() ([]*Head, error) {
	if h.Latest == nil {
		return nil, nil
	}
	restart := h.lostBy(h.Latest)
	if restart == nil {
		return []*Head{h.Latest}, nil
	}
	references := []*Head{{Origin: h.Latest.Origin, Size: restart.Kept.Size, Root: restart.Kept.Root, Restart: restart.Number}}
	own, err := h.standing()
	if err != nil || len(own) == 0 {
		return references, err
	}
	return append(references, own[len(own)-1]), nil
}

// continuedBy refuses where a tree of so many leaves does not continue what this directory has.
func (h *Heads) continuedBy(size int64, reader tlog.HashReader) error {
	references, err := h.references()
	if err != nil {
		return err
	}
	for _, reference := range references {
		if err := continues(reference, size, reader); err != nil {
			return h.withLogIDs(err, size)
		}
	}
	return nil
}

// withLogIDs adds to a finding where the log ids lie of the leaves that are missing.
func (h *Heads) withLogIDs(failure error, size int64) error {
	tampered := (*TamperedError)(nil)
	if !errors.As(failure, &tampered) || tampered.Finding.Kind != EntryMissing {
		return failure
	}
	lost, err := h.logIDsBehind(size)
	if err != nil {
		return err
	}
	tampered.Finding.LogIDs = lost
	return failure
}

// logIDsBehind is where the log ids lie of what was signed and stands behind so many leaves; nil where no head says it.
func (h *Heads) logIDsBehind(size int64) (*LogIDs, error) {
	heads, err := h.standing()
	if err != nil {
		return nil, err
	}
	var all *LogIDs
	for _, head := range heads {
		if head.Size <= size || head.LogIDs == nil {
			continue
		}
		if all == nil {
			all = &LogIDs{head.LogIDs.Lowest, head.LogIDs.Highest}
		}
		all.Lowest, all.Highest = min(all.Lowest, head.LogIDs.Lowest), max(all.Highest, head.LogIDs.Highest)
	}
	return all, nil
}

// ErrNothingLost is returned by Restart where the log goes on without one.
var ErrNothingLost = errors.New("nothing was lost: the tree in the database continues the newest head")

// Restart signs that the log goes on although its tree does not continue the newest head in Heads, or that Heads begins beside
// a tree that was sealed before; then it seals. It gives what it signed, or what was signed before and is not sealed yet.
func (s *Sealer) Restart(ctx context.Context, connection *pgx.Conn) (restart *Restart, entries int64, err error) {
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		queries := query.New(tx)
		begun, err := queries.BeginSealing(ctx, s.Timeline, s.Database)
		if err != nil {
			return err
		}
		if err := s.openHeadsAgain(); err != nil {
			return err
		}
		reader := readHashes(ctx, queries)
		if s.interrupted() && s.Heads.continuedBy(begun.TreeSize, reader) == nil {
			restart = s.Heads.Restarts[len(s.Heads.Restarts)-1]
			return nil
		}
		if restart, err = s.decide(ctx, queries, begun.TreeSize, reader); err != nil {
			return err
		}
		var lowest, highest *int64
		if restart.LogIDs != nil {
			lowest, highest = &restart.LogIDs.Lowest, &restart.LogIDs.Highest
		}
		here, err := queries.RestartLog(ctx, lowest, highest)
		if err != nil {
			return err
		}
		restart.Place, restart.Timeline, restart.Reused = here.Place, here.Timeline, here.Reused
		if err := s.Heads.admit(s.Key); err != nil {
			return err
		}
		return s.Heads.addRestart(restart, s.Key)
	})
	if err != nil {
		return nil, 0, busy(err)
	}
	entries, err = s.Seal(ctx, connection)
	return restart, entries, err
}

// PlanRestart gives what Restart would sign, but for the place, and changes nothing.
func (s *Sealer) PlanRestart(ctx context.Context, connection *pgx.Conn) (restart *Restart, err error) {
	tx, err := connection.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	queries := query.New(tx)
	begun, err := queries.BeginSealing(ctx, s.Timeline, s.Database)
	if err != nil {
		return nil, busy(err)
	}
	return s.decide(ctx, queries, begun.TreeSize, readHashes(ctx, queries))
}

// interrupted tells whether a restart was signed and no head has followed it: then that head is all that is left to do.
func (s *Sealer) interrupted() bool {
	signed := int64(0)
	if s.Heads.Latest != nil {
		signed = s.Heads.Latest.Restart
	}
	return int64(len(s.Heads.Restarts)) > signed
}

// decide finds what a restart has to say.
func (s *Sealer) decide(ctx context.Context, queries *query.Queries, size int64, reader tlog.HashReader) (*Restart, error) {
	restart := &Restart{Number: int64(len(s.Heads.Restarts)) + 1, At: time.Now().UTC().Truncate(time.Second)}
	inside, err := queries.LatestHead(ctx)
	if s.Heads.Latest == nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, ErrNothingLost
		}
		if err != nil {
			return nil, err
		}
		return restart, s.refuseKnownKey(ctx, queries)
	}
	if err == nil {
		err = s.compareInside(inside)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	err = s.Heads.continuedBy(size, reader)
	if tampered := (*TamperedError)(nil); err == nil {
		return nil, ErrNothingLost
	} else if !errors.As(err, &tampered) {
		return nil, err
	}
	kept, err := s.Heads.newestIn(reader)
	if err != nil {
		return nil, err
	}
	restart.Lost, restart.Kept = &Tree{s.Heads.Latest.Size, s.Heads.Latest.Root}, kept
	restart.LogIDs, err = s.Heads.logIDsBehind(kept.Size)
	return restart, err
}

// newestIn is the newest head that a tree leads to; that of no leaf where it leads to none.
func (h *Heads) newestIn(reader tlog.HashReader) (*Tree, error) {
	heads, err := h.standing()
	if err != nil {
		return nil, err
	}
	first, err := firstNotIn(heads, reader)
	if err != nil {
		return nil, err
	}
	if first == 0 {
		root, err := tlog.TreeHash(0, reader)
		return &Tree{0, root}, err
	}
	return &Tree{heads[first-1].Size, heads[first-1].Root}, nil
}

// firstNotIn is the index of the first head that a tree does not lead to. Once a tree differs it does so for ever, so it can be
// searched for.
func firstNotIn(heads []*Head, reader tlog.HashReader) (int, error) {
	var failure error
	first, _ := slices.BinarySearchFunc(heads, true, func(one *Head, _ bool) int {
		root, err := tlog.TreeHash(one.Size, reader)
		if tampered := (*TamperedError)(nil); err != nil && !errors.As(err, &tampered) {
			failure = err
		}
		if err == nil && root == one.Root {
			return -1
		}
		return 1
	})
	return first, failure
}
