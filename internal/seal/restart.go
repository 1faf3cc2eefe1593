package seal

import (
	"cmp"
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

// restartsFile is a file in a directory of heads. It holds one signed note after the other, one per restart.
const restartsFile = "restarts"

// AboutRestarts is the page that tells an operator what to do about a log whose end was lost.
const AboutRestarts = "docs/log-restart.md"

// Restart says that the log goes on although a signed head was lost. It also records that a new directory begins beside
// a tree that was sealed before. It is signed, later heads refer to it, and Verify always reports it.
type Restart struct {
	// Number counts the restarts of a directory, from 1.
	Number int64 `json:"restart"`
	// At is the time of the signature, by the clock of the machine with the key.
	At time.Time `json:"at"`
	// Place names the cluster, the database and the table of the log that goes on, in the same form as errors do. Timeline
	// is the timeline of that cluster.
	Place    string `json:"place"`
	Timeline int64  `json:"timeline"`
	// Lost is the newest head before the restart. Kept is the newest earlier head that the tree still led to. Both are nil
	// if a directory begins.
	Lost *Tree `json:"lost,omitempty"`
	Kept *Tree `json:"kept,omitempty"`
	// LogIDs is the range that holds the log IDs of the lost entries; nil if it is unknown.
	LogIDs *LogIDs `json:"log_ids,omitempty"`
	// Reused is how many entries already had a log ID from LogIDs at the time of the signature. The signature does not
	// cover it.
	Reused int64 `json:"-"`
}

// Tree is the number of its leaves and their root.
type Tree struct {
	Size int64     `json:"tree_size"`
	Root tlog.Hash `json:"root"`
}

func (t *Tree) String() string {
	return fmt.Sprintf("%d %s", t.Size, base64.StdEncoding.EncodeToString(t.Root[:]))
}

// LogIDs is a range of log IDs. It contains all the log IDs in question, and may contain others.
type LogIDs struct {
	Lowest  int64 `json:"lowest"`
	Highest int64 `json:"highest"`
}

// text is the signed text. The second line of a head is a number, and that of a note of dropped leaves has other words.
// No signed text can therefore be mistaken for another.
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

// parseRestart reads exactly the format that text writes.
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

// readRestarts reads the restarts recorded in the directory, in order. A wrong signature is a finding.
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
			return &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s has a note that is not one of a restart: %v", path, err)}}
		}
		if restart.Number != int64(len(h.Restarts))+1 {
			return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf("%s has restart %d where %d is expected", path, restart.Number, len(h.Restarts)+1)}}
		}
		h.Restarts = append(h.Restarts, restart)
	}
	return nil
}

// addRestart stores a restart. The restart is on disk when addRestart returns.
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

// lossesSince returns the restarts after the given number of restarts that gave something up.
func (h *Heads) lossesSince(restarts int64) (losses []*Restart) {
	for _, one := range h.Restarts {
		if one.Number > restarts && one.Lost != nil {
			losses = append(losses, one)
		}
	}
	return losses
}

// keptSince returns how much still holds of what was signed after the given number of restarts: the smallest tree that
// a later one kept. It is nil if everything holds.
func (h *Heads) keptSince(restarts int64) *Tree {
	losses := h.lossesSince(restarts)
	if len(losses) == 0 {
		return nil
	}
	return slices.MinFunc(losses, func(a, b *Restart) int { return cmp.Compare(a.Kept.Size, b.Kept.Size) }).Kept
}

// firstLoss returns the first restart after the given number of restarts that kept fewer leaves than this. A later one
// may have kept even less, but the leaf was lost already. It is nil if there is none.
func (h *Heads) firstLoss(leaves, restarts int64) *Restart {
	for _, one := range h.lossesSince(restarts) {
		if one.Kept.Size < leaves {
			return one
		}
	}
	return nil
}

// lostBy returns the restart that gave up a head; nil if the head still holds.
func (h *Heads) lostBy(head *Head) *Restart { return h.firstLoss(head.Size, head.Restart) }

