package seal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/db"
)

// dropsFile is the file of a directory of heads that says, signed, which entries were dropped: one note after the other.
const dropsFile = "dropped"

// dropsLine is the second line of such a note. A head has a number there, so neither can be taken for the other.
const dropsLine = "dropped leaves"

// Drop removes the entries of the log before a time that are sealed, exported with proofs and unchanged, and signs in
// every directory which leaves they were: from then on Verify does not miss them. It returns their number.
func Drop(ctx context.Context, connection *pgx.Conn, key *Key, directories []*Heads, before time.Time) (entries int64, err error) {
	for _, heads := range directories {
		if err := heads.admit(key); err != nil {
			return 0, err
		}
	}
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		stretches, err := db.New(tx).DropLog(ctx, before)
		if err != nil || len(stretches) == 0 {
			return err
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s\n%s\n", key.signer.Name(), dropsLine)
		for _, stretch := range stretches {
			fmt.Fprintf(&text, "%d %d\n", stretch.FirstLeaf, stretch.LastLeaf)
			entries += stretch.LastLeaf - stretch.FirstLeaf + 1
		}
		signed, err := note.Sign(&note.Note{Text: text.String()}, key.signer)
		if err != nil {
			return err
		}
		// Before the commit: an entry that is there although it was said to be dropped is no finding.
		for _, heads := range directories {
			if err := appendNote(filepath.Join(heads.Directory, dropsFile), string(signed)); err != nil {
				return err
			}
		}
		return nil
	})
	return entries, err
}

// dropped are the leaves whose entries were dropped.
type dropped []leafRange

func (d dropped) has(leafNumber int64) bool {
	for _, one := range d {
		if leafNumber >= one.first && leafNumber <= one.last {
			return true
		}
	}
	return false
}

// dropped reads what was dropped. What a crash has left half written is passed over; a wrong signature is not.
func (h *Heads) dropped() (dropped, error) {
	path := filepath.Join(h.Directory, dropsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all dropped
	for _, one := range splitNotes(string(text)) {
		opened, err := note.Open([]byte(one), h.verifiers)
		if err != nil {
			return nil, &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s: %v", path, err)}}
		}
		lines := strings.Split(strings.TrimSuffix(opened.Text, "\n"), "\n")
		if len(lines) < 2 || lines[1] != dropsLine || lines[0] != opened.Sigs[0].Name {
			return nil, &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("%s has a note that does not say what was dropped", path)}}
		}
		for _, line := range lines[2:] {
			var stretch leafRange
			if _, err := fmt.Sscanf(line, "%d %d", &stretch.first, &stretch.last); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", path, line, err)
			}
			all = append(all, stretch)
		}
	}
	return all, nil
}
