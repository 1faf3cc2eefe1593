package seal

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/internal/administrator"
	"github.com/posternsql/postern/internal/query"
)

// dropsFile is a file in a directory of heads. It holds one signed note after the other, each saying which entries were
// dropped.
const dropsFile = "dropped"

// dropsLine is the second line of such a note. The second line of a head is a number, so neither can be mistaken for
// the other.
const dropsLine = "dropped leaves"

// Dropped is what Drop did.
type Dropped struct {
	Entries int64
	// Months (UTC) are the months that were dropped, oldest first, such as 2026-01.
	Months []string
	// Kept are the months before the given time that were not dropped.
	Kept []KeptMonth
}

// KeptMonth is a month of the log that must not be dropped.
type KeptMonth struct {
	Month  string // such as 2026-01; default stands for entries of months without a partition
	Reason string
}

// Drop removes the months of the log that end by a time. It removes a month only if all its entries are sealed,
// exported with proofs, and unchanged. It signs in every directory which leaves were dropped, so that Verify does not
// report them as missing. If others use the log, it tries again until the timeout, and never makes them wait for more
// than a moment.
func Drop(ctx context.Context, connection *pgx.Conn, key *Key, directories []*Heads, before time.Time, timeout time.Duration) (done Dropped, err error) {
	// Entries in the default partition can be dropped only together with the partition of their month.
	if _, err := query.New(connection).CreateLogPartitions(ctx); err != nil {
		return Dropped{}, err
	}
	err = administrator.Transaction(ctx, connection, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		done = Dropped{}
		rows, err := query.New(tx).DropLog(ctx, before, timeout.Seconds())
		if err != nil {
			return err
		}
		// Nothing is signed that nobody has approved.
		if err := administrator.Judge(ctx, tx); err != nil {
			return err
		}
		// Admit the key only now, because a copy must not leave its key in a directory that another database uses.
		for _, heads := range directories {
			if err := heads.admit(key); err != nil {
				return err
			}
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s\n%s\n", key.signer.Name(), dropsLine)
		// After a later restart, other entries get the numbers of lost leaves. The number of the restart keeps this note
		// from covering them.
		if restarts := len(directories[0].Restarts); restarts > 0 {
			fmt.Fprintf(&text, "restart %d\n", restarts)
		}
		for _, row := range rows {
			if row.Reason != "" {
				done.Kept = append(done.Kept, KeptMonth{row.Month, row.Reason})
				continue
			}
			if len(done.Months) == 0 || done.Months[len(done.Months)-1] != row.Month {
				done.Months = append(done.Months, row.Month)
			}
			if row.FirstLeaf >= 0 {
				fmt.Fprintf(&text, "%d %d\n", row.FirstLeaf, row.LastLeaf)
				done.Entries += row.LastLeaf - row.FirstLeaf + 1
			}
		}
		if done.Entries == 0 {
			return nil
		}
		signed, err := note.Sign(&note.Note{Text: text.String()}, key.signer)
		if err != nil {
			return err
		}
		// Sign before the commit. Verify accepts a dropped entry that is still there, but not a missing entry without a
		// signed note.
		for _, heads := range directories {
			if err := appendNote(filepath.Join(heads.Directory, dropsFile), string(signed)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Dropped{}, err
	}
	return done, nil
}

// dropped are ranges of leaves whose entries were dropped.
type dropped []leafRange

func (d dropped) has(leafNumber int64) bool {
	for _, one := range d {
		if leafNumber >= one.first && leafNumber <= one.last {
			return true
		}
	}
	return false
}

// dropped reads which entries were dropped.
func (h *Heads) dropped() (all dropped, err error) {
	return all, h.notes(dropsFile, dropsLine, math.MaxInt64, func(_ string, lines []string, kept int64) error {
		for _, line := range lines {
			var stretch leafRange
			if _, err := fmt.Sscanf(line, "%d %d", &stretch.first, &stretch.last); err != nil || fmt.Sprintf("%d %d", stretch.first, stretch.last) != line {
				return fmt.Errorf("%q is not the first and the last leaf of a range", line)
			}
			stretch.last = min(stretch.last, kept-1)
			all = append(all, stretch)
		}
		return nil
	})
}