// LostBy returns the restart that gave up the entry of a proof; nil if there is none.
func (h *Heads) LostBy(proof *Proof) *Restart {
	return h.firstLoss(proof.Inclusion.LeafNumber+1, proof.head.Restart)
}

// aboutLogID says which restart may have lost an entry; it is empty if none has.
func (h *Heads) aboutLogID(logID int64) string {
	for _, one := range h.Restarts {
		if one.LogIDs != nil && logID >= one.LogIDs.Lowest && logID <= one.LogIDs.Highest {
			return fmt.Sprintf("; restart %d lost entries from %d to %d", one.Number, one.LogIDs.Lowest, one.LogIDs.Highest)
		}
	}
	return ""
}

// standing returns the heads of the directory that no restart gave up, sorted by size.
func (h *Heads) standing() ([]*Head, error) {
	heads, err := h.all()
	return slices.DeleteFunc(heads, func(head *Head) bool { return h.lostBy(head) != nil }), err
}

// references are the heads that the tree must continue. Usually this is the newest head. If a restart gave that up, it
// is the tree that the restart kept, and also the newest head of this directory that still holds. Both count, because
// the restart may have been signed with another directory, which knew another history.
func (h *Heads) references() ([]*Head, error) {
	if h.Latest == nil {
		return nil, nil
	}
	if h.lostBy(h.Latest) == nil {
		return []*Head{h.Latest}, nil
	}
	kept := h.keptSince(h.Latest.Restart)
	references := []*Head{{Size: kept.Size, Root: kept.Root}}
	own, err := h.standing()
	if err != nil || len(own) == 0 {
		return references, err
	}
	return append(references, own[len(own)-1]), nil
}

// continuedBy returns an error if a tree of this size does not continue the heads of this directory.
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

// withLogIDs adds the range of the missing leaves' log IDs to a finding.
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

// logIDsBehind returns the range of log IDs of the leaves behind this size that were signed and still hold. It is nil
// if no head tells.
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

// ErrNothingLost is returned by Restart if the log can go on without a restart.
var ErrNothingLost = errors.New("nothing was lost: the tree in the database continues the newest head")

// Restart signs that the log goes on although its tree does not continue the newest head in Heads. It also signs that
// Heads begins beside a tree that was sealed before. Then it seals. It returns the restart that it signed, or one
// signed before that is not sealed yet.
func (s *Sealer) Restart(ctx context.Context, connection *pgx.Conn) (restart *Restart, entries int64, err error) {
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		queries := query.New(tx)
		begun, err := s.begin(ctx, queries)
		if err != nil {
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

// PlanRestart returns what Restart would sign, except the place. It changes nothing.
func (s *Sealer) PlanRestart(ctx context.Context, connection *pgx.Conn) (restart *Restart, err error) {
	tx, err := connection.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	queries := query.New(tx)
	begun, err := s.begin(ctx, queries)
	if err != nil {
		return nil, busy(err)
	}
	return s.decide(ctx, queries, begun.TreeSize, readHashes(ctx, queries))
}

// interrupted reports whether a restart was signed but no head has followed it. Then only that head is left to make.
func (s *Sealer) interrupted() bool {
	signed := int64(0)
	if s.Heads.Latest != nil {
		signed = s.Heads.Latest.Restart
	}
	return int64(len(s.Heads.Restarts)) > signed
}

// decide determines the content of a restart.
func (s *Sealer) decide(ctx context.Context, queries *query.Queries, size int64, reader tlog.HashReader) (*Restart, error) {
	restart := &Restart{Number: int64(len(s.Heads.Restarts)) + 1, At: time.Now().UTC().Truncate(time.Second)}
	inside, err := queries.LatestHead(ctx)
	if s.Heads.Latest == nil {
		// A restart has begun this directory, and only its first head is missing.
		if errors.Is(err, pgx.ErrNoRows) || err == nil && len(s.Heads.Restarts) > 0 {
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

// newestIn returns the newest head that a tree leads to, or an empty tree if it leads to none.
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

// firstNotIn returns the index of the first head that a tree does not lead to. Binary search finds it, because a tree
// that differs from one head also differs from all later heads.
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
