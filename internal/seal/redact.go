package seal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/posternsql/postern/internal/administrator"
	"github.com/posternsql/postern/internal/query"
)

// redactionsFile is a file in a directory of heads. It holds one signed note after the other, each saying which fields
// of which leaves were redacted.
const redactionsFile = "redacted"

// redactionsLine is the second line of such a note.
const redactionsLine = "redacted leaves"

// Redaction says whose entries to redact, and why.
type Redaction struct {
	UserID, Reason string
	// KeepContent keeps messages and parameters of business.
	KeepContent bool
	// OnProgress receives the number of entries redacted so far; it may be nil.
	OnProgress func(entries int64)
}

// Redacted is what Redact did.
type Redacted struct {
	Entries int64 `json:"entries"`
	// Records are the log_ids of the entries that record it.
	Records []int64 `json:"records"`
}

// Redact removes the personal fields of one person from the sealed entries of the log, in batches. It signs in every
// directory what was removed, so that Verify does not report it.
func (r *Redaction) Redact(ctx context.Context, connection *pgx.Conn, key *Key, directories []*Heads) (done Redacted, err error) {
	for {
		var entries int64
		err := administrator.Transaction(ctx, connection, pgx.TxOptions{}, func(tx pgx.Tx) error {
			entries = 0
			rows, err := query.New(tx).RedactLog(ctx, r.UserID, r.Reason, r.KeepContent)
			if err != nil || len(rows) == 0 {
				return err
			}
			// Nothing is signed that nobody has approved.
			if err := administrator.Judge(ctx, tx); err != nil {
				return err
			}
			text := r.note(key, directories[0], rows)
			signed, err := note.Sign(&note.Note{Text: text}, key.signer)
			if err != nil {
				return err
			}
			// Sign before the commit, as Drop does: what is signed and not yet removed can be redacted again.
			for _, heads := range directories {
				if err := heads.admit(key); err != nil {
					return err
				}
				if err := appendNote(filepath.Join(heads.Directory, redactionsFile), string(signed)); err != nil {
					return err
				}
			}
			for _, row := range rows {
				entries += row.LastLeaf - row.FirstLeaf + 1
			}
			done.Records = append(done.Records, rows[0].Recorded)
			return nil
		})
		if err != nil || entries == 0 {
			return done, err
		}
		done.Entries += entries
		if r.OnProgress != nil {
			r.OnProgress(done.Entries)
		}
	}
}

func (r *Redaction) note(key *Key, heads *Heads, rows []query.RedactLogRow) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n%s\n", key.signer.Name(), redactionsLine)
	// After a later restart, other entries get the numbers of lost leaves.
	if restarts := len(heads.Restarts); restarts > 0 {
		fmt.Fprintf(&text, "restart %d\n", restarts)
	}
	fmt.Fprintf(&text, "record %d\n", rows[0].Recorded)
	for _, row := range rows {
		names := make([]string, len(row.Fields))
		for index, number := range row.Fields {
			names[index] = fields[number-1].salted
		}
		fmt.Fprintf(&text, "%d %d %s\n", row.FirstLeaf, row.LastLeaf, strings.Join(names, ","))
	}
	return text.String()
}

// redactions are the signed redactions of a directory.
type redactions struct {
	// byRecord has the leaves from which a field was removed, by the log_id of the record and by the field.
	byRecord map[recordedField]leafRanges
	// byField has the same by whichever record.
	byField map[string]leafRanges
	// origins are the logs whose keys have signed the notes.
	origins map[string]bool
}

type recordedField struct {
	record int64
	field  string
}

// leafRanges are ranges of leaves in order that do not overlap.
type leafRanges []leafRange

func (r leafRanges) has(leafNumber int64) bool {
	index, _ := slices.BinarySearchFunc(r, leafNumber, func(one leafRange, leafNumber int64) int {
		if one.last < leafNumber {
			return -1
		}
		return 1
	})
	return index < len(r) && r[index].first <= leafNumber
}

// missing returns the fields of an entry that no signed note allows to be missing.
func (r *redactions) missing(leafNumber int64, redacted map[string]int64) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(redacted)) {
		if !r.byRecord[recordedField{redacted[name], name}].has(leafNumber) {
			names = append(names, name)
		}
	}
	return names
}

// returned returns the fields of an entry that a signed note says are removed, and that have values.
func (r *redactions) returned(leafNumber int64, redacted map[string]int64) (names []string) {
	for _, field := range fields {
		if name := field.salted; name != "" && redacted[name] == 0 && r.byField[name].has(leafNumber) {
			names = append(names, name)
		}
	}
	return names
}

// redactions reads what was redacted by the given number of restarts, as far as no restart until then gave it up.
func (h *Heads) redactions(restarts int64) (*redactions, error) {
	all := &redactions{map[recordedField]leafRanges{}, map[string]leafRanges{}, map[string]bool{}}
	err := h.notes(redactionsFile, redactionsLine, restarts, func(origin string, lines []string, kept int64) error {
		all.origins[origin] = true
		keyword, number, _ := strings.Cut(lines[0], " ")
		record, err := strconv.ParseInt(number, 10, 64)
		if keyword != "record" || err != nil {
			return fmt.Errorf("%q is not the number of a record", lines[0])
		}
		for _, line := range lines[1:] {
			var one leafRange
			var names string
			if _, err := fmt.Sscanf(line, "%d %d %s", &one.first, &one.last, &names); err != nil || fmt.Sprintf("%d %d %s", one.first, one.last, names) != line {
				return fmt.Errorf("%q is not the first and the last leaf of a range, and the fields that were redacted", line)
			}
			if one.last = min(one.last, kept-1); one.first > one.last {
				continue
			}
			for name := range strings.SplitSeq(names, ",") {
				of := recordedField{record, name}
				all.byRecord[of] = append(all.byRecord[of], one)
				all.byField[name] = append(all.byField[name], one)
			}
		}
		return nil
	})
	for of, ranges := range all.byRecord {
		all.byRecord[of] = ranges.merged()
	}
	for name, ranges := range all.byField {
		all.byField[name] = ranges.merged()
	}
	return all, err
}

// merged returns the same leaves as ranges in order that do not overlap.
func (r leafRanges) merged() leafRanges {
	slices.SortFunc(r, func(a, b leafRange) int { return cmp.Compare(a.first, b.first) })
	merged := r[:1]
	for _, one := range r[1:] {
		if last := &merged[len(merged)-1]; one.first <= last.last+1 {
			last.last = max(last.last, one.last)
		} else {
			merged = append(merged, one)
		}
	}
	return merged
}
